package cfchat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// labelled is a conversation or a contact whose labels are read and set.
type labelled struct {
	core *core
	id   int64
	opts []CallOption

	readCall, setCall typedCall[LabelNames]

	reading func(server string) (*http.Request, error)
	setting func(server string, body SetLabelsRequest) (*http.Request, error)
}

// read gets the labels.
func (l *labelled) read(ctx context.Context) ([]string, error) {
	var input refusal
	input.id("id", l.id)
	names, err := l.readCall.run(ctx, l.core, input, l.opts, l.reading)
	if err != nil {
		return nil, err
	}
	return names.Payload, nil
}

// set makes these the labels, in its turn: no other call of the Chat sets what it read before. An empty list is sent as one,
// because nil would go as null.
func (l *labelled) set(ctx context.Context, labels []string, input refusal) ([]string, error) {
	done, err := l.turn(ctx, input)
	if err != nil {
		return nil, err
	}
	defer done()
	return l.store(ctx, append([]string{}, labels...))
}

// store makes these the labels. The answer must have them, and no other: the servers say 200 too where they have read the list
// in another way.
func (l *labelled) store(ctx context.Context, labels []string) ([]string, error) {
	asAsked := func(n *LabelNames) *chain.Failure {
		if len(withoutLabels(labels, n.Payload))+len(withoutLabels(n.Payload, labels)) == 0 {
			return nil
		}
		err := fmt.Errorf("the labels are %q, where %q were asked for", n.Payload, labels)
		return &chain.Failure{Cause: err, Rejected: true}
	}
	names, err := l.setCall.accepting(asAsked).run(ctx, l.core, refusal{}, l.opts, func(server string) (*http.Request, error) {
		return l.setting(server, SetLabelsRequest{Labels: labels})
	})
	if err != nil {
		return nil, err
	}
	return names.Payload, nil
}

// change reads the labels, sets what change makes of them, and reads them again: the server has no call that adds or removes
// one. What change leaves as it is, is not set. It returns the labels as they were seen last, with an error too.
func (l *labelled) change(ctx context.Context, labels []string, change func(now, labels []string) []string) ([]string, error) {
	var input refusal
	input.labelSet("labels", labels)
	done, err := l.turn(ctx, input)
	if err != nil {
		return nil, err
	}
	defer done()
	now, err := l.read(ctx)
	if err != nil {
		return nil, err
	}
	next := change(now, labels)
	if len(next) == len(now) {
		return now, nil
	}
	if i := slices.IndexFunc(next, isMisread); i >= 0 {
		return now, errorOf(l.call(), new(chain.Failure)).notSent(fmt.Sprintf(
			"it has the label %q, of which a comma, or a quote in front, would be read as punctuation; rename or take it off first", next[i]))
	}
	set, err := l.store(ctx, next)
	failed, _ := errors.AsType[*Error](err)
	if failed != nil && (!failed.Is(ErrUnknownOutcome) || ctx.Err() != nil) {
		return now, err
	}
	then, err := l.read(ctx)
	switch {
	case err == nil && len(change(then, labels)) == len(then): // of a set that failed too
		return then, nil
	case failed != nil && err != nil:
		return now, failed.with(fmt.Sprintf("and looking for it failed: %v", err))
	case failed != nil:
		return then, failed
	case err != nil:
		looked, _ := errors.AsType[*Error](err)
		return set, looked.with(fmt.Sprintf("the labels were set to %q, and whether they stayed so is not known", set))
	}
	lost := fmt.Errorf("the labels were set to %q, and are %q now; call again", next, then)
	return then, errorOf(l.call(), &chain.Failure{Cause: lost, Overwritten: true})
}

// turn waits until no other call of the Chat changes the labels, and refuses what must not be sent. Others wait until done
// is called.
func (l *labelled) turn(ctx context.Context, input refusal) (done func(), err error) {
	input.id("id", l.id)
	optionsOf(l.opts, &input)
	l.core.check(ctx, &input)
	if err := input.err(l.call()); err != nil {
		return nil, err
	}
	key := turnKey{conversationKey: conversationKey{l.core.id, l.id}, sets: l.setCall.operation}
	_, done, err = l.core.turn(ctx, key, l.call())
	return done, err
}

// call returns the call that sets.
func (l *labelled) call() *chain.Call {
	return l.setCall.call(l.core)
}

// withLabels returns labels with others that are not among them yet.
func withLabels(now, labels []string) []string {
	next := slices.Clone(now)
	for _, label := range labels {
		if !hasLabel(next, label) {
			next = append(next, label)
		}
	}
	return next
}

// withoutLabels returns the labels that are not among others.
func withoutLabels(now, labels []string) []string {
	return slices.DeleteFunc(slices.Clone(now), func(label string) bool { return hasLabel(labels, label) })
}

// hasLabel reports whether a label is among some, in any case: a server may have written it otherwise before.
func hasLabel(labels []string, label string) bool {
	return slices.ContainsFunc(labels, func(each string) bool { return strings.EqualFold(each, label) })
}

// labelSet refuses no labels, and those that the server would read as others.
func (r *refusal) labelSet(field string, labels []string) {
	if len(labels) == 0 {
		r.add(field, "there are none; ClearLabels takes all away")
	}
	for i, label := range labels {
		field := fmt.Sprintf("%s[%d]", field, i)
		switch {
		case strings.TrimSpace(label) != label || label == "":
			r.add(field, "%q is empty or has blanks around it; trim it, or leave it out", label)
		case isMisread(label):
			r.add(field, "%q has a comma, or a quote in front, which the server reads as punctuation; give each label by itself", label)
		}
		r.text(field, label)
	}
}

func checkLabelNames(l *LabelNames, _ []byte) error {
	if l.Payload == nil {
		return errors.New("there is no payload")
	}
	return nil
}
