package api_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/api"
)

// transport answers in the test's own process, and reads the request's body as net/http does.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
	}
	return f(req)
}

func reply(status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {contentType}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// exchanged makes an exchange, reads the answer to its end and returns the findings.
func exchanged(t *testing.T, req *http.Request, answer func(*http.Request) *http.Response) []api.Finding {
	t.Helper()
	validator := &api.Validator{Base: transport(func(req *http.Request) (*http.Response, error) { return answer(req), nil })}
	resp, err := validator.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return validator.Findings()
}

const conversations = "https://chat.test/api/v1/accounts/1/conversations"

// get returns a GET request for the list of conversations, or for a path below it.
func get(t *testing.T, below string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, conversations+below, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func post(t *testing.T, below, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, conversations+below, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	return req
}

func texts(findings []api.Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, f.String())
	}
	return all
}

const (
	counts = `{"meta":{"mine_count":1,"assigned_count":2,"unassigned_count":3,"all_count":5}}`
	empty  = `{"data":{"meta":{"mine_count":1,"assigned_count":2,"unassigned_count":3,"all_count":5},"payload":[]}}`
)

const noKnownShape = "getDetailsOfAConversation response: body, expected error, errors or message, found a failure with none of them, once"

// TestAnswers validates answers of all kinds.
func TestAnswers(t *testing.T) {
	json, html := "application/json; charset=utf-8", "text/html"
	for name, c := range map[string]struct {
		below       string
		status      int
		contentType string
		body        string
		want        []string
	}{
		"as it should be":      {"/meta", 200, json, counts, nil},
		"no conversations":     {"", 200, json, empty, nil},
		"an unknown field":     {"/meta", 200, json, `{"a":null,` + counts[1:], []string{"conversationListMeta response a: unknown, found null, once"}},
		"a field is missing":   {"/meta", 200, json, strings.Replace(counts, "mine", "our", 1), []string{"conversationListMeta response meta.mine_count: missing, expected integer, once", "conversationListMeta response meta.our_count: unknown, found integer, once"}},
		"another type":         {"/meta", 200, json, strings.Replace(counts, "1", `"1"`, 1), []string{"conversationListMeta response meta.mine_count: type, expected integer, found string, once"}},
		"a fraction":           {"/meta", 200, json, strings.Replace(counts, "1", "1.0", 1), []string{"conversationListMeta response meta.mine_count: type, expected integer, found number, once"}},
		"null":                 {"/meta", 200, json, `{"meta":null}`, []string{"conversationListMeta response meta: null, expected object, found null, once"}},
		"null as a whole":      {"/meta", 200, json, `null`, []string{"conversationListMeta response: null, expected object, found null, once"}},
		"another operation's":  {"/meta", 200, json, empty, []string{"conversationListMeta response data: unknown, found object, once", "conversationListMeta response meta: missing, expected object, once"}},
		"a list of wrong ones": {"", 200, json, strings.Replace(empty, "[]", "[1,null,2]", 1), []string{"conversationList response data.payload[]: null, expected object, found null, once", "conversationList response data.payload[]: type, expected object, found integer, 2 times"}},
		"names that are data":  {"/meta", 200, json, `{"ada@example.com":1,"Ada Lovelace":2,"+4915112345":3,` + counts[1:], []string{"conversationListMeta response ?: unknown, found integer, 3 times"}},
		"nothing":              {"", 200, json, "", []string{"conversationList response: body, expected JSON, found something else, once"}},
		"half of it":           {"", 200, json, empty[:20], []string{"conversationList response: body, expected JSON, found something else, once"}},
		"twice":                {"", 200, json, empty + empty, []string{"conversationList response: body, expected JSON, found something else, once"}},
		"a login page":         {"", 200, html, "<html>", []string{"conversationList response: body, expected application/json, found text/html, once"}},
		"no content type":      {"", 200, "", empty, []string{"conversationList response: body, expected application/json, found no content type, once"}},
		"a private type":       {"", 200, "application/x-ada", empty, []string{"conversationList response: body, expected application/json, found another content type, once"}},
		"another success":      {"", 201, json, empty, []string{"conversationList response: status, expected 200, found another 2xx, once"}},
		"not modified":         {"", 304, "", "", nil},
		"an error":             {"/7", 404, json, `{"error":"Resource could not be found"}`, nil},
		"an error's new field": {"/7", 404, json, `{"error":"x","trace":"y"}`, nil},
		"an error's new type":  {"/7", 401, json, `{"errors":[{"a":1}],"error":1}`, []string{"getDetailsOfAConversation response error: type, expected string, found integer, once", "getDetailsOfAConversation response errors[]: type, expected string, found object, once"}},
		"an error's shape":     {"/7", 404, json, `{"detail":"x","status":404}`, []string{noKnownShape}},
		"an error as a list":   {"/7", 422, json, `["x"]`, []string{noKnownShape}},
		"an error of nothing":  {"/7", 500, json, `{"error":null}`, []string{"getDetailsOfAConversation response error: null, expected string, found null, once"}},
		"an error's attribute": {"/7", 422, json, `{"message":"x","attributes":["y"]}`, nil},
		"an error in HTML":     {"/7", 404, html, `<html>`, nil},
		"an error that is cut": {"/7", 500, json, `{"err`, nil},
		"a proxy's error":      {"/7", 502, json, `{"error":{"code":1}}`, nil},
	} {
		got := texts(exchanged(t, get(t, c.below), func(*http.Request) *http.Response { return reply(c.status, c.contentType, c.body) }))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s", name, strings.Join(got, "\n"))
		}
	}
}

// TestRequests validates requests of which the recordings have no example.
func TestRequests(t *testing.T) {
	long := strings.Repeat("x", 41)
	below := get(t, "")
	below.URL.Path = "/some/where" + below.URL.Path + "/"
	typed := func(req *http.Request, contentType string) *http.Request {
		req.Header.Set("Content-Type", contentType)
		return req
	}
	const form = "multipart/form-data; boundary=x"
	gzipped := post(t, "/7/toggle_status", "{}")
	gzipped.Header.Set("Content-Encoding", "br")
	for name, c := range map[string]struct {
		req  *http.Request
		want []string
	}{
		"below a path":      {below, nil},
		"all parameters":    {get(t, "?status=all&assignee_type=me&q=a&inbox_id=1&team_id=2&labels=a,b&page=3&sort_by=latest&source_id=x&updated_within=1"), nil},
		"repeated":          {get(t, "?labels=a&labels=b"), []string{"conversationList query labels: type, expected once, found repeated, once"}},
		"a list as Rails":   {get(t, "?labels[]=a"), []string{"conversationList query labels[]: unknown, found string, once"}},
		"data in names":     {get(t, "?ada%40example.com=1&"+long+"=2"), []string{"conversationList query ?: unknown, found string, 2 times"}},
		"another path":      {get(t, "/7/ada@example.com"), []string{"no operation path: unknown, found another method or path, once"}},
		"another method":    {post(t, "/meta", "{}"), []string{"no operation path: unknown, found another method or path, once"}},
		"no body needed":    {post(t, "/7/toggle_status", ""), nil},
		"a form":            {typed(post(t, "/7/messages", "--x--"), form), nil},
		"a form for JSON":   {typed(post(t, "/filter", "--x--"), form), []string{"conversationFilter request: body, expected application/json, found another content type, once"}},
		"JSON for a form":   {post(t, "/7/messages", `{"private":1}`), []string{"createANewMessageInAConversation request private: type, expected boolean, found integer, once"}},
		"no type":           {typed(post(t, "/filter", "{}"), ""), []string{"conversationFilter request: body, expected application/json, found no content type, once"}},
		"compressed":        {gzipped, []string{"toggleStatusOfAConversation request: unchecked, found another compression than gzip, once"}},
		"a last rule's end": {post(t, "/filter", `{"payload":[{"attribute_key":"status","filter_operator":"equal_to","values":["open"]}]}`), nil},
		"no source_id":      {post(t, "", `{"source_id":null,"inbox_id":1,"contact_id":2}`), nil},
		"no status":         {post(t, "/7/toggle_status", `{"status":null}`), nil},
		"a status's type":   {post(t, "/7/toggle_status", `{"status":1}`), []string{"toggleStatusOfAConversation request status: type, expected string, found integer, once"}},
		"a rule's new field": {post(t, "/filter", `{"payload":[{"attribute_key":"status","filter_operator":"equal_to","values":[1,"a",null],"query_operator":null,"x":{}}]}`),
			[]string{"conversationFilter request payload[].x: unknown, found object, once"}},
	} {
		got := texts(exchanged(t, c.req, func(*http.Request) *http.Response { return reply(404, "text/html", "") }))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s", name, strings.Join(got, "\n"))
		}
	}
}
