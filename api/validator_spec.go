package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// contract is the embedded spec in the form in which exchanges are compared with it.
type contract []route

// route is a path of the spec, in steps, with its operations by method.
type route struct {
	steps      []string // a parameter in braces
	operations map[string]*operation
}

// operation is what the spec says of one.
type operation struct {
	id        string
	path      map[string]*shape // the parameters
	query     map[string]*shape
	body      *shape // of the request; nil, as below, when the spec has no JSON there
	needsBody bool
	answer    *shape // of status 200
	failure   *shape // of every other status; fields that it does not name are free
}

// spec is the embedded spec. It is embedded by the generator and parsed by the tests, so it cannot fail here.
var spec = sync.OnceValue(func() contract {
	document, err := GetSpec()
	if err != nil {
		panic(fmt.Sprintf("api: the embedded spec: %v", err))
	}
	shapes := shapes{}
	var c contract
	for path, item := range document.Paths.Map() {
		r := route{steps: steps(path), operations: map[string]*operation{}}
		for method, op := range item.Operations() {
			r.operations[method] = newOperation(item, op, shapes)
		}
		c = append(c, r)
	}
	return c
})

const mediaJSON = "application/json"

func newOperation(item *openapi3.PathItem, op *openapi3.Operation, shapes shapes) *operation {
	o := &operation{id: op.OperationID, path: map[string]*shape{}, query: map[string]*shape{}}
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
	}
	if response := op.Responses.Status(http.StatusOK); response != nil {
		o.answer = shapes.inJSON(response.Value.Content)
	}
	if response := op.Responses.Default(); response != nil {
		o.failure = shapes.inJSON(response.Value.Content).freed()
	}
	return o
}

// call is what a request asks for: an operation, or none, and the parameters of its path.
type call struct {
	*operation
	parameters map[string]string
}

func (c call) operationID() string {
	if c.operation == nil {
		return ""
	}
	return c.id
}

// find is what a request asks for. The server may live below any path, so only the end of the path counts; of two routes
// that fit, such as …/meta and …/{conversation_id}, the one with fewer parameters does.
func (c contract) find(req *http.Request) call {
	asked := steps(req.URL.EscapedPath())
	var found call
	for _, r := range c {
		parameters, ok := r.match(asked)
		op := r.operations[req.Method]
		if ok && op != nil && (found.operation == nil || len(parameters) < len(found.parameters)) {
			found = call{op, parameters}
		}
	}
	return found
}

// match compares the end of a path with the route and gives the values of its parameters.
func (r route) match(asked []string) (parameters map[string]string, ok bool) {
	if len(asked) < len(r.steps) {
		return nil, false
	}
	asked = asked[len(asked)-len(r.steps):]
	parameters = map[string]string{}
	for i, step := range r.steps {
		if name, isParameter := strings.CutPrefix(step, "{"); isParameter {
			value, err := url.PathUnescape(asked[i])
			if err != nil {
				return nil, false
			}
			parameters[strings.TrimSuffix(name, "}")] = value
		} else if step != asked[i] {
			return nil, false
		}
	}
	return parameters, true
}

func steps(path string) []string { return strings.Split(strings.Trim(path, "/"), "/") }
