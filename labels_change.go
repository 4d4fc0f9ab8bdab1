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

// labelled is a conversation or a contact, to read and set its labels.
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

// set replaces the labels, in its turn: no other call of the Chat sets what it read before.
func (l *labelled) set(ctx context.Context, labels []string, input refusal) ([]string, error) {
	done, err := l.core.turnToSet(ctx, l.id, l.call(), input, l.opts)
	if err != nil {
		return nil, err
	}
	defer done()
	now, err := l.store(ctx, labels)
	if now == nil {
		return nil, err
	}
	return *now, err
}

// store replaces the labels. The answer must have exactly these: servers answer 200 even if they have read the list in
// another way, and then it also returns the answer's labels. An empty list is sent as such, because nil would be sent as
// null.
func (l *labelled) store(ctx context.Context, labels []string) (now *[]string, err error) {
	asAsked := func(n *LabelNames) *chain.Failure {
		now = &n.Payload
		if len(withoutLabels(labels, n.Payload))+len(withoutLabels(n.Payload, labels)) == 0 {
			return nil
		}
		err := fmt.Errorf("the labels are %s, but %s were requested", inShort(n.Payload), inShort(labels))
		return &chain.Failure{Cause: err, Rejected: true}
	}
	_, err = l.setCall.accepting(asAsked).run(ctx, l.core, refusal{}, l.opts, func(server string) (*http.Request, error) {
		return l.setting(server, SetLabelsRequest{Labels: append([]string{}, labels...)})
	})
	return now, err
}

// change reads the labels, sets what change makes of them, and reads them again: the server has no call that adds or removes
// one. If change changes nothing, nothing is set. It returns the labels as seen last, even with an error.
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
				return fmt.Sprintf("its existing label %s has a comma or a leading quote, which would be read as punctuation; "+
					"SetLabels and ClearLabels replace them all", inShort(next[i:i+1]))
			}
			return ""
		},
		left: func(set []string) string {
			return fmt.Sprintf("the labels were set to %s, and it is not known whether they still are", inShort(set))
		},
		lost: func(next, then []string) error {
			return fmt.Errorf("the labels were set to %s, and are %s now; call again", inShort(next), inShort(then))
		},
	}.amend(ctx)
}

// call returns the call that sets.
func (l *labelled) call() *chain.Call {
	return l.setCall.call(l.core)
}

// withLabels returns labels, and those of others that are not among them.
func withLabels(now, labels []string) []string {
	next, there := slices.Clone(now), labelKeys(now)
	for _, label := range labels {
		if key := labelKey(label); !there[key] {
			next, there[key] = append(next, label), true
		}
	}
	return next
}

// withoutLabels returns the labels that are not among others.
func withoutLabels(now, labels []string) []string {
	others := labelKeys(labels)
	return slices.DeleteFunc(slices.Clone(now), func(label string) bool { return others[labelKey(label)] })
}

// labelKeys returns the keys for comparing labels.
func labelKeys(labels []string) map[string]bool {
	keys := make(map[string]bool, len(labels))
	for _, label := range labels {
		keys[labelKey(label)] = true
	}
	return keys
}

// labelKey returns the key for comparing a label: the label in lower case, because a server may have an earlier spelling. As
// in Ruby, İ becomes two characters, and σ and ς differ.
func labelKey(label string) string {
	return strings.ToLower(strings.ReplaceAll(label, "İ", "i̇"))
}

// inShort returns labels for the text of an error: only some of many, and only the start of each.
func inShort(labels []string) string {
	const most, longest = 10, 50
	shown := make([]string, 0, most)
	for _, label := range labels[:min(len(labels), most)] {
		if runes := []rune(label); len(runes) > longest {
			label = string(runes[:longest]) + "…"
		}
		shown = append(shown, label)
	}
	if more := len(labels) - most; more > 0 {
		return fmt.Sprintf("%q and %d more", shown, more)
	}
	return fmt.Sprintf("%q", shown)
}

// labelSet refuses an empty list, and labels that the server would read differently.
func (r *refusal) labelSet(field string, labels []string) {
	if len(labels) == 0 {
		r.add(field, "there are none; ClearLabels removes all")
	}
	for i, label := range labels {
		field := fmt.Sprintf("%s[%d]", field, i)
		switch {
		case strings.TrimSpace(label) != label || label == "":
			r.add(field, "%q is empty or has surrounding spaces; trim it, or leave it out", label)
		case isMisread(label):
			r.add(field, "%q has a comma or a leading quote, which the server reads as punctuation; give each label separately", label)
		}
		r.text(field, label)
		r.column(field, label)
	}
}

func checkLabelNames(l *LabelNames, _ []byte) error {
	if l.Payload == nil {
		return errors.New("there is no payload")
	}
	return nil
}
