package check

import (
	"cmp"
	"slices"

	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// report is the result of a check. The package comment describes its JSON.
type report struct {
	Server       string        `json:"server"`
	Account      int64         `json:"account"`
	Result       result        `json:"result"`
	Error        string        `json:"error"`
	Requests     int           `json:"requests"`
	Operations   []*examined   `json:"operations"`
	Drift        []api.Finding `json:"drift"`
	NewValues    []api.Finding `json:"new_values"`
	Unrenderable []int64       `json:"unrenderable"` // conversations
	PageSize     int64         `json:"page_size"`    // of the list, if the server is set up to another than usual, else 0
	Version      versionRange  `json:"version"`
	KeyHeaders   []keyHeader   `json:"key_headers"`
}

// result is the result of a check, or for an operation.
type result string

const (
	resultOK        result = "ok"
	resultDrift     result = "drift"
	resultUnchecked result = "unchecked"
	resultNotTried  result = "not tried"
)

// examined is the findings for an operation.
type examined struct {
	Name       string   `json:"name"` // as documented
	ID         string   `json:"operation_id"`
	Result     result   `json:"result"`
	Because    string   `json:"because"` // why it was not tried, "" if it was
	Requests   int      `json:"requests"`
	Problems   []string `json:"problems"`
	Unrendered []string `json:"unrendered"` // pages that were a 500 because of a conversation

	complete bool // all requests were made
}

// keyHeader is a spelling of the header that carries the key.
type keyHeader struct {
	Name    string `json:"name"`
	Arrives bool   `json:"arrives"`
}

// The tried operations.
var (
	opList   = operation.ConversationList.ID
	opCounts = operation.ConversationListMeta.ID
	opGet    = operation.GetDetailsOfAConversation.ID
	opFilter = operation.ConversationFilter.ID
	opInfo   = operation.ServerInformation.ID
)

func newReport(o Options) *report {
	r := &report{
		Server: o.Server, Account: o.Account, Drift: []api.Finding{}, NewValues: []api.Finding{}, Unrenderable: []int64{}, KeyHeaders: []keyHeader{},
		Version: versionRange{Signs: []sign{}},
	}
	for _, op := range operation.All {
		r.Operations = append(r.Operations, &examined{
			Name: op.Documented(), ID: op.ID, Result: resultNotTried, Problems: []string{}, Unrendered: []string{},
		})
	}
	slices.SortStableFunc(r.Operations, func(a, b *examined) int { return cmp.Compare(order(a), order(b)) })
	return r
}

// writes reports whether the operation changes something.
func (op *examined) writes() bool { return operation.ByID(op.ID).Write }

// order puts writes last.
func order(op *examined) int {
	if op.writes() {
		return 1
	}
	return 0
}

// Why most operations are not tried.
const (
	becauseItWrites = "it writes"
	becauseUnknown  = "this command has no request for it yet"
)

// untried returns why no request of an operation was made.
func (op *examined) untried() string {
	switch {
	case op.writes():
		return becauseItWrites
	case op.ID == opInfo:
		return "nothing shows the version; a proxy may hide it"
	case !slices.Contains([]string{opList, opCounts, opGet, opFilter}, op.ID):
		return becauseUnknown
	}
	return "the check ended before its turn"
}

// of returns the operation with an operationId.
func (r *report) of(id string) *examined {
	return r.Operations[slices.IndexFunc(r.Operations, func(op *examined) bool { return op.ID == id })]
}

// problem records something that an operation did against the contract.
func (r *report) problem(id, text string) {
	if op := r.of(id); !slices.Contains(op.Problems, text) {
		op.Problems = append(op.Problems, text)
	}
}

// sort distributes the Validator's findings, in the order of the operations.
func (r *report) sort(findings []api.Finding) {
	place := func(f api.Finding) int {
		return slices.IndexFunc(r.Operations, func(op *examined) bool { return op.ID == f.Operation })
	}
	slices.SortStableFunc(findings, func(a, b api.Finding) int { return cmp.Compare(place(a), place(b)) })
	for _, f := range findings {
		switch f.Kind {
		case api.KindValue:
			r.NewValues = append(r.NewValues, f)
		case api.KindUnchecked:
			r.of(f.Operation).complete = false
		default:
			r.Drift = append(r.Drift, f)
		}
	}
}

// judge sets the result of each operation and of the check: drift takes precedence over what could not be tried.
func (r *report) judge() {
	drifted := len(r.Drift) > 0 || r.Version.Contradictory
	for _, op := range r.Operations {
		switch {
		case len(op.Problems) > 0, slices.ContainsFunc(r.Drift, func(f api.Finding) bool { return f.Operation == op.ID }):
			op.Result = resultDrift
			drifted = true
		case op.Requests == 0:
			op.Result, op.Because = resultNotTried, op.untried()
		case op.complete:
			op.Result = resultOK
		default:
			op.Result = resultUnchecked
		}
	}
	switch {
	case drifted:
		r.Result = resultDrift
	case r.Error != "":
		r.Result = resultUnchecked
	default:
		r.Result = resultOK
	}
}

// unseen returns the documented names of the operations with an answer that could not be checked.
func (r *report) unseen() (names []string) {
	for _, op := range r.Operations {
		if op.Requests > 0 && !op.complete {
			names = append(names, op.Name)
		}
	}
	return names
}

// someUnrendered reports whether a page was a 500 because of a conversation.
func (r *report) someUnrendered() bool {
	return slices.ContainsFunc(r.Operations, func(op *examined) bool { return len(op.Unrendered) > 0 })
}

// began reports whether the server accepted the key, so that there is something to print.
func (r *report) began() bool {
	return slices.ContainsFunc(r.KeyHeaders, func(h keyHeader) bool { return h.Arrives })
}
