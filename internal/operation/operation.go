// Package operation knows the six operations: what a request asks for, which keys it takes, and whether it changes
// anything. It repeats what openapi.yaml says, because the generated client tells its request editors and its HTTP
// client no more than method and address; a test compares the two.
package operation

import (
	"net/http"
	"slices"
	"strings"
)

// Operation is one of the six, or the zero value for a request that is none of them.
type Operation struct {
	ID      string   // the operationId of openapi.yaml
	Schemes []string // the security schemes of openapi.yaml, the preferred one first
	Write   bool     // it changes something, so it must not be repeated
}

// The security schemes of openapi.yaml.
const (
	UserAPIKey     = "userApiKey"
	AgentBotAPIKey = "agentBotApiKey"
)

// The six operations. Filter is a POST that only reads.
var (
	List   = Operation{ID: "conversationList", Schemes: []string{UserAPIKey}}
	Counts = Operation{ID: "conversationListMeta", Schemes: []string{UserAPIKey}}
	Get    = Operation{ID: "getDetailsOfAConversation", Schemes: []string{UserAPIKey}}
	Filter = Operation{ID: "conversationFilter", Schemes: []string{UserAPIKey, AgentBotAPIKey}}
	Create = Operation{ID: "newConversation", Schemes: []string{AgentBotAPIKey, UserAPIKey}, Write: true}
	Toggle = Operation{ID: "toggleStatusOfAConversation", Schemes: []string{AgentBotAPIKey, UserAPIKey}, Write: true}
)

// ByID finds an operation by its operationId. One that is not known takes either key.
func ByID(id string) Operation {
	for _, op := range []Operation{List, Counts, Get, Filter, Create, Toggle} {
		if op.ID == id {
			return op
		}
	}
	return unknown(id, true)
}

// Of finds the operation of a request by its method and the end of its path, so that a server may live below any path.
// A request that is none of the six may be one that the spec has gained: it counts as a write unless it is a GET, and
// takes either key.
func Of(req *http.Request) Operation {
	var room [12]string // so that nothing is allocated: every link of the chain asks
	steps := slices.AppendSeq(room[:0], strings.SplitSeq(strings.Trim(req.URL.Path, "/"), "/"))
	at := len(steps) - 1
	for at >= 2 && !(steps[at] == "conversations" && steps[at-2] == "accounts") {
		at--
	}
	if at >= 2 {
		if op, ok := find(req.Method, steps[at+1:]); ok {
			return op
		}
	}
	return unknown(req.Method+" "+req.URL.Path, req.Method != http.MethodGet && req.Method != http.MethodHead)
}

func unknown(id string, write bool) Operation {
	return Operation{ID: id, Schemes: []string{UserAPIKey, AgentBotAPIKey}, Write: write}
}

// find picks the operation by what follows "conversations" in the path.
func find(method string, rest []string) (Operation, bool) {
	get, post := method == http.MethodGet, method == http.MethodPost
	switch {
	case get && len(rest) == 0:
		return List, true
	case post && len(rest) == 0:
		return Create, true
	case get && slices.Equal(rest, []string{"meta"}):
		return Counts, true
	case post && slices.Equal(rest, []string{"filter"}):
		return Filter, true
	case get && len(rest) == 1:
		return Get, true
	case post && len(rest) == 2 && rest[1] == "toggle_status":
		return Toggle, true
	}
	return Operation{}, false
}
