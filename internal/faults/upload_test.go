package faults_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// sendFiles sends a message with files.
func sendFiles(ctx context.Context, chat *cfchat.Chat, files ...cfchat.File) error {
	return trial.Second(chat.Account(accountID).Messages.Send(ctx, 42, cfchat.MessageCreate{Content: "hi", Files: files}))
}

// bare replaces the counting transport with net/http's own.
func bare(c *cfchat.Config) {
	if count, ok := c.HTTPClient.Transport.(*counted); ok {
		c.HTTPClient = &http.Client{Transport: count.RoundTripper}
	}
}

// tracked is a file that counts how often it is opened and closed.
type tracked struct {
	text           string
	fail           error // of Read, after the text
	opened, closed atomic.Int32
}

func (f *tracked) file() cfchat.File {
	return cfchat.File{Name: "a.txt", Open: func() (io.ReadCloser, error) {
		f.opened.Add(1)
		return &trackedReader{f, strings.NewReader(f.text)}, nil
	}}
}

type trackedReader struct {
	of *tracked
	*strings.Reader
}

// Len hides the Len of the text, so that the size is unknown.
func (r *trackedReader) Len(struct{}) {}

func (r *trackedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF && r.of.fail != nil {
		err = r.of.fail
	}
	return n, err
}

func (r *trackedReader) Close() error { r.of.closed.Add(1); return nil }

// onlyReader has no methods but Read.
type onlyReader struct{ io.Reader }

// TestU3U6UploadIsRepeated checks that an upload is repeated, byte for byte, if that is safe and the files can be read
// again.
func TestU3U6UploadIsRepeated(t *testing.T) {
	limited := says(429, "text/plain", "Retry later\n", "Retry-After: 1")
	const text = "0123456789"
	for name, c := range map[string]struct {
		reader   func() io.Reader // nil for Open
		refusals []error
		steps    []step
		requests int
		is       error // nil for success
	}{
		"429, opened":              {nil, nil, []step{limited, fine}, 2, nil},
		"429, a seeker":            {func() io.Reader { r := strings.NewReader("ab" + text); _, _ = r.Seek(2, io.SeekStart); return r }, nil, []step{limited, fine}, 2, nil},
		"429, a reader":            {func() io.Reader { return onlyReader{strings.NewReader(text)} }, nil, []step{limited, fine}, 1, cfchat.ErrRateLimited},
		"429 every time, opened":   {nil, nil, []step{limited}, 3, cfchat.ErrRateLimited},
		"429 every time, a seeker": {func() io.Reader { return strings.NewReader(text) }, nil, []step{limited}, 3, cfchat.ErrRateLimited},
		"refused once, opened":     {nil, []error{errors.New("refused"), nil}, nil, 1, nil},
		"refused once, a reader":   {func() io.Reader { return onlyReader{strings.NewReader(text)} }, []error{errors.New("refused"), nil}, nil, 0, cfchat.ErrNotSent},
		"refused, a seeker":        {func() io.Reader { return strings.NewReader(text) }, []error{errors.New("refused")}, nil, 0, cfchat.ErrNotSent},
		"500, opened":              {nil, nil, []step{sendsJSON(500, `{}`)}, 1, cfchat.ErrUnknownOutcome},
		"503, a seeker":            {func() io.Reader { return strings.NewReader(text) }, nil, []step{sendsJSON(503, `{}`)}, 1, cfchat.ErrUnknownOutcome},
		"lost, opened":             {nil, nil, []step{hangUp}, 1, cfchat.ErrUnknownOutcome},
		"no answer, a seeker":      {func() io.Reader { return strings.NewReader(text) }, nil, []step{mute}, 1, cfchat.ErrUnknownOutcome},
		"too large for the proxy":  {nil, nil, []step{says(413, "text/html", "<html>").thenCloses()}, 1, nil},
		"a refusal that proves":    {nil, nil, []step{sendsJSON(422, `{"error":"Validation failed: Attachments file size is too big"}`)}, 1, cfchat.ErrRejected},
		"a redirect":               {nil, nil, []step{says(307, "", "", "Location: http://127.0.0.1/x")}, 1, cfchat.ErrRedirect},
		"a redirect of a seeker":   {func() io.Reader { return strings.NewReader(text) }, nil, []step{says(302, "", "", "Location: /x")}, 1, cfchat.ErrRedirect},
	} {
		for kind, option := range map[string]func(*cfchat.Config){"net/http": bare, "another": func(*cfchat.Config) {}} {
			inBubble(t, name+", "+kind, func(t *testing.T) {
				w := &faultServer{refusals: c.refusals, steps: c.steps, good: trial.GoodMessage}
				chat, _ := w.connect(t, option)
				opens := &tracked{text: text}
				file := opens.file()
				if c.reader != nil {
					file = cfchat.File{Name: "a.txt", Reader: c.reader()}
				}
				var start int64
				seeker, seeks := file.Reader.(io.Seeker)
				if seeks {
					start, _ = seeker.Seek(0, io.SeekCurrent)
				}
				err := sendFiles(t.Context(), chat, file)
				synctest.Wait()
				switch e, ok := errors.AsType[*cfchat.Error](err); {
				case kind == "another" && c.refusals != nil: // such a transport proves nothing
					return
				case name == "too large for the proxy":
					if !ok || e.StatusCode != 413 || errors.Is(err, cfchat.ErrUnknownOutcome) {
						t.Error(err)
					}
				case (err == nil) != (c.is == nil), c.is != nil && !errors.Is(err, c.is):
					t.Errorf("%v, want %v", err, c.is)
				}
				if len(w.requests) != c.requests {
					t.Errorf("got %d requests, want %d", len(w.requests), c.requests)
				}
				for _, r := range w.requests {
					if r.body != w.requests[0].body || !strings.Contains(r.body, "\r\n\r\n"+text+"\r\n--") {
						t.Errorf("sent %q", r.body)
					}
				}
				if opens.opened.Load() != opens.closed.Load() {
					t.Errorf("opened %d times, closed %d times", opens.opened.Load(), opens.closed.Load())
				}
				if seeks && err != nil {
					if at, _ := seeker.Seek(0, io.SeekCurrent); at != start {
						t.Errorf("Seeker is at %d, want %d as before", at, start)
					}
				}
			})
		}
	}
}

// incomplete is a server that counts the whole forms, and the parts of forms, that arrive.
type incomplete struct {
	whole, some atomic.Int32
}

func (s *incomplete) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		req, err := http.ReadRequest(bufio.NewReader(server))
		if err != nil {
			return
		}
		form, err := req.MultipartReader()
		if err != nil {
			return
		}
		for {
			part, err := form.NextPart()
			if err == io.EOF {
				s.whole.Add(1)
			}
			if err != nil {
				return
			}
			s.some.Add(1)
			if _, err := io.Copy(io.Discard, part); err != nil {
				return
			}
		}
	}()
	return client, nil
}

// TestU2U5UploadThatEndsEarly checks that a server never gets a form that looks complete if a file is shorter or longer than
// it should be, fails, panics or hangs.
func TestU2U5UploadThatEndsEarly(t *testing.T) {
	broken := errors.New("the disk is broken")
	late := make(chan struct{})
	long := strings.Repeat("x", 100<<10)
	for name, c := range map[string]struct {
		file cfchat.File
		says string
		is   []error
	}{
		"shorter":             {cfchat.File{Size: 11, Reader: onlyReader{strings.NewReader("0123456789")}}, `Files[1] "b.txt": it ended after 10 of 11 bytes`, nil},
		"longer":              {cfchat.File{Size: 9, Reader: onlyReader{strings.NewReader("0123456789")}}, `Files[1] "b.txt": it is longer than 9 bytes`, nil},
		"much longer":         {cfchat.File{Size: 64 << 10, Reader: onlyReader{strings.NewReader(long)}}, `it is longer than 65536 bytes`, nil},
		"much shorter":        {cfchat.File{Size: 1 << 20, Reader: onlyReader{strings.NewReader(long)}}, `it ended after 102400 of 1048576 bytes`, nil},
		"empty":               {cfchat.File{Reader: onlyReader{strings.NewReader("")}}, `Files[1] "b.txt": it is empty`, nil},
		"broken":              {(&tracked{text: "0123456789", fail: broken}).file(), `Files[1] "b.txt": the disk is broken`, []error{broken}},
		"broken, with a size": {cfchat.File{Size: 20, Reader: io.MultiReader(strings.NewReader(long[:15]), failing{broken})}, `Files[1] "b.txt": the disk is broken`, []error{broken}},
		"panics":              {cfchat.File{Reader: io.MultiReader(strings.NewReader("x"), panicking{})}, `Files[1] "b.txt": the Reader panicked: boom`, nil},
		"gives too much":      {cfchat.File{Reader: greedy{}}, `Files[1] "b.txt": its Read returned more than was requested`, nil},
		"hangs":               {cfchat.File{Reader: io.MultiReader(strings.NewReader("x"), waiting{late})}, "no complete answer within 30s", []error{context.DeadlineExceeded}},
		"another's":           {cfchat.File{Reader: io.MultiReader(strings.NewReader("x"), failing{&cfchat.Error{StatusCode: 404}})}, "404", nil},
	} {
		for kind, foreign := range map[string]bool{"net/http": false, "another": true} {
			inBubble(t, name+", "+kind, func(t *testing.T) {
				if name == "hangs" {
					late = make(chan struct{})
					c.file.Reader = io.MultiReader(strings.NewReader("x"), waiting{late})
					defer synctest.Wait()
					defer close(late)
				} else if s, ok := c.file.Reader.(onlyReader); ok { // the other transport has consumed it
					if again, ok := s.Reader.(io.Seeker); ok {
						_, _ = again.Seek(0, io.SeekStart)
					}
				}
				server := &incomplete{}
				transport := &http.Transport{DialContext: server.dial}
				defer transport.CloseIdleConnections()
				chat := trial.Chat(t, transport, func(c *cfchat.Config) {
					c.Server = "http://127.0.0.1"
					if foreign {
						c.HTTPClient = &http.Client{Transport: trial.RoundTripper(transport.RoundTrip)}
					}
				})
				c.file.Name = "b.txt"
				first := &tracked{text: "first"}
				err := sendFiles(t.Context(), chat, first.file(), c.file)
				synctest.Wait()
				if server.whole.Load() != 0 || server.some.Load() == 0 {
					t.Errorf("got %d whole forms and %d parts", server.whole.Load(), server.some.Load())
				}
				if err == nil || !strings.Contains(err.Error(), c.says) || !errors.Is(err, cfchat.ErrUnknownOutcome) || errors.Is(err, cfchat.ErrNotSent) || errors.Is(err, cfchat.ErrNotFound) {
					t.Errorf("%v, want %q", err, c.says)
				}
				for _, is := range c.is {
					if !errors.Is(err, is) {
						t.Errorf("%v is not %v", err, is)
					}
				}
				if first.opened.Load() != 1 || first.closed.Load() != 1 && name != "hangs" {
					t.Errorf("the first file was opened %d and closed %d times", first.opened.Load(), first.closed.Load())
				}
			})
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("boom") }

type greedy struct{}

func (greedy) Read(p []byte) (int, error) { return len(p) + 1, nil }

type waiting struct{ until <-chan struct{} }

func (w waiting) Read([]byte) (int, error) { <-w.until; return 0, io.EOF }

// TestU1UploadThatCannotBegin checks that nothing is sent if opening a file fails.
func TestU1UploadThatCannotBegin(t *testing.T) {
	over := make(chan struct{})
	for name, c := range map[string]struct {
		open func() (io.ReadCloser, error)
		says string
		is   error
	}{
		"missing":     {func() (io.ReadCloser, error) { return nil, fs.ErrNotExist }, `Files[1] "b.txt": file does not exist`, fs.ErrNotExist},
		"nothing":     {func() (io.ReadCloser, error) { return nil, nil }, "neither a file nor an error", cfchat.ErrNotSent},
		"panics":      {func() (io.ReadCloser, error) { panic("boom") }, "Files[1].Open panicked: boom", cfchat.ErrNotSent},
		"cannot read": {func() (io.ReadCloser, error) { return io.NopCloser(failing{fs.ErrPermission}), nil }, "permission denied", fs.ErrPermission},
		"another's":   {func() (io.ReadCloser, error) { return nil, &cfchat.Error{StatusCode: 404} }, "404", cfchat.ErrNotSent},
		"hangs":       {func() (io.ReadCloser, error) { <-over; return nil, io.EOF }, "did not return", context.Canceled},
	} {
		inBubble(t, name, func(t *testing.T) {
			if name == "hangs" {
				over = make(chan struct{})
				defer synctest.Wait()
				defer close(over)
			}
			w := &faultServer{good: trial.GoodMessage}
			chat, _ := w.connect(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(time.Second, cancel)
			first := &tracked{text: "x"}
			err := sendFiles(ctx, chat, first.file(), cfchat.File{Name: "b.txt", Open: c.open})
			synctest.Wait()
			if err == nil || !strings.Contains(err.Error(), c.says) || !errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, c.is) || errors.Is(err, cfchat.ErrUnknownOutcome) || errors.Is(err, cfchat.ErrNotFound) {
				t.Errorf("%v, want %q", err, c.says)
			}
			if len(w.dialed) != 0 || first.opened.Load() != first.closed.Load() {
				t.Errorf("%d connections; opened %d and closed %d times", len(w.dialed), first.opened.Load(), first.closed.Load())
			}
		})
	}
	inBubble(t, "in the second try", func(t *testing.T) {
		w := &faultServer{steps: []step{says(429, "text/plain", "", "Retry-After: 1")}, good: trial.GoodMessage}
		chat, _ := w.connect(t)
		opened := 0
		err := sendFiles(t.Context(), chat, cfchat.File{Name: "a.txt", Open: func() (io.ReadCloser, error) {
			if opened++; opened > 1 {
				return nil, fs.ErrNotExist
			}
			return io.NopCloser(strings.NewReader("x")), nil
		}})
		if !errors.Is(err, cfchat.ErrRateLimited) || !errors.Is(err, fs.ErrNotExist) || errors.Is(err, cfchat.ErrUnknownOutcome) || len(w.requests) != 1 {
			t.Errorf("%v after %d requests", err, len(w.requests))
		}
	})
	inBubble(t, "the context has ended", func(t *testing.T) {
		w := &faultServer{good: trial.GoodMessage}
		chat, _ := w.connect(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		first := &tracked{text: "x"}
		if err := sendFiles(ctx, chat, first.file()); !errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		synctest.Wait()
		if len(w.dialed) != 0 || first.opened.Load() != first.closed.Load() {
			t.Errorf("%d connections; opened %d and closed %d times", len(w.dialed), first.opened.Load(), first.closed.Load())
		}
	})
}

// TestUploadWithEditors has an editor wrap the body, which is then sent only once, and set another Content-Type, or fail.
func TestUploadWithEditors(t *testing.T) {
	wrap := cfchat.RequestEditorFn(func(_ context.Context, req *http.Request) error {
		req.Body = struct {
			io.Reader
			io.Closer
		}{req.Body, req.Body}
		req.Header.Set("Content-Type", "application/json")
		return nil
	})
	inBubble(t, "wrapped", func(t *testing.T) {
		w := &faultServer{steps: []step{says(429, "text/plain", "", "Retry-After: 1"), fine}, good: trial.GoodMessage}
		chat, _ := w.connect(t)
		file := &tracked{text: strings.Repeat("x", 1<<20)}
		_, err := chat.Account(accountID).Messages.Send(t.Context(), 42, cfchat.MessageCreate{Files: []cfchat.File{file.file()}}, wrap)
		synctest.Wait()
		if !errors.Is(err, cfchat.ErrRateLimited) || len(w.requests) != 1 || file.opened.Load() != 1 || file.closed.Load() != 1 {
			t.Errorf("%v after %d requests, opened %d and closed %d times", err, len(w.requests), file.opened.Load(), file.closed.Load())
		}
		if !strings.Contains(w.requests[0].head, "Content-Type: multipart/form-data; boundary=") || !strings.Contains(w.requests[0].body, "xxx") {
			t.Error(w.requests[0].head)
		}
	})
	inBubble(t, "fails", func(t *testing.T) {
		w := &faultServer{good: trial.GoodMessage}
		chat, _ := w.connect(t)
		file := &tracked{text: "x"}
		edit := cfchat.RequestEditorFn(func(context.Context, *http.Request) error { return errStopped })
		_, err := chat.Account(accountID).Messages.Send(t.Context(), 42, cfchat.MessageCreate{Files: []cfchat.File{file.file()}}, edit)
		synctest.Wait()
		if !errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, errStopped) || file.opened.Load() != 1 || file.closed.Load() != 1 {
			t.Errorf("%v, opened %d and closed %d times", err, file.opened.Load(), file.closed.Load())
		}
	})
}

// TestU4UploadThatIsCut breaks the connection within each kind of part of the request: there is one request, and its outcome
// is unknown.
func TestU4UploadThatIsCut(t *testing.T) {
	for _, after := range []int64{1, 200, 600, 900, 5000, 40000} {
		inBubble(t, fmt.Sprint(after), func(t *testing.T) {
			dials := 0
			transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				dials++
				client, server := net.Pipe()
				go func() {
					_, _ = io.CopyN(io.Discard, server, after)
					server.Close()
				}()
				return client, nil
			}}
			defer transport.CloseIdleConnections()
			chat := trial.Chat(t, transport, func(c *cfchat.Config) { c.Server, c.Retry = "http://127.0.0.1", cfchat.Retry{} })
			file := &tracked{text: strings.Repeat("x", 100<<10)}
			err := sendFiles(t.Context(), chat, file.file())
			synctest.Wait()
			if !errors.Is(err, cfchat.ErrUnknownOutcome) || dials != 1 || file.opened.Load() != file.closed.Load() {
				t.Errorf("%v after %d connections, opened %d and closed %d times", err, dials, file.opened.Load(), file.closed.Load())
			}
		})
	}
}
