package api

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Finding is one way in which exchanges of an operation do not match openapi.yaml. It says where and how, but never includes
// the value of a field, a parameter or a header. A name that is not a plain identifier of up to 40 characters might be a
// value, and is shown as "?".
type Finding struct {
	Operation string `json:"operation"` // the operationId; "" for a request outside openapi.yaml
	In        Part   `json:"in"`
	Path      string `json:"path"` // the field, such as data.payload[].meta.sender.plan, or the parameter; "" for the whole
	Kind      Kind   `json:"kind"`
	Expected  string `json:"expected"` // the JSON type in the spec, or what else the spec requires; "" for nothing
	Found     string `json:"found"`    // the JSON type, or what else was found; "" for nothing
	Count     int    `json:"count"`    // how often, counting each element of a list
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

// Kind is the kind of a mismatch.
type Kind string

// The kinds of findings.
const (
	KindUnknown   Kind = "unknown"   // the spec has no such field, parameter, or method and path
	KindMissing   Kind = "missing"   // the spec requires it, but it is absent
	KindType      Kind = "type"      // it has another type
	KindNull      Kind = "null"      // it is null but must not be
	KindValue     Kind = "value"     // its type matches, but the spec neither lists nor allows the value; lists are open
	KindBody      Kind = "body"      // the body as a whole is wrong, such as HTML instead of JSON, or a failure of an unknown form
	KindStatus    Kind = "status"    // a success with another status than 200
	KindUnchecked Kind = "unchecked" // it was too large to check, or its compression cannot be read
	KindMore      Kind = "more"      // there were more than 1000 different findings; this one counts the rest
)

// String returns one line, such as "conversationList response data.payload[].plan: unknown, found string, 25 times".
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

// maxFindings bounds how many different findings are kept. A server that uses people's names as keys, for example, keeps
// sending new ones.
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

// shown returns a name if it looks like an identifier, else "?": a name can be an e-mail address or a search text.
func shown(name string) string {
	if !identifier.MatchString(name) {
		return "?"
	}
	return name
}
