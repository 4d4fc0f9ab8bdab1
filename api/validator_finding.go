package api

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Finding is one way in which exchanges of an operation do not fit openapi.yaml. It says where and how, and never what:
// no value of a field, a parameter or a header is in it. A name that is no plain identifier of up to 40 characters may
// be one, and shows as "?".
type Finding struct {
	Operation string `json:"operation"` // the operationId; "" for a request that is none of openapi.yaml
	In        Part   `json:"in"`
	Path      string `json:"path"` // the field, such as data.payload[].meta.sender.plan, or the parameter; "" for the whole
	Kind      Kind   `json:"kind"`
	Expected  string `json:"expected"` // the JSON type of the spec, or what else the spec has; "" for nothing
	Found     string `json:"found"`    // the JSON type that came, or what else came; "" for nothing
	Count     int    `json:"count"`    // how often, each element of a list counted
}

// Part is a part of an exchange.
type Part string

// The parts of an exchange.
const (
	InPath     Part = "path"     // a parameter of the path, or the method and path as a whole
	InQuery    Part = "query"    // a parameter of the query
	InRequest  Part = "request"  // the body of the request
	InResponse Part = "response" // the answer
)

// Kind is how something does not fit.
type Kind string

// The kinds of findings.
const (
	KindUnknown   Kind = "unknown"   // the spec has no such field, parameter, or method and path
	KindMissing   Kind = "missing"   // the spec requires it, and it is not there
	KindType      Kind = "type"      // it has another type
	KindNull      Kind = "null"      // it is null where it may not be
	KindValue     Kind = "value"     // its type fits and its value is none that the spec lists or allows; lists are open
	KindBody      Kind = "body"      // the body as a whole is not what it should be, such as HTML in place of JSON, or a failure of no known shape
	KindStatus    Kind = "status"    // a success with another status than 200
	KindUnchecked Kind = "unchecked" // it was too large to be looked at, or compressed in a way that cannot be read
	KindMore      Kind = "more"      // there were more than 1000 different findings; this one counts the rest
)

// String is one line: "conversationList response data.payload[].plan: unknown, found string, 25 times".
func (f Finding) String() string {
	words := []string{cmp.Or(f.Operation, "no operation"), string(f.In)}
	if f.Path != "" {
		words = append(words, f.Path)
	}
	text := strings.Join(words, " ") + ": " + string(f.Kind)
	if f.Expected != "" {
		text += ", expected " + f.Expected
	}
	if f.Found != "" {
		text += ", found " + f.Found
	}
	if f.Count == 1 {
		return text + ", once"
	}
	return fmt.Sprintf("%s, %d times", text, f.Count)
}

// maxFindings bounds how many different findings are kept. A server that uses names for keys, say, sends new ones for ever.
const maxFindings = 1000

// tally counts findings.
type tally struct {
	mu     sync.Mutex
	counts map[Finding]int // by findings without their count
}

func (t *tally) add(f Finding) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[Finding]int{}
	}
	if _, known := t.counts[f]; !known && len(t.counts) >= maxFindings {
		f = Finding{Kind: KindMore}
	}
	t.counts[f]++
}

func (t *tally) list() []Finding {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := make([]Finding, 0, len(t.counts))
	for f, count := range t.counts {
		f.Count = count
		found = append(found, f)
	}
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.In, b.In), cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Expected, b.Expected), cmp.Compare(a.Found, b.Found))
	})
	return found
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,39}(\[\])?$`)

// shown is a name if it looks like one that a programmer gave, else "?": a name can be a mail address or a search text.
func shown(name string) string {
	if !identifier.MatchString(name) {
		return "?"
	}
	return name
}
