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
	done, err := l.core.turnToSet(ctx, l.id, l.call(), input, l.opts)
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
	done, err := l.core.turnToSet(ctx, l.id, l.call(), input, l.opts)
	if err != nil {
		return nil, err
	}
	defer done()
	return amendment[[]string]{
		call: l.call(), read: l.read, set: l.store,
		next: func(now []string) ([]string, bool) {
			next := change(now, labels)
			return next, len(next) != len(now)
		},
		bars: func(next []string) string {
			if i := slices.IndexFunc(next, isMisread); i >= 0 {
				return fmt.Sprintf("it has the label %q, of which a comma, or a quote in front, would be read as punctuation; rename or take it off first", next[i])
			}
			return ""
		},
		left: func(set []string) string {
			return fmt.Sprintf("the labels were set to %q, and whether they stayed so is not known", set)
		},
		lost: func(next, then []string) error {
			return fmt.Errorf("the labels were set to %q, and are %q now; call again", next, then)
		},
	}.amend(ctx)
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
