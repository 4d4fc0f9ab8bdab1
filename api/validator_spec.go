package api

import (
	"fmt"
	"maps"
	"net/http"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// contract is the embedded spec by operationId, in a form for comparing exchanges.
type contract map[string]*described

// described is the spec of an operation.
type described struct {
	path      map[string]*shape // the parameters
	query     map[string]*shape
	body      *shape // of the request; nil, as below, when the spec has no JSON there
	needsBody bool
	takesForm bool   // multipart/form-data, which is not compared
	answer    *shape // of status 200
	failure   *shape // of every other status; unnamed fields are free
}

// spec is the embedded spec. It is embedded by the generator and parsed by the tests, so it cannot fail here.
var spec = sync.OnceValue(func() contract {
	document, err := GetSpec()
	if err != nil {
		panic(fmt.Sprintf("api: the embedded spec: %v", err))
	}
	shapes := shapes{}
	c := contract{}
	for _, item := range document.Paths.Map() {
		for _, op := range item.Operations() {
			c[op.OperationID] = newDescribed(item, op, shapes)
		}
	}
	return c
})

const (
	mediaJSON = "application/json"
	mediaForm = "multipart/form-data"
)

func newDescribed(item *openapi3.PathItem, op *openapi3.Operation, shapes shapes) *described {
	o := &described{path: map[string]*shape{}, query: map[string]*shape{}}
	for _, parameters := range []openapi3.Parameters{item.Parameters, op.Parameters} {
		for _, p := range parameters {
			switch p.Value.In {
			case openapi3.ParameterInPath:
				o.path[p.Value.Name] = shapes.of(p.Value.Schema)
			case openapi3.ParameterInQuery:
				o.query[p.Value.Name] = shapes.of(p.Value.Schema)
			}
		}
	}
	if op.RequestBody != nil {
		o.body = shapes.inJSON(op.RequestBody.Value.Content)
		o.needsBody = op.RequestBody.Value.Required && o.body != nil
		o.takesForm = op.RequestBody.Value.Content[mediaForm] != nil
	}
	// Each operation has both.
	o.answer = shapes.inJSON(op.Responses.Status(http.StatusOK).Value.Content)
	o.failure = shapes.inJSON(op.Responses.Default().Value.Content).freed()
	return o
}

// call is the target of a request: an operation, or none, and its path parameters.
type call struct {
	*described

	id         string
	parameters map[string]string
}

// find returns the target of a request.
func (c contract) find(req *http.Request) call {
	steps := operation.Steps(req.URL.EscapedPath())
	op := operation.Find(req.Method, steps)
	if op == nil {
		return call{}
	}
	return call{c[op.ID], op.ID, maps.Collect(op.Values(steps))}
}
