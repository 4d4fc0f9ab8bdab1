package cfchat

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/auth"
)

// FieldError is one error in the input of a call.
type FieldError struct {
	Field  string // as the caller writes it, such as InboxID, Labels[1] or rule 2 (status equal_to)
	Rule   int    // the number of a filter's rule, from 1; 0 if it is not about a rule
	Reason string // what is wrong with it, and what to do
}

// refusal collects what is wrong with the input of a call, in the order of the checks. They refuse what the server would
// read as something else; what the server itself refuses in clear words is left to it.
type refusal struct {
	fields []FieldError
	failed error // why it cannot be checked; nothing has been sent
}

func (r *refusal) add(field, format string, args ...any) {
	r.fields = append(r.fields, FieldError{Field: field, Reason: fmt.Sprintf(format, args...)})
}

// names reports whether something is wrong with a field.
func (r *refusal) names(field string) bool {
	return slices.ContainsFunc(r.fields, func(f FieldError) bool { return f.Field == field })
}

// reasons returns everything that is wrong, "" if nothing is.
func (r *refusal) reasons() string {
	const most = 20 // Fields has them all
	var all []string
	for _, f := range r.fields[:min(len(r.fields), most)] {
		all = append(all, f.Field+": "+f.Reason)
	}
	if more := len(r.fields) - most; more > 0 {
		all = append(all, fmt.Sprintf("%d more", more))
	}
	return strings.Join(all, "; and ")
}

// id refuses impossible ids.
func (r *refusal) id(field string, id int64) {
	if id <= 0 {
		r.add(field, "%d is not an id; ids start at 1", id)
	}
}

// optionalID refuses impossible ids except 0, which is not sent.
func (r *refusal) optionalID(field string, id int64) {
	if id != 0 {
		r.id(field, id)
	}
}

// page refuses page numbers that the server would read as the first page, over and over.
func (r *refusal) page(field string, page int) {
	if page <= 0 {
		r.add(field, "%d is not a page; pages start at 1", page)
	}
}

// stretch refuses an impossible range of ids.
func (r *refusal) stretch(after, until int64) {
	if after < 0 {
		r.add("After", "%d is negative; zero starts at the first", after)
	}
	if until < 0 || until > 0 && until < after {
		r.add("Until", "%d is before After; zero means the newest", until)
	}
}

// concurrency refuses a negative number of requests at once.
func (r *refusal) concurrency(atOnce int) {
	if atOnce < 0 {
		r.add("Concurrency", "%d is negative; zero means 4", atOnce)
	}
}

// context refuses a nil context.
func (r *refusal) context(ctx context.Context) {
	if ctx == nil {
		r.add("ctx", "it is nil; use context.Background()")
	}
}

// keys refuses text that cannot be a key, and missing keys.
func (r *refusal) keys(field string, keys auth.Keys) {
	if keys.User.IsZero() && keys.AgentBot.IsZero() {
		r.add(field, "there is no key; set Keys.User or Keys.AgentBot (is the environment variable set?)")
		return
	}
	if err := keys.Check(); err != nil {
		of, reason, _ := strings.Cut(err.Error(), ": ")
		r.add(field+strings.TrimPrefix(of, "Keys"), "%s", reason)
	}
}
