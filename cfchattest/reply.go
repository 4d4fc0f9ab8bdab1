package cfchattest

import (
	"bytes"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"
)

// reply is an answer before it is written.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// Error makes a refusal an error, so that checks can return it.
func (r *reply) Error() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// The media types as the server spells them: the application writes the charset in lower case, the layer that catches its
// failures in upper case (as recorded in malformed-json-wrong-token and filter-bare-array).
const (
	jsonType        = "application/json; charset=utf-8"
	jsonFailureType = "application/json; charset=UTF-8"
	htmlType        = "text/html; charset=UTF-8"
)

// encode writes JSON with \u003c for <, as the server does, and without a line break at the end.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cfchattest: an answer cannot be encoded: %v", err)) // it has only maps, texts and numbers
	}
	return body
}

// answer returns a 200 with a body.
func answer(v any) *reply {
	body := encode(v)
	return &reply{http.StatusOK, http.Header{
		"Content-Type":  {jsonType},
		"Cache-Control": {"max-age=0, private, must-revalidate"},
		"Etag":          {fmt.Sprintf(`W/"%x"`, md5.Sum(body))},
	}, body}
}

// empty returns a 200 without a body.
func empty() *reply {
	return &reply{http.StatusOK, http.Header{"Content-Type": {"application/json"}, "Cache-Control": {"no-cache"}}, nil}
}

// notModified turns a 200 into a 304 if the caller has it already: the server's middleware does so for every GET (contract,
// 1.0).
func notModified(r *http.Request, out *reply) *reply {
	tag := out.header.Get("Etag")
	if r.Method != http.MethodGet || tag == "" || r.Header.Get("If-None-Match") != tag {
		return out
	}
	out.header.Del("Content-Type")
	return &reply{http.StatusNotModified, out.header, nil}
}

// refuse returns an error that the application itself answers (contract, section 3).
func refuse(status int, body any) *reply {
	return &reply{status, http.Header{"Content-Type": {jsonType}, "Cache-Control": {"no-cache"}}, encode(body)}
}

func unauthorized(text string) *reply { return refuse(http.StatusUnauthorized, errorText(text)) }

func notFound() *reply { return refuse(http.StatusNotFound, errorText("Resource could not be found")) }

func unprocessable(text string) *reply {
	return refuse(http.StatusUnprocessableEntity, errorText(text))
}

// invalidRecord returns the refusal of an invalid record, with the attributes that are wrong.
func invalidRecord(message string, attributes ...string) *reply {
	return refuse(http.StatusUnprocessableEntity, struct {
		Message    string   `json:"message"`
		Attributes []string `json:"attributes"`
	}{message, attributes})
}

func errorText(text string) map[string]string { return map[string]string{"error": text} }

// internalError returns the answer for an uncaught failure: JSON, because the routes say so.
func internalError() *reply {
	return &reply{http.StatusInternalServerError, http.Header{"Content-Type": {jsonFailureType}},
		[]byte(`{"status":500,"error":"Internal Server Error"}`)}
}

// tooManyRequests returns the answer of the throttle in front of the application, without Retry-After (contract, section 3).
func tooManyRequests() *reply {
	return &reply{http.StatusTooManyRequests, http.Header{"Content-Type": {"text/plain"}}, []byte("Retry later\n")}
}

// failure returns the answer for a failure before routing. The Accept header decides its form: a browser gets the page
// public/<status>.html, which exists for 404 but not for 400 (contract, 3).
func failure(r *http.Request, status int) *reply {
	text := http.StatusText(status)
	if wantsJSON(r.Header.Get("Accept")) {
		return &reply{status, http.Header{"Content-Type": {jsonFailureType}},
			fmt.Appendf(nil, `{"status":%d,"error":%q}`, status, text)}
	}
	var page bytes.Buffer
	if status == http.StatusNotFound {
		fmt.Fprintf(&page, "<!DOCTYPE html>\n<html><head><title>%d %s</title></head></html>\n", status, text)
	}
	return &reply{status, http.Header{"Content-Type": {htmlType}}, page.Bytes()}
}

// wantsJSON reports whether an Accept header asks for JSON. One that lists */* among others is treated as a browser's
// (unseen).
func wantsJSON(accept string) bool {
	first, _, list := strings.Cut(accept, ",")
	if list && strings.Contains(accept, "*/*") {
		return false
	}
	media, _, _ := strings.Cut(first, ";")
	return strings.TrimSpace(media) == "application/json"
}

// write sends a reply.
func (r *reply) write(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body)
}
