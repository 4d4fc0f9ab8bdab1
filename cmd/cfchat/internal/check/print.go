package check

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/cfchat/cfchat-go/api"
)

// print prints the report for people.
func (r *report) print(out io.Writer) {
	p := printer{out}
	p.printf("%s, account %d\n", r.Server, r.Account)
	p.operations(r.Operations)
	if r.PageSize > 0 {
		p.printf("  Pages of the list have %d conversations, because the server is configured so (this is not drift).\n", r.PageSize)
	}
	p.unrendered(r)
	p.findings("Drift", r, r.Drift)
	p.findings("Values that the spec does not list (its lists are open, so this is not drift)", r, r.NewValues)
	p.version(r.Version)
	p.keyHeaders(r.KeyHeaders)
	p.printf("\n%s, after %d requests.\n", r.verdict(), r.Requests)
	if r.Result == resultDrift && r.Error != "" {
		p.printf("Not everything could be checked: %s.\n", r.Error)
	}
}

func (r *report) verdict() string {
	switch r.Result {
	case resultOK:
		if r.someUnrendered() {
			return "Everything that is rendered is as the contract says"
		}
		return "Everything is as the contract says"
	case resultDrift:
		return "The server has drifted from the contract"
	}
	return "Not everything could be checked"
}

type printer struct{ out io.Writer }

func (p printer) printf(format string, args ...any) { _, _ = fmt.Fprintf(p.out, format, args...) }

func (p printer) operations(all []*examined) {
	p.printf("\nOperations\n")
	w := p.table()
	for _, op := range all {
		if op.Because != becauseItWrites && op.Because != becauseUnknown { // most operations
			_, _ = fmt.Fprintf(w, "  %s\t%s\n", op.Name, op.summary())
		}
	}
	_ = w.Flush()
	for _, op := range all {
		for _, problem := range op.Problems {
			p.printf("  ! %s: %s\n", op.Name, problem)
		}
	}
	p.printf("  Operations that write, or that this command has no request for yet, are not tried; --json lists them.\n")
}

func (op *examined) summary() string {
	asked := fmt.Sprintf("(%d requests)", op.Requests)
	if op.Requests == 1 {
		asked = "(1 request)"
	}
	switch {
	case op.Result == resultNotTried:
		return "not tried, because " + op.Because
	case op.Result == resultOK:
		if len(op.Unrendered) > 0 {
			return "as the contract says, where rendered " + asked
		}
		return "as the contract says " + asked
	case op.Result == resultDrift:
		return "drifted " + asked
	}
	return "not checked in full " + asked
}

// unrendered prints what the server fails to render, and that this is not drift.
func (p printer) unrendered(r *report) {
	if !r.someUnrendered() {
		return
	}
	p.printf("\nNot rendered (this is not drift)\n  %s:\n", whichUnrendered(r.Unrenderable))
	w := p.table()
	for _, op := range r.Operations {
		if len(op.Unrendered) > 0 {
			_, _ = fmt.Fprintf(w, "    %s\t%s\n", op.Name, strings.Join(op.Unrendered, ", "))
		}
	}
	_ = w.Flush()
	p.printf("  Something that such a conversation refers to is gone or broken on the server, such as a contact or a file.\n")
	p.printf("  Scan reads all others, and returns the id of one that it cannot read in Error.ConversationID.\n")
}

// whichUnrendered names the conversations and the requests that are a 500.
func whichUnrendered(ids []int64) string {
	var names []string
	for _, id := range ids {
		names = append(names, strconv.FormatInt(id, 10))
	}
	if len(ids) == maxUnrenderable {
		names = append(names, "maybe others")
	}
	switch last := len(names) - 1; last {
	case -1:
		return "An unidentified conversation: each page with it is a 500"
	case 0:
		return "Conversation " + names[0] + ": getting it is a 500, and so is each page with it"
	default:
		return fmt.Sprintf("Conversations %s and %s: getting one is a 500, and so is each page with one",
			strings.Join(names[:last], ", "), names[last])
	}
}

func (p printer) findings(title string, r *report, all []api.Finding) {
	if len(all) == 0 {
		return
	}
	p.printf("\n%s\n", title)
	w := p.table()
	for _, f := range all {
		_, _ = fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", r.documented(f.Operation), where(f), how(f), times(f.Count))
	}
	_ = w.Flush()
}

// documented returns the documented name of an operation.
func (r *report) documented(id string) string {
	for _, op := range r.Operations {
		if op.ID == id {
			return op.Name
		}
	}
	return "-"
}

func where(f api.Finding) string {
	path := f.Path
	if path == "" {
		path = "(all of it)"
	}
	if f.In == api.InResponse {
		return path
	}
	return fmt.Sprintf("%s of the %s", path, f.In)
}

func how(f api.Finding) string {
	switch f.Kind {
	case api.KindUnknown:
		return "unknown, " + f.Found
	case api.KindMissing:
		return "missing, should be " + f.Expected
	}
	return f.Found + ", should be " + f.Expected
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func (p printer) version(r versionRange) {
	p.printf("\nServer version: %s\n", r.words())
	if !r.Said.isZero() {
		p.printf("  %s, because GET /api says so\n", r.Said)
	}
	signs := r.binding()
	for _, s := range signs {
		p.printf("  %s, because %s\n", bound(s.AtLeast, s.Before), s.Because)
	}
	if rest := len(r.Signs) - len(signs); rest > 0 && !r.isEmpty() {
		p.printf("  (%s)\n", weaker(rest))
	}
	if r.Contradictory {
		p.printf("  This is drift: something that the server's version has is missing, or something that it does not have is there.\n")
	}
}

func weaker(signs int) string {
	if signs == 1 {
		return "1 weaker sign agrees"
	}
	return fmt.Sprintf("%d weaker signs agree", signs)
}

// words describes which version the server may be.
func (r versionRange) words() string {
	switch {
	case r.isEmpty():
		return "no one version; the signs contradict each other"
	case r.Contradictory:
		return fmt.Sprintf("not the %s that it claims to be; its answers are those of %s", r.Said, bound(r.AtLeast, r.Before))
	case !r.Said.isZero():
		return named(r.Said)
	case len(r.Signs) == 0:
		return "unknown"
	case r.Before.isZero() && r.AtLeast.compare(newestSign) >= 0:
		return bound(r.AtLeast, r.Before) + "; the contract knows up to " + newest.String()
	}
	return bound(r.AtLeast, r.Before)
}

// named returns the version that a server claims to be, with what else it may be.
func named(v version) string {
	switch {
	case v == version{4, 11, 2}:
		return "4.11.2, or the 4.12.0 that claims the same"
	case v.compare(newest) > 0:
		return v.String() + "; the contract knows up to " + newest.String()
	}
	return v.String()
}

func bound(atLeast, before version) string {
	var words []string
	if !atLeast.isZero() {
		words = append(words, atLeast.String()+" or later")
	}
	if !before.isZero() {
		words = append(words, "before "+before.String())
	}
	return strings.Join(words, ", ")
}

func (p printer) keyHeaders(all []keyHeader) {
	p.printf("\nSpellings of the header with the key\n")
	w := p.table()
	for _, h := range all {
		text := "reaches the server"
		if !h.Arrives {
			text = "does not reach the server"
		}
		_, _ = fmt.Fprintf(w, "  %s\t%s\n", h.Name, text)
	}
	_ = w.Flush()
	for i, h := range all {
		if !h.Arrives && len(all) == 2 {
			p.printf("  Something in front of it drops the header; set Keys.Header of your programs to %q.\n", all[1-i].Name)
		}
	}
}

func (p printer) table() *tabwriter.Writer { return tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0) }
