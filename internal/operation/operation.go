// Package operation has the facts about each operation from openapi.yaml: its address, the keys it accepts, and whether it
// changes anything. The rows of the table are generated from that file into table.gen.go.
package operation

import (
	"cmp"
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Operation is one row of the table, or represents a request that is not in it. Rows are compared by their address in memory
// and never change.
type Operation struct {
	ID       string // the operationId; for a request that is not an operation its method and path
	Method   string
	Path     string // as in openapi.yaml, with parameters in braces
	Keys     []Key  // the accepted keys, the preferred one first
	Write    bool   // it changes something, so it must not be repeated
	Final500 bool   // retrying does not help after a 500

	Unsure422      bool // a 422 may be returned although it was done
	Administrators bool // only an administrator may make it

	steps      []string // of Path
	parameters int      // how many of steps are parameters
	schemes    []string // of Keys
}

// Key is a security scheme that an operation accepts.
type Key struct {
	Scheme string // by its name in openapi.yaml
	Since  string // the first version of the server that accepts it, or Never
}

// Never is the version for a key that openapi.yaml lists and no known server accepts.
const Never = ""

// The security schemes of openapi.yaml.
const (
	UserAPIKey     = "userApiKey"
	AgentBotAPIKey = "agentBotApiKey"
)

// The keys for a request that is not in the table.
var (
	EitherKey    = []Key{{Scheme: UserAPIKey}, {Scheme: AgentBotAPIKey}}
	eitherScheme = []string{UserAPIKey, AgentBotAPIKey}
)

// The effects as openapi.yaml spells them, for Operation.Write.
const (
	read  = false
	write = true
)

// row completes a row of the table.
func row(o Operation) *Operation {
	o.steps = Steps(o.Path)
	for _, step := range o.steps {
		if isParameter(step) {
			o.parameters++
		}
	}
	for _, key := range o.Keys {
		o.schemes = append(o.schemes, key.Scheme)
	}
	return &o
}

// String returns the operationId.
func (o *Operation) String() string { return o.ID }

// Known reports whether it is a row of the table.
func (o *Operation) Known() bool { return o.steps != nil }

// IsPublic reports whether it needs no key.
func (o *Operation) IsPublic() bool { return o.Known() && len(o.Keys) == 0 }

// Documented returns its name in the vendor's documentation: get_details for getDetails.
func (o *Operation) Documented() string {
	var b strings.Builder
	for _, r := range o.ID {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Schemes returns the kinds of key that a call may use, the preferred one first: the one of WithScheme if the context has
// it, otherwise the operation's. The list must not be changed.
func (o *Operation) Schemes(ctx context.Context) []string {
	if only, ok := ctx.Value(schemeKey{}).(string); ok {
		return []string{only}
	}
	return o.schemes
}

// Values yields the name and the value of each parameter in the steps of an escaped path for which [Find] has returned this
// operation.
func (o *Operation) Values(steps []string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for i, step := range o.steps {
			if !isParameter(step) {
				continue
			}
			value := steps[len(steps)-len(o.steps)+i]
			if text, err := url.PathUnescape(value); err == nil {
				value = text
			}
			if !yield(strings.Trim(step, "{}"), value) {
				return
			}
		}
	}
}

// ByID returns the operation with an operationId, nil if there is none.
func ByID(id string) *Operation {
	return first(func(o *Operation) bool { return o.ID == id })
}

// ByDocumented returns the operation with a documented name, nil if there is none.
func ByDocumented(name string) *Operation {
	return first(func(o *Operation) bool { return o.Documented() == name })
}

func first(fits func(*Operation) bool) *Operation {
	if i := slices.IndexFunc(All, fits); i >= 0 {
		return All[i]
	}
	return nil
}

// Of returns the operation of a request, by its method and address.
func Of(req *http.Request) *Operation {
	var path string
	if req.URL != nil { // an editor may have removed it
		path = req.URL.EscapedPath()
	}
	var room [16]string // avoids an allocation
	if o := Find(cmp.Or(req.Method, http.MethodGet), appendSteps(room[:0], path)); o != nil {
		return o
	}
	return Other(cmp.Or(req.Method, http.MethodGet), path)
}

// Other returns an Operation for a request that is not in the table. It counts as a write unless it is a GET or HEAD, and
// accepts a user's key, or else a bot's.
func Other(method, path string) *Operation {
	return &Operation{
		ID: strings.TrimSpace(method + " " + path), Method: method, Path: path, Keys: EitherKey, schemes: eitherScheme,
		Write: method != http.MethodGet && method != http.MethodHead,
	}
}

// Is reports whether a request belongs to this operation. If the operation is not in the table, every request with its
// method does.
func (o *Operation) Is(req *http.Request) bool {
	if !o.Known() {
		return o.Method == req.Method
	}
	return Of(req) == o
}

// Find returns the operation of a method and the steps of an escaped path, nil if there is none. A server may live below any
// path, so only the end counts. Of several matches the longest wins, and of …/meta and …/{conversation_id} the one with
// fewer parameters.
func Find(method string, steps []string) *Operation { return tree().find(method, steps, nil) }

// Steps returns the steps of a path, without empty ones at either end.
func Steps(path string) []string { return appendSteps(nil, path) }

func appendSteps(steps []string, path string) []string {
	for rest, more := strings.Trim(path, "/"), true; more; {
		var step string
		step, rest, more = strings.Cut(rest, "/")
		steps = append(steps, step)
	}
	return steps
}

// before reports whether o is the more specific match of a path.
func (o *Operation) before(other *Operation) bool {
	if len(o.steps) != len(other.steps) {
		return len(o.steps) > len(other.steps)
	}
	return o.parameters < other.parameters
}

// isWithinAPI reports whether the steps before an operation lead into /api/v1, where operations of the server itself, such
// as /api, do not live.
func isWithinAPI(before []string) bool {
	i := slices.Index(before, "v1")
	return i > 0 && before[i-1] == "api"
}

func isParameter(step string) bool { return strings.HasPrefix(step, "{") }

type schemeKey struct{}

// WithScheme returns a context whose calls use one kind of key, regardless of what their operations prefer.
func WithScheme(ctx context.Context, scheme string) context.Context {
	return context.WithValue(ctx, schemeKey{}, scheme)
}

// choice is the context for adding a key to a request when the call and its kind of key are already known.
type choice struct {
	context.Context //nolint:containedctx // it is one

	operation *Operation
	scheme    string
}

// WithChoice returns a context for adding a key to a request of an operation.
func WithChoice(ctx context.Context, o *Operation, scheme string) context.Context {
	return &choice{ctx, o, scheme}
}

// Chosen returns the choice of [WithChoice].
func Chosen(ctx context.Context) (o *Operation, scheme string, ok bool) {
	c, ok := ctx.(*choice)
	if !ok {
		return nil, "", false
	}
	return c.operation, c.scheme, true
}
