package cfchattest

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// storage is the prefix of the addresses of files: that of a blob redirects to one on the disk, which expires on a real
// server but not here. Neither needs a key (contract, W1.1).
const storage = "/rails/active_storage/"

// storedFile is a file that was sent with a message.
type storedFile struct {
	*upload

	at time.Time
}

// keepFile stores a file and returns its address below a server's base address.
func (s *state) keepFile(id int64, file *upload, base string) string {
	s.files[id] = &storedFile{file, s.clock().UTC().Truncate(time.Second)}
	return fmt.Sprintf("%s%sblobs/redirect/%d/%s", base, storage, id, url.PathEscape(file.name))
}

// dropFiles removes the files of a message.
func (s *state) dropFiles(m *message) {
	for _, a := range m.attachments {
		if id, ok := a["id"].(int64); ok {
			delete(s.files, id)
		}
	}
}

// baseOf returns the address that a request was sent to, which the server regards as its own.
func baseOf(r *http.Request) string {
	scheme := "http"
	if r.URL.Scheme == "https" || r.TLS != nil {
		scheme = "https"
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	return scheme + "://" + host
}

// isStorage reports whether a request is for a file.
func isStorage(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, storage) && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// file answers a request for a file. A missing file is a 404, whose media type depends on the layer that answers (as
// recorded).
func (s *Server) file(r *http.Request) *reply {
	steps := operation.Steps(strings.TrimPrefix(r.URL.EscapedPath(), storage))
	kind := "text/html"
	if steps[0] == "disk" {
		kind, steps = "text/plain", append([]string{"", ""}, steps[1:]...)
	}
	none := &reply{http.StatusNotFound, http.Header{"Content-Type": {kind}}, nil}
	if len(steps) != 4 || kind == "text/html" && (steps[0] != "blobs" || steps[1] != "redirect") {
		return none
	}
	id, err := strconv.ParseInt(steps[2], 10, 64)
	stored := s.state.files[id]
	switch {
	case err != nil || stored == nil:
		return none
	case kind == "text/plain":
		return stored.answer(r)
	}
	to := fmt.Sprintf("%s%sdisk/%d/%s", baseOf(r), storage, id, url.PathEscape(stored.name))
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	return &reply{http.StatusFound, http.Header{"Location": {to}, "Content-Type": {"text/html; charset=utf-8"}}, nil}
}

// answer returns the file, or the requested part of it. A type that a browser would execute is sent as bytes to download.
func (f *storedFile) answer(r *http.Request) *reply {
	kind, place := f.kind, "attachment"
	switch {
	case f.kind == "text/html":
		kind = "application/octet-stream"
	case strings.HasPrefix(f.kind, "image/"), f.kind == "application/pdf", r.URL.Query().Get("disposition") == "inline":
		place = "inline"
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", fmt.Sprintf("%s; filename=%q; filename*=UTF-8''%s", place, asciiOf(f.name), url.PathEscape(f.name)))
	http.ServeContent(w, r, "", f.at, bytes.NewReader(f.data))
	return &reply{w.Code, w.Header(), w.Body.Bytes()}
}

// asciiOf returns a name in ASCII. The server transliterates better: e for é.
func asciiOf(name string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return '?'
		}
		return c
	}, name)
}
