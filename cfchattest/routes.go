package cfchattest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/release"
)

// handler carries out an operation for a caller and returns the answer. Each operation has one, a method of its name; the
// map of them is generated into routes.gen.go.
type handler func(*caller) (any, error)

// route is the target of a request.
type route struct {
	*operation.Operation // nil for a path that does not exist

	ids map[string]string // the path parameters as text, which the server casts only on lookup
}

// id returns the operationId, "" for a path that does not exist.
func (r route) id() string {
	if r.Operation == nil {
		return ""
	}
	return r.ID
}

// isThere reports whether a server of a version has the operation. Versions before the first known one count as that.
func (r route) isThere(v release.Version) bool {
	return v.AtLeast(r.Since()) || r.Since() == "2.16.0"
}

// letsBotsIn reports whether agent bots may call the operation.
func (r route) letsBotsIn(v release.Version) bool {
	return slices.ContainsFunc(r.Keys, func(k operation.Key) bool {
		return k.Scheme == operation.AgentBotAPIKey && k.WorksOn(v.String())
	})
}

// sameAction are the methods that the server treats alike (contract, H7, and contract, W1.4 and W2.6).
var sameAction = map[string]string{http.MethodPut: http.MethodPatch, http.MethodPatch: http.MethodPut}

// routeOf returns the route of a request. GET …/filter gets the conversation named "filter"; a suffix after a dot is a
// format, so that "5.0" is conversation 5 (contract, 1.0).
func routeOf(r *http.Request) route {
	steps := operation.Steps(r.URL.EscapedPath())
	last := &steps[len(steps)-1]
	name, format, dotted := strings.Cut(*last, ".")
	if dotted && (format == "" || strings.Contains(format, ".")) {
		return route{}
	}
	*last = name
	op := operation.Find(r.Method, steps)
	if other := sameAction[r.Method]; op == nil && other != "" {
		op = operation.Find(other, steps)
	}
	if op == nil || len(steps) != len(operation.Steps(op.Path)) { // this server has no base path
		return route{}
	}
	return route{op, maps.Collect(op.Values(steps))}
}
