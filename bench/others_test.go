package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
)

const (
	tooMuch  = 64 << 20  // bytes of an answer after which the client counts as reading without a limit
	tooLong  = time.Hour // the time after which a call counts as waiting forever
	elsehost = "elsewhere.test"
)

// trouble is something that goes wrong, with a description of how a client reacts.
type trouble struct {
	name   string
	write  bool // whether it happens to a toggle rather than a get
	answer func(w *wire, req *http.Request) (*http.Response, error)
	says   func(w *wire, err error) string
}

// wire is the transport of one client in trouble, with its observations.
type wire struct {
	trouble trouble
	body    []byte // the body of the good answer

	requests  int
	keyLeft   bool // whether the key was sent to another host
	read      int64
	took      time.Duration
	isNoError bool // whether the call returned neither an error nor an answer
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	w.requests++
	resp, err := w.trouble.answer(w, req)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// good returns the answer without the trouble.
func (w *wire) good() (*http.Response, error) {
	return respond(http.StatusOK, "application/json; charset=utf-8", bytes.NewReader(w.body)), nil
}

func respond(status int, kind string, body io.Reader) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		ContentLength: -1, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(body),
	}
}

// once answers the first request with this status and header, and later ones well.
func once(status int, header http.Header) func(*wire, *http.Request) (*http.Response, error) {
	return func(w *wire, _ *http.Request) (*http.Response, error) {
		if w.requests > 1 {
			return w.good()
		}
		resp := respond(status, "text/html", strings.NewReader("<html>Sorry</html>"))
		for name, values := range header {
			resp.Header[name] = values
		}
		return resp, nil
	}
}

// blanks is an endless body of blanks, which JSON may begin with.
type blanks struct{ w *wire }

func (b blanks) Read(p []byte) (int, error) {
	if b.w.read += int64(len(p)); b.w.read > tooMuch {
		return 0, errors.New("this is enough")
	}
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// again reports whether a client retried a call until it succeeded.
func again(w *wire, err error) string {
	if err == nil && !w.isNoError {
		return "tries again"
	}
	return failed(w, err)
}

// failed reports whether the program sees a failure.
func failed(w *wire, err error) string {
	switch {
	case w.isNoError:
		return "no error"
	case errors.Is(err, cfchat.ErrUnknownOutcome):
		return "an error that says it may have happened"
	case err != nil:
		return "an error"
	}
	return "takes it for the answer"
}

var troubles = []trouble{
	{"a redirect to another host", false, func(w *wire, req *http.Request) (*http.Response, error) {
		if req.URL.Host == elsehost {
			w.keyLeft = len(req.Header["api_access_token"])+len(req.Header["Api_access_token"]) > 0
			return w.good()
		}
		resp := respond(http.StatusTemporaryRedirect, "text/html", strings.NewReader(""))
		resp.Header.Set("Location", "https://"+elsehost+req.URL.Path)
		return resp, nil
	}, func(w *wire, err error) string {
		switch {
		case w.keyLeft:
			return "sends the key there"
		case w.requests > 1:
			return "follows without the key"
		}
		return failed(w, err)
	}},
	{"a read is answered with 503, once", false, once(http.StatusServiceUnavailable, nil), again},
	{"a read is answered with 429 and `Retry-After: 20`", false, once(http.StatusTooManyRequests, http.Header{"Retry-After": {"20"}}),
		func(w *wire, err error) string {
			if err == nil && !w.isNoError {
				return fmt.Sprintf("waits %.0f s, tries again", w.took.Seconds())
			}
			return failed(w, err)
		}},
	{"the answer to a read breaks off, once", false, func(w *wire, _ *http.Request) (*http.Response, error) {
		if w.requests > 1 {
			return w.good()
		}
		half := io.MultiReader(bytes.NewReader(w.body[:len(w.body)/2]), brokenOff{})
		return respond(http.StatusOK, "application/json; charset=utf-8", half), nil
	}, again},
	{"a write is answered with 503", true, once(http.StatusServiceUnavailable, nil), func(w *wire, err error) string {
		if w.requests > 1 {
			return "writes twice"
		}
		return failed(w, err)
	}},
	{"404", false, func(*wire, *http.Request) (*http.Response, error) {
		return respond(http.StatusNotFound, "application/json; charset=utf-8", strings.NewReader(`{"error":"Resource could not be found"}`)), nil
	}, failed},
	{"200 with a page from a proxy", false, func(*wire, *http.Request) (*http.Response, error) {
		return respond(http.StatusOK, "text/html", strings.NewReader("<html>Please sign in</html>")), nil
	}, failed},
	{"an endless answer", false, func(w *wire, _ *http.Request) (*http.Response, error) {
		return respond(http.StatusOK, "application/json; charset=utf-8", blanks{w}), nil
	}, func(w *wire, err error) string {
		if w.read > tooMuch {
			return fmt.Sprintf("reads more than %d MiB", tooMuch>>20)
		}
		return fmt.Sprintf("%s after %d MiB", failed(w, err), w.read>>20)
	}},
	{"no answer", false, func(_ *wire, req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}, func(w *wire, err error) string {
		if w.took >= tooLong {
			return "waits forever"
		}
		return failed(w, err) + " in time"
	}},
}

// brokenOff is a connection that breaks in the middle of an answer.
type brokenOff struct{}

func (brokenOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// compared are the clients of the tables, in the order of their columns.
var compared = []string{accountName, "by hand, bounded", "stock client", "ogen"}

// TestTroubles checks that the table in docs/others.md shows how each compared client reacts to each trouble.
func TestTroubles(t *testing.T) {
	checkTable(t, len(troubles), func(row int, name string) (title, said string) {
		each := troubles[row]
		return each.name, playTo(t, name, each)
	})
}

// changes are the differences that the answer to a get may have from today's: additions of a later server, gaps of an older
// one, and an answer that is not a conversation.
var changes = []struct{ name, from, to string }{
	{"as recorded", "", ""},
	{"an unknown status", `"status":"open"`, `"status":"parked"`},
	{"an unknown priority", `"priority":null`, `"priority":"dire"`},
	{"an unknown type of message", `"message_type":1`, `"message_type":9`},
	{"an unknown field", `"muted":false`, `"muted":false,"warm":true`},
	{"a missing field", `"muted":false,`, ``},
	{"empty attributes as a list, `[]`", `"custom_attributes":{"plan":"free","seats":0}`, `"custom_attributes":[]`},
	{"`{}`, which is not a conversation", "", `{}`},
}

// TestChanges checks that the other table in docs/others.md shows how the clients read such answers.
func TestChanges(t *testing.T) {
	recorded := string(bodyOfTest(t, recordedGet))
	checkTable(t, len(changes), func(row int, name string) (title, said string) {
		change, body := changes[row], recorded
		switch {
		case change.from != "":
			if body = strings.Replace(recorded, change.from, change.to, 1); body == recorded {
				t.Fatalf("%s: the recorded answer has no %s", change.name, change.from)
			}
		case change.to != "":
			body = change.to
		}
		return change.name, verdict((&wire{body: []byte(body), trouble: trouble{answer: answered}}).get(t, name))
	})
}

// answered returns the good answer.
func answered(w *wire, _ *http.Request) (*http.Response, error) { return w.good() }

func verdict(err error) string {
	switch {
	case err == nil:
		return "accepted"
	case errors.Is(err, errEmpty):
		return "accepted, and empty"
	}
	return "refused"
}

// checkTable checks that docs/others.md contains the table of the given cells.
func checkTable(t *testing.T, rows int, cell func(row int, name string) (title, said string)) {
	t.Helper()
	var table strings.Builder
	table.WriteString("| | " + strings.Join(compared, " | ") + " |\n|---|---|---|---|---|\n")
	for row := range rows {
		var line string
		for _, name := range compared {
			title, said := cell(row, name)
			if line == "" {
				line = "| " + title + " |"
			}
			line += " " + said + " |"
		}
		table.WriteString(line + "\n")
	}
	page, err := os.ReadFile("../docs/others.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "\n\n"+table.String()+"\n") {
		t.Errorf("docs/others.md does not contain the table\n%s", table.String())
	}
}

// playTo returns how a client reacts to a trouble, in virtual time.
func playTo(t *testing.T, name string, each trouble) (said string) {
	t.Helper()
	file := recordedGet
	if each.write {
		file = recordedToggle
	}
	body := bodyOfTest(t, file)
	synctest.Test(t, func(t *testing.T) {
		w := &wire{trouble: each, body: body}
		c := w.client(t, name)
		ctx, cancel := context.WithTimeout(t.Context(), tooLong)
		defer cancel()
		call := c.get
		if each.write {
			call = c.toggle
		}
		begun := time.Now()
		err := w.run(ctx, call)
		w.took = time.Since(begun)
		said = each.says(w, err)
	})
	return said
}

// client returns the named client, with this wire as its transport.
func (w *wire) client(t *testing.T, name string) client {
	t.Helper()
	clients, err := newClients(cfchat.DefaultServer, w)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(clients, func(c client) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no client %q", name)
	}
	return clients[i]
}

func (w *wire) get(t *testing.T, name string) error {
	t.Helper()
	return w.run(t.Context(), w.client(t, name).get)
}

// run makes the call. A program that gets neither an error nor an answer, and does not check for that, panics.
func (w *wire) run(ctx context.Context, call call) (err error) {
	defer func() { w.isNoError = recover() != nil }()
	return call(ctx)
}

func bodyOfTest(t *testing.T, file string) []byte {
	t.Helper()
	body, err := recordedBody(file)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
