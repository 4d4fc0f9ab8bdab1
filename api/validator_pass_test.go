package api_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/cfchat/cfchat-go/api"
)

// answered returns a Validator in front of a transport that returns one answer.
func answered(resp *http.Response, err error) *api.Validator {
	return &api.Validator{Base: transport(func(*http.Request) (*http.Response, error) { return resp, err })}
}

// body is an answer's body that counts how often it is closed.
type body struct {
	io.Reader
	closed int
}

func (b *body) Close() error {
	b.closed++
	return errClosed
}

var (
	errClosed = errors.New("closing failed")
	errCut    = errors.New("the connection broke")
)

// streamed returns an answer with the given body and without a length.
func streamed(r io.Reader) (*http.Response, *body) {
	b := &body{Reader: r}
	resp := reply(200, "application/json", "")
	resp.Body, resp.ContentLength = b, -1
	return resp, b
}

// TestBodiesPass checks that bodies are passed on unchanged, with their errors, and that only complete ones are validated.
func TestBodiesPass(t *testing.T) {
	t.Parallel()
	wrong := `{"plan":1}`
	large := `{"plan":"` + strings.Repeat("x", 10<<20) + `"}`
	unchecked := []string{"conversationListMeta response: unchecked, found more than 10 MiB, once"}
	missing := []string{"conversationListMeta response meta: missing, expected object, once", "conversationListMeta response plan: unknown, found integer, once"}
	for name, c := range map[string]struct {
		come io.Reader
		read int64 // bytes
		text string
		err  error
		want []string
	}{
		"whole":            {strings.NewReader(wrong), -1, wrong, nil, missing},
		"byte by byte":     {iotest.OneByteReader(strings.NewReader(wrong)), -1, wrong, nil, missing},
		"the end at once":  {iotest.DataErrReader(strings.NewReader(wrong)), -1, wrong, nil, missing},
		"up to the end":    {strings.NewReader(wrong), int64(len(wrong)), wrong, nil, missing},
		"half read":        {strings.NewReader(wrong), 5, wrong[:5], nil, nil},
		"not read":         {strings.NewReader(wrong), 0, "", nil, nil},
		"cut":              {io.MultiReader(strings.NewReader(wrong), iotest.ErrReader(errCut)), -1, wrong, errCut, nil},
		"large":            {strings.NewReader(large), -1, large, nil, unchecked},
		"large, half read": {strings.NewReader(large), 1 << 20, large[:1<<20], nil, nil},
	} {
		came, b := streamed(c.come)
		validator := answered(came, nil)
		resp, err := validator.RoundTrip(get(t, "/meta"))
		if err != nil {
			t.Fatal(err)
		}
		var r io.Reader = resp.Body
		if c.read >= 0 {
			r = io.LimitReader(r, c.read)
		}
		text, err := io.ReadAll(r)
		if string(text) != c.text || !errors.Is(err, c.err) {
			t.Errorf("%s: read %d bytes and %v", name, len(text), err)
		}
		if err := resp.Body.Close(); err != errClosed || b.closed != 1 {
			t.Errorf("%s: closed %d times: %v", name, b.closed, err)
		}
		if got := texts(validator.Findings()); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %q", name, got)
		}
		if came.Body != b {
			t.Errorf("%s: the transport's own answer was changed", name)
		}
	}
}

// TestErrorsPass checks that the transport's error is passed on unchanged, and so is an answer without a body.
func TestErrorsPass(t *testing.T) {
	if resp, err := answered(nil, errCut).RoundTrip(get(t, "")); resp != nil || err != errCut {
		t.Errorf("got %v and %v", resp, err)
	}
	none := &http.Response{StatusCode: 200}
	if resp, err := answered(none, nil).RoundTrip(get(t, "")); resp != none || err != nil {
		t.Errorf("got %v and %v", resp, err)
	}
}

// TestCompressedAnswers checks that gzip is validated and passed on unchanged, and that the unpacked size is limited.
func TestCompressedAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		compressed     []byte
		encoding, want string
	}{
		"wrong": {zipped(t, `{"plan":1}`), "gzip",
			"conversationListMeta response meta: missing, expected object, once\nconversationListMeta response plan: unknown, found integer, once"},
		"right":   {zipped(t, counts), "GZIP", ""},
		"large":   {bytes.Repeat(zipped(t, strings.Repeat(" ", 1<<20)), 11), "gzip", "conversationListMeta response: unchecked, found more than 10 MiB, once"},
		"no gzip": {[]byte(counts), "gzip", "conversationListMeta response: body, expected JSON, found something else, once"},
		"none":    {[]byte(counts), "identity", ""},
		"another": {zipped(t, counts), "br", "conversationListMeta response: unchecked, found another compression than gzip, once"},
	} {
		resp, _ := streamed(bytes.NewReader(c.compressed))
		resp.Header.Set("Content-Encoding", c.encoding)
		validator := answered(resp, nil)
		resp, err := validator.RoundTrip(get(t, "/meta"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Header.Del("Content-Encoding") // as a caller that decompresses it does
		if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, c.compressed) {
			t.Errorf("%s: the body was changed: %v", name, err)
		}
		if got := texts(validator.Findings()); !slices.Equal(got, lines(c.want)) {
			t.Errorf("%s: found %q", name, got)
		}
	}
}

// TestLargest checks that bodies of up to 10 MiB are validated, compressed or not, and that one more byte is reported as
// unchecked.
func TestLargest(t *testing.T) {
	t.Parallel()
	const largest = 10 << 20
	gzip := func(text string) *http.Response {
		resp := reply(200, "application/json", string(zipped(t, text)))
		resp.Header.Set("Content-Encoding", "gzip")
		return resp
	}
	once := post(t, "/filter", "")
	for name, c := range map[string]struct {
		text string // a valid body, which is padded with blanks
		find func(text string) []api.Finding
	}{
		"an answer": {counts, func(text string) []api.Finding {
			return exchanged(t, get(t, "/meta"), func(*http.Request) *http.Response { return reply(200, "application/json", text) })
		}},
		"an answer in gzip": {counts, func(text string) []api.Finding {
			return exchanged(t, get(t, "/meta"), func(*http.Request) *http.Response { return gzip(text) })
		}},
		"a request": {`{"payload":[]}`, func(text string) []api.Finding {
			return exchanged(t, post(t, "/filter", text), func(*http.Request) *http.Response { return reply(404, "text/html", "") })
		}},
		"a request that can be read once": {`{"payload":[]}`, func(text string) []api.Finding {
			once.Body, once.GetBody = io.NopCloser(strings.NewReader(text)), nil
			return exchanged(t, once, func(*http.Request) *http.Response { return reply(404, "text/html", "") })
		}},
	} {
		text := c.text + strings.Repeat(" ", largest-len(c.text))
		if got := c.find(text); len(got) != 0 {
			t.Errorf("%s of 10 MiB: %v", name, got)
		}
		if got := c.find(text + " "); len(got) != 1 || got[0].Kind != api.KindUnchecked || got[0].Found != "more than 10 MiB" {
			t.Errorf("%s of 10 MiB and one byte: %v", name, got)
		}
	}
}

func zipped(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRequestBodiesPass checks that the caller's body is sent unchanged, whether it can be read twice or only once.
func TestRequestBodiesPass(t *testing.T) {
	t.Parallel()
	const text = `{"payload":{}}`
	large := `{"payload":"` + strings.Repeat("x", 10<<20) + `"}`
	for name, c := range map[string]struct {
		text, want string
		once       bool
	}{
		"twice":        {text, "conversationFilter request payload: type, expected array, found object, once", false},
		"once":         {text, "conversationFilter request payload: type, expected array, found object, once", true},
		"large, twice": {large, "conversationFilter request: unchecked, found more than 10 MiB, once", false},
		"large, once":  {large, "conversationFilter request: unchecked, found more than 10 MiB, once", true},
	} {
		req := post(t, "/filter", c.text)
		if c.once {
			req.GetBody = nil
		}
		given := *req
		var sent []byte
		validator := &api.Validator{Base: roundTrip(func(r *http.Request) (*http.Response, error) {
			sent, _ = io.ReadAll(r.Body)
			return reply(404, "text/html", ""), r.Body.Close()
		})}
		if _, err := validator.RoundTrip(req); err != nil || string(sent) != c.text {
			t.Errorf("%s: %d bytes were sent: %v", name, len(sent), err)
		}
		if got := texts(validator.Findings()); !slices.Equal(got, lines(c.want)) {
			t.Errorf("%s: found %q", name, got)
		}
		if req.Body != given.Body || req.URL != given.URL {
			t.Errorf("%s: the request was changed", name)
		}
	}
}

// roundTrip is a transport that does not read the request's body.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// idler is a transport that counts how often it is asked to close connections.
type idler struct {
	http.RoundTripper

	closed int
}

func (i *idler) CloseIdleConnections() { i.closed++ }

// TestCloseIdleConnections checks that the call is passed on to a transport that supports it, and does nothing for another.
func TestCloseIdleConnections(t *testing.T) {
	base := &idler{}
	(&http.Client{Transport: &api.Validator{Base: base}}).CloseIdleConnections()
	if base.closed != 1 {
		t.Errorf("closed %d times", base.closed)
	}
	answered(nil, errCut).CloseIdleConnections()
}

// TestZeroValidator uses a zero Validator over net/http, which compresses, from many goroutines.
func TestZeroValidator(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		text := []byte(`{"plan":1,` + counts[1:])
		if r.Header.Get("Accept-Encoding") == "gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			text = zipped(t, string(text))
		}
		_, _ = w.Write(text)
	}))
	defer server.Close()
	validator := &api.Validator{}
	client := &http.Client{Transport: validator}
	defer client.CloseIdleConnections()
	const calls = 20
	var group sync.WaitGroup
	for range calls {
		group.Go(func() {
			resp, err := client.Get(server.URL + "/api/v1/accounts/1/conversations/meta")
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			if text, err := io.ReadAll(resp.Body); err != nil || !strings.HasPrefix(string(text), `{"plan"`) || !resp.Uncompressed {
				t.Errorf("got %s, %v", text, err)
			}
			_ = validator.Findings()
		})
	}
	group.Wait()
	got := validator.Findings()
	if len(got) != 1 || got[0].Path != "plan" || got[0].Count != calls {
		t.Errorf("found %v", got)
	}
	resp, err := client.Head(server.URL + "/api/v1/accounts/1/conversations/meta")
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("HEAD: %v, %v", resp, err)
	}
	defer resp.Body.Close()
}

// TestManyFindings checks that the number of findings is limited, and the rest is counted.
func TestManyFindings(t *testing.T) {
	var b strings.Builder
	b.WriteString(counts[:len(counts)-1])
	for i := range 1500 {
		fmt.Fprintf(&b, `,"a%d":1`, i)
	}
	b.WriteString("}")
	text := b.String()
	got := exchanged(t, get(t, "/meta"), func(*http.Request) *http.Response { return reply(200, "application/json", text) })
	all, rest := 0, 0
	for _, f := range got {
		all += f.Count
		if f.Kind == api.KindMore {
			rest += f.Count
		}
	}
	if len(got) != 1001 || all != 1500 || rest != 500 {
		t.Errorf("got %d findings, %d occurrences, %d of them only counted", len(got), all, rest)
	}
}

// TestBombs checks that a gzip bomb is not unpacked completely.
func TestBombs(t *testing.T) {
	bomb, _ := streamed(bytes.NewReader(bytes.Repeat(zipped(t, strings.Repeat(" ", 1<<20)), 64)))
	bomb.Header.Set("Content-Encoding", "gzip")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, err := answered(bomb, nil).RoundTrip(get(t, "/meta"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 128<<20 { // a buffer that grows to 10 MiB allocates about 50 in total
		t.Errorf("an answer of 64 MiB allocated %d MiB", used>>20)
	}
}

// FuzzAnswer checks that any answer is passed on unchanged.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{counts, empty, `[`, `[[[]]]`, `{"data":[]}`, `{"data":{"payload":[{"meta":{"sender":null}}]}}`, "\x1f\x8b", `1e999`, ``} {
		f.Add(200, "application/json", "", []byte(text))
		f.Add(422, "application/json", "gzip", []byte(text))
	}
	f.Fuzz(func(t *testing.T, status int, contentType, encoding string, text []byte) {
		resp, b := streamed(bytes.NewReader(text))
		resp.StatusCode = status
		resp.Header = http.Header{"Content-Type": {contentType}, "Content-Encoding": {encoding}}
		resp, err := answered(resp, nil).RoundTrip(get(t, ""))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%d bytes became %d: %v", len(text), len(got), err)
		}
		if _ = resp.Body.Close(); b.closed != 1 {
			t.Errorf("closed %d times", b.closed)
		}
	})
}
