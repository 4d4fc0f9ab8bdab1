package cfchat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// downloadsOver returns messages whose files are downloaded over a transport.
func downloadsOver(t *testing.T, transport http.RoundTripper, options ...func(*cfchat.Config)) cfchat.MessagesService {
	return trial.Chat(t, transport, append([]func(*cfchat.Config){func(c *cfchat.Config) {
		c.Downloads, c.Server, c.Retry = transport, "http://127.0.0.1", cfchat.Retry{}
	}}, options...)...).Account(trial.AccountID).Messages
}

type brokenBody struct{ io.Reader }

func (brokenBody) Close() error { return nil }

type thenFails struct{}

func (thenFails) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// brokenReply returns a response whose body breaks off.
func brokenReply(status int, all int64, some string, headers map[string]string) *http.Response {
	resp := trial.Reply(status, "text/plain", "")
	resp.ContentLength = all
	resp.Body = brokenBody{io.MultiReader(strings.NewReader(some), thenFails{})}
	for k, v := range headers {
		resp.Header.Set(k, v)
	}
	return resp
}

// fileReply returns a storage's response.
func fileReply(status int, body string, headers map[string]string) *http.Response {
	resp := trial.Reply(status, "text/plain", body)
	resp.ContentLength = int64(len(body))
	for k, v := range headers {
		resp.Header.Set(k, v)
	}
	return resp
}

// TestDownloadIsTheFile checks that Download returns an error or writes exactly the file: nothing else that a storage sends
// may pass for it.
func TestDownloadIsTheFile(t *testing.T) {
	const file = "0123456789"
	tag := map[string]string{"Etag": `"one"`}
	for name, c := range map[string]struct {
		size    int64
		answers []*http.Response
		want    string
	}{
		"the whole file sent as a part": {10, []*http.Response{
			brokenReply(200, 10, file[:4], tag), fileReply(206, file, map[string]string{"Etag": `"one"`, "Content-Range": "bytes 4-9/10"}),
		}, file},
		"a part that runs past the end": {10, []*http.Response{
			brokenReply(200, 10, file[:4], tag), fileReply(206, file[4:]+"trailer", map[string]string{"Etag": `"one"`, "Content-Range": "bytes 4-9/10"}),
		}, file},
		"weak tags differ, same second": {10, []*http.Response{
			brokenReply(200, 10, file[:4], map[string]string{"Etag": `W/"one"`, "Last-Modified": "Sat, 28 Nov 2026 10:00:00 GMT"}),
			fileReply(206, "abcdef", map[string]string{"Etag": `W/"two"`, "Last-Modified": "Sat, 28 Nov 2026 10:00:00 GMT", "Content-Range": "bytes 4-9/10"}),
		}, file},
		"gzip unasked for":           {0, []*http.Response{fileReply(200, "\x1f\x8bGZIPPED", map[string]string{"Content-Encoding": "gzip"})}, file},
		"a page instead of the file": {10, []*http.Response{fileReply(200, "<html>log in</html>", map[string]string{"Content-Type": "text/html"})}, file},
		"shorter than the file":      {10, []*http.Response{fileReply(200, "012", nil)}, file},
		"empty":                      {10, []*http.Response{fileReply(200, "", nil)}, file},
		"longer, without length":     {10, []*http.Response{replyOfNoLength(file + "more")}, file},
		"multipart/byteranges":       {10, []*http.Response{brokenReply(200, 10, file[:4], tag), fileReply(206, "--x\r\nContent-Range: bytes 4-9/10\r\n\r\n456789\r\n--x--", map[string]string{"Etag": `"one"`, "Content-Type": "multipart/byteranges; boundary=x"})}, file},
		"unasked part":               {10, []*http.Response{fileReply(206, file[:5], map[string]string{"Etag": `"one"`, "Content-Range": "bytes 0-4/5"}), fileReply(206, file[5:], map[string]string{"Etag": `"one"`, "Content-Range": "bytes 5-9/10"})}, file},
		"unasked part, unknown":      {0, []*http.Response{fileReply(206, file[:5], map[string]string{"Content-Range": "bytes 0-4/*"})}, file},
		"no length, then a part that is not the rest": {0, []*http.Response{
			brokenReply(200, -1, file[:4], tag), fileReply(206, file[4:7], map[string]string{"Etag": `"one"`, "Content-Range": "bytes 4-6/10"}),
		}, file},
		"negative first":          {0, []*http.Response{fileReply(206, file, map[string]string{"Content-Range": "bytes -0-9/10"})}, file},
		"206 with another length": {0, []*http.Response{brokenReply(200, 10, file[:4], tag), fileReply(206, file[4:8], map[string]string{"Etag": `"one"`, "Content-Range": "bytes 4-7/*"}), fileReply(206, file[8:], map[string]string{"Etag": `"one"`, "Content-Range": "bytes 8-9/10"})}, file},
	} {
		synctest.Test(t, func(t *testing.T) {
			i := 0
			var got bytes.Buffer
			n, err := downloadsOver(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
				if i++; i > len(c.answers) {
					return nil, errors.New("unexpected request")
				}
				return c.answers[i-1], nil
			})).Download(t.Context(), &cfchat.Attachment{DataURL: new("http://127.0.0.1/a"), FileSize: new(c.size)}, &got)
			if err == nil && got.String() != c.want {
				t.Errorf("%s: %d bytes, %q, and no error", name, n, &got)
			}
		})
	}
}

// replyOfNoLength returns a response that does not state its length.
func replyOfNoLength(s string) *http.Response {
	r := fileReply(200, s, nil)
	r.ContentLength = -1
	return r
}

// TestDownloadAddressInErrors checks that a signed address appears neither in the text of an error nor in what errors.As
// finds.
func TestDownloadAddressInErrors(t *testing.T) {
	const secret = "s1gned-s1gned"
	for name, c := range map[string]func(*http.Request) (*http.Response, error){
		"bad location": func(*http.Request) (*http.Response, error) {
			return fileReply(302, "", map[string]string{"Location": "http://a b/%zz?" + secret}), nil
		},
		"inner url.Error": func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("gateway: %w", &url.Error{Op: "Get", URL: req.URL.String(), Err: io.EOF})
		},
		"relative path in error": func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("malformed HTTP response %q", "GET "+req.URL.RequestURI())
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := downloadsOver(t, trial.RoundTripper(c)).Download(t.Context(), &cfchat.Attachment{DataURL: new("http://127.0.0.1/a?signature=" + secret)}, io.Discard)
			var u *url.Error
			if err == nil || strings.Contains(err.Error(), secret) || errors.As(err, &u) && strings.Contains(u.Error(), secret) {
				t.Errorf("%s: %v; %v", name, err, u)
			}
			for _, v := range []string{"%v", "%+v", "%#v"} {
				if strings.Contains(fmt.Sprintf(v, err), secret) {
					t.Errorf("%s: %s shows the address", name, v)
				}
			}
		})
	}
}

type closing struct {
	io.Reader
	closed chan struct{}
}

func (c closing) Close() error { close(c.closed); return nil }

// TestDownloadClosesLateAnswer checks that a response that arrives after the caller has given up is closed.
func TestDownloadClosesLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over, closed := make(chan struct{}), make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err := downloadsOver(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			<-over
			r := fileReply(200, "x", nil)
			r.Body = closing{strings.NewReader("x"), closed}
			return r, nil
		})).Download(ctx, &cfchat.Attachment{DataURL: new("http://127.0.0.1/a")}, io.Discard)
		close(over)
		select {
		case <-closed:
		case <-time.After(2 * time.Second):
			t.Errorf("after %v the body of the late response stays open", err)
		}
	})
}

// slowly is a writer that takes longer than Config.Timeout.
func slowly(p []byte) (int, error) {
	time.Sleep(150 * time.Millisecond)
	return len(p), nil
}

// TestDownloadSlowWriter checks that a slow writer is not mistaken for a silent server.
func TestDownloadSlowWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, err := downloadsOver(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return fileReply(200, strings.Repeat("x", 100<<10), nil), nil
		}), func(c *cfchat.Config) { c.Timeout = 50 * time.Millisecond }).Download(t.Context(), &cfchat.Attachment{DataURL: new("http://127.0.0.1/a")}, writer(slowly))
		if err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	})
}

// TestDownloadSlowWriterOverNet checks the same over net/http, with one try and with three.
func TestDownloadSlowWriterOverNet(t *testing.T) {
	for name, tries := range map[string]int{"one try": 1, "three": 3} {
		synctest.Test(t, func(t *testing.T) {
			n, err := downloadsOver(t, inMemory(t, func(w http.ResponseWriter, r *http.Request) {
				http.ServeContent(w, r, "", time.Unix(1e9, 0), strings.NewReader(strings.Repeat("x", 300<<10)))
			}), func(c *cfchat.Config) {
				c.Timeout, c.Retry.MaxTries = 100*time.Millisecond, tries
			}).Download(t.Context(), &cfchat.Attachment{DataURL: new("http://127.0.0.1/a")}, writer(slowly))
			if err != nil {
				t.Errorf("%s: %d bytes, Canceled %t: %v", name, n, errors.Is(err, context.Canceled), err)
			}
		})
	}
}

// inMemory returns a net/http transport to a net/http server over in-memory connections, which lasts until the end of the
// test.
func inMemory(t *testing.T, h http.HandlerFunc) http.RoundTripper {
	t.Helper()
	conns := make(pipes)
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(conns) }()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		conns <- theirs
		return ours, nil
	}}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return transport
}

// pipes is a listener that is handed its connections.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// TestDownloadRedirectHeaders checks that redirects are followed with at most three headers.
func TestDownloadRedirectHeaders(t *testing.T) {
	var seen []http.Header
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Clone())
		if r.URL.Path == "/1" {
			http.Redirect(w, r, "/2?x=1", http.StatusFound)
			return
		}
		if r.URL.Path == "/2" {
			http.Redirect(w, r, "http://localhost:"+strings.Split(r.Host, ":")[1]+"/3", http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, "x")
	})
	server := httptest.NewServer(h)
	defer server.Close()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	_, err := downloadsOver(t, transport).Download(t.Context(), &cfchat.Attachment{DataURL: new(strings.Replace(server.URL, "//", "//user:pass@", 1) + "/1?signature=s")}, io.Discard)
	for i, header := range seen {
		if header.Get("Referer") != "" || i == 2 && header.Get("Authorization") != "" || len(header) > 3 && header.Get("Authorization") == "" {
			t.Errorf("request %d has the headers %v", i, header)
		}
	}
	if err != nil || len(seen) != 3 {
		t.Errorf("%v after %d requests", err, len(seen))
	}
}
