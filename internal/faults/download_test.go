package faults_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// secretAddress is an attachment's address, with the part of it that no error may show.
const (
	signature     = "s1gned-s1gned-s1gned"
	secretAddress = "http://127.0.0.1/rails/active_storage/" + signature + "/a.txt?signature=" + signature
)

// theFile is the file that is downloaded.
var theFile = strings.Repeat("0123456789abcdef", 20<<10/16)

const (
	tag      = "Etag: \"one\""
	modified = "Last-Modified: Sat, 28 Nov 2026 10:00:00 GMT"
)

// storageStep is a file server's answer to one request.
type storageStep struct {
	status  int
	headers []string
	body    string
	cut     int           // the connection breaks after this many bytes; 0: never, -1: before the first
	pause   time.Duration // before the head
	hang    bool          // after the bytes that are sent
	endless bool          // the body ends with the connection, and no length is sent
}

func (s storageStep) step() step {
	out := says(s.status, "text/plain", s.body, s.headers...)
	head, body, _ := strings.Cut(out.bytes, "\r\n\r\n")
	if s.cut != 0 {
		out = step{bytes: head + "\r\n\r\n" + body[:max(s.cut, 0)], after: closed}
	}
	if s.hang {
		out.after = silent
	}
	if s.endless {
		out = step{bytes: strings.Replace(out.bytes, fmt.Sprintf("Content-Length: %d\r\n", len(s.body)), "", 1), after: closed}
	}
	out.pause = s.pause
	return out
}

// whole answers with the whole file; if cut is not 0, the connection breaks after that many bytes.
func whole(cut int, headers ...string) storageStep {
	return storageStep{status: 200, headers: headers, body: theFile, cut: cut}
}

// rest answers with the file from a given byte on.
func rest(from, cut int, headers ...string) storageStep {
	place := fmt.Sprintf("Content-Range: bytes %d-%d/%d", from, len(theFile)-1, len(theFile))
	return storageStep{status: 206, headers: append([]string{place}, headers...), body: theFile[from:], cut: cut}
}

// TestF10Download plays each fault: no byte is written twice, two files are never mixed, and no error shows an address.
func TestF10Download(t *testing.T) {
	elsewhere := func(address string) storageStep {
		return storageStep{status: 302, headers: []string{"Location: " + address}}
	}
	type want struct {
		is       error // nil for success
		n        int
		requests int
		ranges   []string // the ranges requested after the first request
		says     string
		took     time.Duration // at least
	}
	all := len(theFile)
	for name, c := range map[string]struct {
		steps []storageStep
		size  int64 // the file's size according to the server
		opts  []cfchat.CallOption
		want  want
	}{
		"whole":                         {[]storageStep{whole(0)}, 0, nil, want{nil, all, 1, nil, "", 0}},
		"after a redirect":              {[]storageStep{elsewhere("/b?signature=" + signature), whole(0)}, 0, nil, want{nil, all, 2, nil, "", 0}},
		"F1 cut, with a tag":            {[]storageStep{whole(5000, tag), rest(5000, 0, tag)}, 0, nil, want{nil, all, 2, []string{`bytes=5000- "one"`}, "", 0}},
		"cut, with a time":              {[]storageStep{whole(5000, modified), rest(5000, 0)}, 0, nil, want{nil, all, 2, []string{"bytes=5000- Sat, 28 Nov 2026 10:00:00 GMT"}, "", 0}},
		"cut twice":                     {[]storageStep{whole(1, tag), rest(1, 7000, tag), rest(7001, 0, tag)}, 0, nil, want{nil, all, 3, []string{`bytes=1- "one"`, `bytes=7001- "one"`}, "", 0}},
		"cut at the last byte":          {[]storageStep{whole(all-1, tag), rest(all-1, 0, tag)}, 0, nil, want{nil, all, 2, nil, "", 0}},
		"cut after a redirect":          {[]storageStep{elsewhere("/b"), whole(5000, tag), elsewhere("/c"), rest(5000, 0, tag)}, 0, nil, want{nil, all, 4, nil, "", 0}},
		"cut every time":                {[]storageStep{whole(10, tag), rest(10, 10, tag), rest(20, 10, tag)}, 0, nil, want{io.ErrUnexpectedEOF, 30, 3, nil, "the body was cut", 0}},
		"cut, and never again":          {[]storageStep{whole(10, tag)}, 0, []cfchat.CallOption{cfchat.WithRetry(cfchat.Retry{MaxTries: 1})}, want{io.ErrUnexpectedEOF, 10, 1, nil, "the body was cut", 0}},
		"F4 cut, and no tag or time":    {[]storageStep{whole(10)}, 0, nil, want{io.ErrUnexpectedEOF, 10, 1, nil, "no ETag or Last-Modified", 0}},
		"cut, and a weak tag":           {[]storageStep{whole(10, `Etag: W/"one"`)}, 0, nil, want{io.ErrUnexpectedEOF, 10, 1, nil, "no ETag or Last-Modified", 0}},
		"F2 cut, and all of it again":   {[]storageStep{whole(5000, tag), whole(0, tag)}, 0, nil, want{nil, all, 2, nil, "", 0}},
		"cut, again, and cut before":    {[]storageStep{whole(5000, tag), whole(100, tag), rest(5000, 0, tag)}, 0, nil, want{nil, all, 3, []string{`bytes=5000- "one"`, `bytes=5000- "one"`}, "", 0}},
		"F3 cut, and changed":           {[]storageStep{whole(5000, tag), whole(0, `Etag: "two"`)}, 0, nil, want{cfchat.ErrDecode, 5000, 2, nil, "has changed since its first 5000 bytes", 0}},
		"cut, and a changed part":       {[]storageStep{whole(5000, modified), rest(5000, 0, "Last-Modified: Sat, 28 Nov 2026 10:00:01 GMT")}, 0, nil, want{cfchat.ErrDecode, 5000, 2, nil, "has changed", 0}},
		"cut, and a part without a tag": {[]storageStep{whole(5000, tag), rest(5000, 0)}, 0, nil, want{cfchat.ErrDecode, 5000, 2, nil, "has changed", 0}},
		"cut, and another length":       {[]storageStep{whole(5000, tag), {status: 200, headers: []string{tag}, body: "x"}}, 0, nil, want{cfchat.ErrDecode, 5000, 2, nil, "has changed", 0}},
		"cut, and another part":         {[]storageStep{whole(5000, tag), rest(4999, 0, tag)}, 0, nil, want{cfchat.ErrDecode, 5000, 2, nil, "not what was requested", 0}},
		"cut, and an invalid part":      {[]storageStep{whole(5000, tag), {status: 206, headers: []string{tag}, body: "x"}}, 0, nil, want{cfchat.ErrDecode, 5000, 2, nil, "not what was requested", 0}},
		"cut, and the end is reached":   {[]storageStep{whole(5000, tag), {status: 416, headers: []string{tag}}}, 0, nil, want{nil, 5000, 2, nil, "416", 0}},
		"cut, and gone":                 {[]storageStep{whole(5000, tag), {status: 404}}, 0, nil, want{cfchat.ErrNotFound, 5000, 2, nil, "404", 0}},
		"cut, and then busy":            {[]storageStep{whole(5000, tag), {status: 503}, rest(5000, 0, tag)}, 0, nil, want{nil, all, 3, nil, "", 0}},
		"cut before a byte":             {[]storageStep{whole(-1), whole(0)}, 0, nil, want{nil, all, 2, []string{}, "", 0}},
		"no length, and short":          {[]storageStep{{status: 200, headers: []string{"Connection: close"}, body: "x", endless: true}}, 2, nil, want{io.ErrUnexpectedEOF, 1, 1, nil, "cut", 0}},
		"no length":                     {[]storageStep{{status: 200, headers: []string{"Connection: close"}, body: "x", endless: true}}, 1, nil, want{nil, 1, 1, nil, "", 0}},
		"404":                           {[]storageStep{{status: 404}}, 0, nil, want{cfchat.ErrNotFound, 0, 1, nil, "404 Not Found", 0}},
		"403, expired":                  {[]storageStep{{status: 403, body: "<Error>" + signature + "</Error>"}}, 0, nil, want{cfchat.ErrForbidden, 0, 1, nil, "403", 0}},
		"401":                           {[]storageStep{{status: 401, body: "You need to sign in or sign up before continuing."}}, 0, nil, want{cfchat.ErrUnauthorized, 0, 1, nil, "401", 0}},
		"204":                           {[]storageStep{{status: 204}}, 0, nil, want{cfchat.ErrDecode, 0, 1, nil, "not what was requested", 0}},
		"500 once":                      {[]storageStep{{status: 500}, whole(0)}, 0, nil, want{nil, all, 2, nil, "", 500 * time.Millisecond}},
		"500":                           {[]storageStep{{status: 500, body: signature}}, 0, nil, want{cfchat.ErrServer, 0, 3, nil, "500", 0}},
		"429":                           {[]storageStep{{status: 429, headers: []string{"Retry-After: 7"}}, whole(0)}, 0, nil, want{nil, all, 2, nil, "", 7 * time.Second}},
		"429 with a long wait":          {[]storageStep{{status: 429, headers: []string{"Retry-After: 700"}}}, 0, nil, want{cfchat.ErrRateLimited, 0, 1, nil, "asks to wait 11m40s", 0}},
		"no answer":                     {[]storageStep{{status: 200, pause: time.Hour}}, 0, nil, want{context.DeadlineExceeded, 0, 3, nil, "nothing arrived within 30s", 90 * time.Second}},
		"F7 nothing more":               {[]storageStep{{status: 200, headers: []string{tag}, body: theFile, cut: 10, hang: true}, rest(10, 0, tag)}, 0, nil, want{nil, all, 2, nil, "", 30 * time.Second}},
		"a bad redirect":                {[]storageStep{elsewhere("http://a b/?" + signature)}, 0, nil, want{nil, 0, 3, nil, "the redirect has no valid address", 0}},
		"a redirect to a file":          {[]storageStep{elsewhere("file:///etc/" + signature)}, 0, nil, want{cfchat.ErrRedirect, 0, 1, nil, "neither https nor http", 0}},
		"F6 in a circle":                {[]storageStep{elsewhere("/" + signature)}, 0, nil, want{cfchat.ErrRedirect, 0, 11, nil, "more than 10 redirects", 0}},
		"F8 too large":                  {[]storageStep{whole(0)}, 0, []cfchat.CallOption{cfchat.WithMaxBody(int64(all - 1))}, want{cfchat.ErrTooLarge, 0, 1, nil, "(WithMaxBody)", 0}},
		"above the largest limit":       {[]storageStep{{status: 200, headers: []string{"Content-Length: 268435457"}, body: "x", endless: true}}, 0, nil, want{cfchat.ErrTooLarge, 0, 1, nil, "268435456", 0}},
		"exactly at the limit":          {[]storageStep{whole(0)}, 0, []cfchat.CallOption{cfchat.WithMaxBody(int64(all))}, want{nil, all, 1, nil, "", 0}},
		"too large, without a length":   {[]storageStep{{status: 200, headers: []string{"Connection: close"}, body: "xyz", endless: true}}, 0, []cfchat.CallOption{cfchat.WithMaxBody(2)}, want{cfchat.ErrTooLarge, 2, 1, nil, "more than 2 bytes", 0}},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := &faultServer{}
			for _, s := range c.steps {
				w.steps = append(w.steps, s.step())
			}
			_, count := w.connect(t)
			chat := withDownloads(t, count)
			var got bytes.Buffer
			var resp cfchat.Response
			opts := append([]cfchat.CallOption{cfchat.WithResponse(&resp)}, c.opts...)
			n, err := chat.Account(accountID).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(secretAddress), FileSize: &c.size}, &got, opts...)
			took := time.Since(w.begun)
			synctest.Wait()
			if (err == nil) != (c.want.is == nil && c.want.says == "") || c.want.is != nil && !errors.Is(err, c.want.is) {
				t.Errorf("%v, want %v", err, c.want.is)
			}
			if err != nil && !strings.Contains(err.Error(), c.want.says) {
				t.Errorf("%v, want %q", err, c.want.says)
			}
			if shown := fmt.Sprintf("%v %+v %+v", err, err, resp); strings.Contains(shown, signature) {
				t.Errorf("address shown in %s", shown)
			}
			if e, ok := errors.AsType[*cfchat.Error](err); err != nil && (!ok || strings.Contains(fmt.Sprintf("%#v", *e), signature)) {
				t.Errorf("%#v", err)
			}
			if int(n) != got.Len() || got.Len() != c.want.n || !strings.HasPrefix(theFile, got.String()) && c.want.n > 3 {
				t.Errorf("got %d bytes, wrote %d, want %d", n, got.Len(), c.want.n)
			}
			if len(w.requests) != c.want.requests || took < c.want.took {
				t.Errorf("got %d requests in %s, want %d", len(w.requests), took, c.want.requests)
			}
			for i, asked := range c.want.ranges {
				part, by, _ := strings.Cut(asked, " ")
				if head := w.requests[i+1].head + "\r\n"; !strings.Contains(head, "Range: "+part+"\r\n") || !strings.Contains(head, "If-Range: "+by) {
					t.Errorf("asked %q", head)
				}
			}
			for _, r := range w.requests {
				if strings.Contains(r.head, userKey) || strings.Contains(r.head, botKey) || strings.Contains(r.head, "Referer") || !strings.Contains(r.head, "Accept-Encoding: identity") {
					t.Errorf("sent %q", r.head)
				}
			}
		})
	}
}

// withDownloads returns a client whose downloads go through a transport.
func withDownloads(t *testing.T, transport http.RoundTripper, options ...func(*cfchat.Config)) *cfchat.Chat {
	t.Helper()
	return trial.Chat(t, transport, append([]func(*cfchat.Config){func(c *cfchat.Config) {
		c.Downloads, c.Server, c.Retry = transport, "http://127.0.0.1", cfchat.Retry{}
	}}, options...)...)
}

// TestF5DownloadOfALargeFile checks that the download of a file that is cut off again and again continues as long as each
// try brings part of it.
func TestF5DownloadOfALargeFile(t *testing.T) {
	const piece, pieces = 64 << 10, 12
	large := strings.Repeat("x", piece*pieces)
	inBubble(t, "", func(t *testing.T) {
		w, from := &faultServer{}, 0
		w.answer = func(sentRequest) step {
			place := fmt.Sprintf("Content-Range: bytes %d-%d/%d", from, len(large)-1, len(large))
			s := storageStep{status: 206, headers: []string{place, tag}, body: large[from:], cut: min(piece, len(large)-from)}
			if from == 0 {
				s.status, s.headers = 200, []string{tag}
			}
			from += piece
			return s.step()
		}
		_, count := w.connect(t)
		var resp cfchat.Response
		var got bytes.Buffer
		n, err := withDownloads(t, count).Account(accountID).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(secretAddress)}, &got, cfchat.WithResponse(&resp))
		if err != nil || int(n) != len(large) || got.String() != large || resp.Tries != pieces || time.Since(w.begun) > time.Second {
			t.Errorf("%d bytes in %d tries and %s, %v", n, resp.Tries, time.Since(w.begun), err)
		}
	})
}

// TestDownloadFromHTTPS checks that a download does not follow a redirect from https to http, but does the other way.
func TestDownloadFromHTTPS(t *testing.T) {
	for from, to := range map[string]string{"https": "http", "http": "https"} {
		asked := 0
		chat := withDownloads(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			asked++
			resp := trial.Reply(302, "text/html", "")
			resp.Header.Set("Location", to+"://files.test/"+signature)
			if req.URL.Scheme == to {
				resp = trial.Reply(200, "text/plain", "x")
			}
			return resp, nil
		}))
		n, err := chat.Account(accountID).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(from + "://a.test/" + signature)}, io.Discard)
		if from == "http" && (err != nil || n != 1) || from == "https" && (!errors.Is(err, cfchat.ErrRedirect) || asked != 1 || strings.Contains(err.Error(), signature)) {
			t.Errorf("from %s to %s: %v after %d requests", from, to, err, asked)
		}
	}
}

// TestF9DownloadIntoABadWriter checks a Writer that fails, accepts too little, or panics: the call reports how much was
// written, and tries nothing again.
func TestF9DownloadIntoABadWriter(t *testing.T) {
	full := errors.New("the disk is full")
	for name, c := range map[string]struct {
		w    writerFunc
		n    int64
		says string
	}{
		"fails":        {func([]byte) (int, error) { return 3, full }, 3, "it could not be written: the disk is full"},
		"accepts less": {func([]byte) (int, error) { return 3, nil }, 3, "short write"},
		"accepts more": {func(p []byte) (int, error) { return len(p) + 1, nil }, 10, ""},
		"negative":     {func([]byte) (int, error) { return -1, full }, 0, "the disk is full"},
		"panics":       {func([]byte) (int, error) { panic("boom") }, 0, "it panicked: boom"},
	} {
		asked := 0
		chat := withDownloads(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			asked++
			return trial.Reply(200, "text/plain", "0123456789"), nil
		}))
		n, err := chat.Account(accountID).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(secretAddress)}, c.w)
		if n != c.n || asked != 1 || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %d, %v after %d requests", name, n, err, asked)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestDownloadEndsWithItsContext checks that a download ends when its context does, whatever is in progress.
func TestDownloadEndsWithItsContext(t *testing.T) {
	for name, c := range map[string]struct {
		steps []storageStep
		is    error
		n     int64
	}{
		"before the head": {[]storageStep{{status: 200, pause: time.Hour}}, context.Canceled, 0},
		"in the body":     {[]storageStep{{status: 200, headers: []string{tag}, body: theFile, cut: 10, hang: true}}, context.Canceled, 10},
		"between tries":   {[]storageStep{{status: 429, headers: []string{"Retry-After: 50"}}}, cfchat.ErrRateLimited, 0},
	} {
		inBubble(t, name, func(t *testing.T) {
			w := &faultServer{}
			for _, s := range c.steps {
				w.steps = append(w.steps, s.step())
			}
			_, count := w.connect(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(5*time.Second, func() { cancel(errStopped) })
			n, err := withDownloads(t, count).Account(accountID).Messages.Download(ctx, &cfchat.Attachment{DataURL: new(secretAddress)}, io.Discard)
			took := time.Since(w.begun)
			synctest.Wait()
			if !errors.Is(err, c.is) || !errors.Is(err, errStopped) || n != c.n || took > 6*time.Second || len(w.requests) != 1 {
				t.Errorf("%d bytes, %v after %s", n, err, took)
			}
		})
	}
	inBubble(t, "ended before the call", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := withDownloads(t, trial.Broken{}).Account(accountID).Messages.Download(ctx, &cfchat.Attachment{DataURL: new(secretAddress)}, io.Discard)
		if !errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	inBubble(t, "a transport that ignores the context", func(t *testing.T) {
		over := make(chan struct{})
		defer synctest.Wait()
		defer close(over)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, err := withDownloads(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { <-over; return nil, io.EOF })).
			Account(accountID).Messages.Download(ctx, &cfchat.Attachment{DataURL: new(secretAddress)}, io.Discard)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 62*time.Second {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

// TestDownloadThatCannotConnect checks that a download that cannot connect over net/http's own transport is ErrNotSent.
func TestDownloadThatCannotConnect(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		dials := 0
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			dials++
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}
		}}
		chat := trial.Chat(t, transport, func(c *cfchat.Config) { c.Retry = cfchat.Retry{} })
		_, err := chat.Account(accountID).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(secretAddress)}, io.Discard)
		if !errors.Is(err, cfchat.ErrNotSent) || dials != 3 || strings.Contains(err.Error(), signature) {
			t.Errorf("%v after %d dials", err, dials)
		}
	})
}

// TestDownloadAsksTheLimiter checks that the limiter is asked only for files on the server itself, because only the server
// counts requests.
func TestDownloadAsksTheLimiter(t *testing.T) {
	for host, want := range map[string]int{"127.0.0.1": 1, "files.test": 0} {
		limiter := &countingLimiter{}
		chat := withDownloads(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "text/plain", "x"), nil
		}), func(c *cfchat.Config) { c.Limiter = limiter })
		if _, err := chat.Account(accountID).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new("http://" + host + "/a")}, io.Discard); err != nil || limiter.asked != want {
			t.Errorf("%s: asked %d times, %v", host, limiter.asked, err)
		}
	}
}

type countingLimiter struct{ asked int }

func (l *countingLimiter) Wait(context.Context) error { l.asked++; return nil }

// TestDownloadThatIsSlow checks that a download may take any amount of time, as long as bytes arrive.
func TestDownloadThatIsSlow(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		w := &faultServer{steps: []step{says(200, "text/plain", theFile[:60])}}
		w.steps[0].drip = 10 * time.Second
		_, count := w.connect(t)
		n, err := withDownloads(t, count).Account(accountID).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(secretAddress)}, io.Discard)
		took := time.Since(w.begun)
		synctest.Wait()
		if err != nil || n != 60 || took != 10*time.Minute || len(w.requests) != 1 {
			t.Errorf("%d bytes, %v after %s and %d requests", n, err, took, len(w.requests))
		}
	})
}

// TestDownloadThatStalls checks that a stalled download reports that nothing arrived, even if it could not be resumed.
func TestDownloadThatStalls(t *testing.T) {
	for kind, foreign := range map[string]bool{"net/http": false, "another": true} {
		inBubble(t, kind, func(t *testing.T) {
			w := &faultServer{steps: []step{(storageStep{status: 200, body: theFile, cut: 10, hang: true}).step()}}
			_, count := w.connect(t)
			var rt http.RoundTripper = count
			if !foreign {
				rt = count.RoundTripper
			}
			n, err := withDownloads(t, rt).Account(accountID).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(secretAddress)}, io.Discard)
			synctest.Wait()
			if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "nothing arrived within") {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
}

// TestDownloadOfGarbage checks that an error shows nothing of an answer that is not HTTP and that repeats the address.
func TestDownloadOfGarbage(t *testing.T) {
	for name, text := range map[string]string{
		"status line": "GET /rails/" + signature + " HTTP/1.1\r\n\r\n",
		"header":      "HTTP/1.1 200 OK\r\nbad header " + signature + "\r\n\r\n",
		"version":     "HTTP/" + signature + " 200 OK\r\n\r\n",
		"length":      "HTTP/1.1 200 OK\r\nContent-Length: " + signature + "\r\n\r\n",
		"encoding":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + signature + "\r\n\r\n",
	} {
		inBubble(t, name, func(t *testing.T) {
			w := &faultServer{steps: []step{{bytes: text, after: closed}}}
			_, count := w.connect(t)
			_, err := withDownloads(t, count).Account(accountID).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(secretAddress)}, io.Discard)
			synctest.Wait()
			if strings.Contains(err.Error(), signature) {
				t.Error(err)
			}
		})
	}
}
