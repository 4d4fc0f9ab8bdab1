package api

import (
	"mime"
	"net/http"
	"slices"
	"strings"
)

// ownStatuses are the statuses of the server's own failures; see openapi.yaml and its ErrorBody. All others are a proxy's,
// or plain text.
var ownStatuses = []int{
	http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusInternalServerError,
}

// watchAnswer returns an answer whose body is compared while it is read. An answer to HEAD has no body, and no operation.
func (c call) watchAnswer(resp *http.Response, report reporter) *http.Response {
	report = report.in(InResponse)
	if c.described == nil || resp.Body == nil {
		return resp
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	isJSON := kind == mediaJSON || strings.HasSuffix(kind, "+json")
	encoding := resp.Header.Get("Content-Encoding") // read it now: whoever decompresses the body deletes it
	var ended func(kept)
	switch status := resp.StatusCode; {
	case status == http.StatusOK && c.answer == nil:
	case status == http.StatusOK && isJSON:
		ended = func(body kept) { body.check(c.answer, encoding, report) }
	case status == http.StatusOK:
		report(Finding{Kind: KindBody, Expected: mediaJSON, Found: mediaName(kind)})
	case status/100 == 2:
		report(Finding{Kind: KindStatus, Expected: "200", Found: "another 2xx"})
	case slices.Contains(ownStatuses, status) && isJSON:
		ended = func(body kept) { body.checkFailure(c.failure, encoding, report) }
	}
	if ended == nil {
		return resp
	}
	watched := *resp // a caching transport may return the same answer again
	watched.Body = keep(resp.Body, ended)
	return &watched
}

// mediaName returns a media type that cannot be a secret.
func mediaName(kind string) string {
	switch kind {
	case "":
		return "no content type"
	case mediaJSON, "text/html", "text/plain", "application/xml", "text/xml", "application/octet-stream", "application/x-www-form-urlencoded":
		return kind
	}
	return "another content type"
}
