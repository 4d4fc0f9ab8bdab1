package cfchattest

import (
	"net/http"
	"net/url"
	"strings"
)

// The six operations by the operationId of openapi.yaml.
const (
	conversationFilter          = "conversationFilter"
	conversationList            = "conversationList"
	conversationListMeta        = "conversationListMeta"
	getDetailsOfAConversation   = "getDetailsOfAConversation"
	newConversation             = "newConversation"
	toggleStatusOfAConversation = "toggleStatusOfAConversation"
)

var operations = []string{conversationFilter, conversationList, conversationListMeta,
	getDetailsOfAConversation, newConversation, toggleStatusOfAConversation}

// accountsPath is what every path begins with.
const accountsPath = "/api/v1/accounts/"

// route is where a request goes. The ids are still text: the server casts them only when it looks them up.
type route struct {
	operation    string // "" for a path that does not exist
	account      string
	conversation string
}

// routeOf finds the route. GET …/filter is the details of a conversation named "filter"; a suffix after a dot is a
// format, so that "5.0" is conversation 5 (contract, 1.0).
func routeOf(r *http.Request) route {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(r.URL.EscapedPath(), "/"), accountsPath)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) < 2 || len(parts) > 4 || parts[0] == "" {
		return route{}
	}
	last := &parts[len(parts)-1]
	name, format, dotted := strings.Cut(*last, ".")
	if dotted && (format == "" || strings.Contains(format, ".")) {
		return route{}
	}
	*last = name
	if parts[1] != "conversations" {
		return route{}
	}
	out := route{account: unescape(parts[0])}
	if len(parts) > 2 {
		out.conversation = unescape(parts[2])
	}
	out.operation = operationOf(r.Method, parts[2:])
	return out
}

// operationOf names the operation of a method and what follows "conversations" in the path.
func operationOf(method string, path []string) string {
	get, post := method == http.MethodGet, method == http.MethodPost
	switch {
	case len(path) == 0 && get:
		return conversationList
	case len(path) == 0 && post:
		return newConversation
	case len(path) == 1 && get && path[0] == "meta":
		return conversationListMeta
	case len(path) == 1 && get:
		return getDetailsOfAConversation
	case len(path) == 1 && post && path[0] == "filter":
		return conversationFilter
	case len(path) == 2 && post && path[1] == "toggle_status":
		return toggleStatusOfAConversation
	}
	return ""
}

func unescape(segment string) string {
	text, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return text
}
