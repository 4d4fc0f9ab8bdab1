package main

import (
	"cmp"
	"slices"

	"github.com/cfchat/cfchat-go/api"
)

// report is what a check found. Its JSON is described in the package comment.
type report struct {
	Server     string        `json:"server"`
	Account    int64         `json:"account"`
	Result     result        `json:"result"`
	Error      string        `json:"error"`
	Requests   int           `json:"requests"`
	Operations []*operation  `json:"operations"`
	Drift      []api.Finding `json:"drift"`
	NewValues  []api.Finding `json:"new_values"`
	Version    versionRange  `json:"version"`
	KeyHeaders []keyHeader   `json:"key_headers"`
}

// result is how a check ended, or what it found of an operation.
type result string

const (
	resultOK        result = "ok"
	resultDrift     result = "drift"
	resultUnchecked result = "unchecked"
	resultNotTried  result = "not tried"
)

// operation is what was found of one.
type operation struct {
	Name     string   `json:"name"` // as documented
	ID       string   `json:"operation_id"`
	Result   result   `json:"result"`
	Requests int      `json:"requests"`
	Problems []string `json:"problems"`

	complete bool // everything was asked that there is to ask
}

// keyHeader is a spelling of the header that carries the key.
type keyHeader struct {
	Name    string `json:"name"`
	Arrives bool   `json:"arrives"`
}

// The operations, of which the last two are not tried.
const (
	opList   = "conversationList"
	opCounts = "conversationListMeta"
	opGet    = "getDetailsOfAConversation"
	opFilter = "conversationFilter"
	opCreate = "newConversation"
	opToggle = "toggleStatusOfAConversation"
)

func newReport(o options) *report {
	r := &report{
		Server: o.server, Account: o.account, Drift: []api.Finding{}, NewValues: []api.Finding{}, KeyHeaders: []keyHeader{},
		Version: versionRange{Signs: []sign{}},
	}
	for _, names := range [][2]string{
		{"conversation_list", opList}, {"conversation_list_meta", opCounts},
		{"get_details_of_a_conversation", opGet}, {"conversation_filter", opFilter},
		{"new_conversation", opCreate}, {"toggle_status_of_a_conversation", opToggle},
	} {
		r.Operations = append(r.Operations, &operation{Name: names[0], ID: names[1], Result: resultNotTried, Problems: []string{}})
	}
	return r
}

// of is the operation with an operationId.
func (r *report) of(id string) *operation {
	return r.Operations[slices.IndexFunc(r.Operations, func(op *operation) bool { return op.ID == id })]
}

// problem notes what an operation did that the contract does not say.
func (r *report) problem(id, text string) {
	if op := r.of(id); !slices.Contains(op.Problems, text) {
		op.Problems = append(op.Problems, text)
	}
}

// sort puts what the Validator found where it belongs, in the order of the operations.
func (r *report) sort(findings []api.Finding) {
	place := func(f api.Finding) int {
		return slices.IndexFunc(r.Operations, func(op *operation) bool { return op.ID == f.Operation })
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

// judge decides about each operation, and about the whole: what drifted counts more than what could not be tried.
func (r *report) judge() {
	drifted := len(r.Drift) > 0
	for _, op := range r.Operations {
		switch {
		case len(op.Problems) > 0, slices.ContainsFunc(r.Drift, func(f api.Finding) bool { return f.Operation == op.ID }):
			op.Result = resultDrift
			drifted = true
		case op.Requests == 0:
			op.Result = resultNotTried
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

// unseen are the documented names of the operations some answer of which could not be looked at.
func (r *report) unseen() (names []string) {
	for _, op := range r.Operations {
		if op.Requests > 0 && !op.complete {
			names = append(names, op.Name)
		}
	}
	return names
}

// began reports whether the server answered the key at all, so that there is something to print.
func (r *report) began() bool {
	return slices.ContainsFunc(r.KeyHeaders, func(h keyHeader) bool { return h.Arrives })
}
