package recordings

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/release"
)

// Recorder writes the exchanges of a test, each to a file that [In] reads. Its transports are safe for concurrent use.
type Recorder struct {
	t       testing.TB
	folder  string
	account int64
	keys    *keys

	mu       sync.Mutex
	sequence int
	named    map[string]int // how often each name was used
}

// NewRecorder returns a recorder that writes to dir/version. The account is that of requests whose address names none; the
// keys, by role, are those that requests may carry. The test fails for anything that cannot be recorded properly: a folder
// with files, because a mixture of two runs records neither, and an invalid version, which the server reports.
func NewRecorder(t testing.TB, dir, version string, account int64, byRole map[string]string) *Recorder {
	t.Helper()
	folder := filepath.Join(dir, version)
	known, err := keysOf(byRole)
	switch {
	case err != nil:
	case release.Of(version).IsZero() || strings.ContainsAny(version, `/\`):
		err = fmt.Errorf("the server reports the version %q, which cannot be the name of a folder", version)
	default:
		err = makeEmpty(folder)
	}
	if err != nil {
		t.Fatalf("recordings: %v", err)
	}
	return &Recorder{t: t, folder: folder, account: account, keys: known, named: map[string]int{}}
}

// makeEmpty creates a folder, and refuses an existing one that is not empty.
func makeEmpty(folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	files, err := os.ReadDir(folder)
	if err == nil && len(files) > 0 {
		err = fmt.Errorf("%s has files already, which are not overwritten; name another folder, or remove it", folder)
	}
	return err
}

// Over returns a transport that sends with next and records the answers. The names of the files start with about, which
// distinguishes the parts of a test.
func (r *Recorder) Over(next http.RoundTripper, about string) http.RoundTripper {
	return recording{r, next, dashed(about)}
}

// recording is the transport for one part of a test.
type recording struct {
	*Recorder

	next  http.RoundTripper
	about string
}

// RoundTrip sends a request and writes the exchange; it reads the whole answer before the caller gets it. A request without
// a whole answer is not recorded, and neither is one that is not in openapi.yaml, because it has no name. Failing to write
// fails the test, not the request.
func (r recording) RoundTrip(req *http.Request) (*http.Response, error) {
	again, sent, err := readRequest(req)
	if err != nil {
		return nil, err
	}
	resp, err := r.next.RoundTrip(again)
	if err != nil {
		return nil, err
	}
	answered, whole := readAnswer(resp)
	op := operation.Of(req)
	switch {
	case !whole:
	case !op.Known():
		r.t.Logf("%s is not recorded: openapi.yaml does not have it", op)
	default:
		if err := r.record(r.exchange(op, req, sent, answered), r.about); err != nil {
			r.t.Errorf("%s is not recorded: %v", op, err)
		}
	}
	return resp, nil
}

// readRequest reads a request, and returns one that still has its body.
func readRequest(req *http.Request) (*http.Request, Request, error) {
	sent := Request{Method: req.Method, Headers: picked(req.Header, "Accept", "Content-Type")}
	if req.Body == nil || req.Body == http.NoBody {
		return req, sent, nil
	}
	data, err := io.ReadAll(req.Body)
	if closing := req.Body.Close(); err == nil {
		err = closing
	}
	sent.Body = new(string(data))
	again := *req // a RoundTripper must not change the request
	again.Body = io.NopCloser(bytes.NewReader(data))
	return &again, sent, err
}

// readAnswer reads an answer and restores its body. If the body is truncated, the caller gets the error at the same place.
func readAnswer(resp *http.Response) (answered Response, whole bool) {
	data, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close() // it was only read
	var again io.Reader = bytes.NewReader(data)
	if err != nil {
		again = io.MultiReader(again, broken{err})
	}
	resp.Body = io.NopCloser(again)
	headers := picked(resp.Header, "content-type", "etag", "cache-control")
	return Response{resp.StatusCode, headers, string(data)}, err == nil
}

// broken is the end of a truncated body.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// exchange assembles the recording of an exchange, without the server's address and with roles in place of keys.
func (r *Recorder) exchange(op *operation.Operation, req *http.Request, sent Request, answered Response) Exchange {
	steps := operation.Steps(req.URL.EscapedPath())
	steps = steps[len(steps)-len(operation.Steps(op.Path)):] // the server may live below any path
	e := Exchange{Called: op.Documented(), Account: r.account, Request: sent, Response: answered}
	e.Request.Path = "/" + strings.Join(steps, "/")
	if req.URL.RawQuery != "" {
		e.Request.Path += "?" + req.URL.RawQuery
	}
	for name, value := range op.Values(steps) {
		if id, err := strconv.ParseInt(value, 10, 64); err == nil && name == "account_id" {
			e.Account = id
		}
	}
	role, value := r.keys.sent(req.Header)
	e.As = role
	if value != nil {
		e.Request.Headers[auth.HeaderUnderscore] = *value // as documented, however it was spelled when sent
	}
	return e
}

// picked returns the headers with these names, spelled as given.
func picked(header http.Header, names ...string) map[string]string {
	found := map[string]string{}
	for _, name := range names {
		if values := header.Values(name); len(values) > 0 {
			found[name] = strings.Join(values, ", ")
		}
	}
	return found
}

// record writes the next exchange, under a unique name.
func (r *Recorder) record(e Exchange, about string) error {
	if err := r.keys.conceal(&e); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sequence++
	e.Sequence = r.sequence
	e.Name = strings.Trim(about+"-"+dashed(e.Called), "-")
	r.named[e.Name]++
	if n := r.named[e.Name]; n > 1 {
		e.Name += "-" + strconv.Itoa(n)
	}
	return write(r.folder, e)
}

// dashed returns words in lower case, joined by dashes, for the name of a file.
func dashed(words string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(words), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}), "-")
}
