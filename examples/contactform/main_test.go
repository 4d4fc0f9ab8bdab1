package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// faults are the ways in which a request may fail.
var faults = []cfchattest.Failure{
	{Status: 500}, {Status: 503}, {Status: 429}, {Status: 504, Delay: 40 * time.Second}, // without an effect
	{Cut: true}, {Delay: 40 * time.Second}, // after it had its effect
}

// faulty is a stand-in in which the requests with certain numbers fail.
type faulty struct {
	*cfchattest.Server

	requests int
	fails    map[int]cfchattest.Failure
}

func (s *faulty) RoundTrip(req *http.Request) (*http.Response, error) {
	s.requests++
	if fault, fails := s.fails[s.requests]; fails {
		s.FailNext("", fault)
	}
	return s.Transport().RoundTrip(req)
}

// submitted submits a form until it is accepted, and twice more. It returns the contacts, conversations and messages that
// exist then, and the number of requests made.
func submitted(t *testing.T, version string, fails map[int]cfchattest.Failure) (came string, requests int) {
	synctest.Test(t, func(t *testing.T) {
		server := &faulty{Server: cfchattest.New(t, cfchattest.Version(version)), fails: fails}
		account := server.Account(t, func(c *cfchat.Config) { c.HTTPClient = &http.Client{Transport: server} })
		form := newForm(account, server.AddInbox(cfchattest.Inbox{}), io.Discard)
		one := submission{"form-1", "Mia", "mia@customer.test", "Hi, {{contact.email}}"}
		for taken, tries := 0, 0; taken < 3; tries++ {
			if _, err := form.submit(t.Context(), one); err == nil {
				taken++
			} else if tries > 20 {
				t.Fatalf("%v: %v", fails, err)
			}
			requests = max(requests, server.requests)
			time.Sleep(time.Minute)
		}
		server.fails = nil
		page, err := account.Contacts.List(t.Context(), cfchat.ContactListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for m, err := range account.Messages.ScanAll(t.Context(), cfchat.Filter{}, cfchat.MessageScanAllOptions{WithoutActivity: true}) {
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, m.GetContent())
		}
		came = fmt.Sprintf("%d contacts, %d conversations, %q", len(page.Payload), len(server.Conversations()), texts)
	})
	return came, requests
}

const one = `1 contacts, 1 conversations, ["Hi, {{contact.email}}"]`

// TestEveryFault plays every fault at every request, and random faults at several, and checks that there are one contact,
// one conversation and one message.
func TestEveryFault(t *testing.T) {
	for _, version := range []string{"3.4.0", "4.7.0", "4.16.2"} {
		came, requests := submitted(t, version, nil)
		if came != one || requests < 6 {
			t.Fatalf("%s: without a fault: %s, %d requests", version, came, requests)
		}
		for _, fault := range faults {
			for at := 1; at <= requests; at++ {
				if came, _ := submitted(t, version, map[int]cfchattest.Failure{at: fault}); came != one {
					t.Errorf("%s: %+v at request %d: %s", version, fault, at, came)
				}
			}
		}
		for seed := range uint64(100) {
			random, fails := rand.New(rand.NewPCG(seed, 3)), map[int]cfchattest.Failure{}
			for range 5 {
				fails[1+random.IntN(2*requests)] = faults[random.IntN(len(faults))]
			}
			if came, _ := submitted(t, version, fails); came != one {
				t.Errorf("%s: seed %d: %s", version, seed, came)
			}
		}
	}
}

// TestForm fills in the form as a visitor does, and sends it twice. Errors must be shown, and the visitor's text must not be
// lost.
func TestForm(t *testing.T) {
	server := cfchattest.New(t)
	form := newForm(server.Account(t), server.AddInbox(cfchattest.Inbox{}), io.Discard)
	send := func(fields url.Values) (int, string) {
		var body io.Reader
		method := http.MethodGet
		if fields != nil {
			method, body = http.MethodPost, strings.NewReader(fields.Encode())
		}
		req := httptest.NewRequestWithContext(t.Context(), method, "/", body)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		form.ServeHTTP(w, req)
		return w.Code, w.Body.String()
	}
	_, shown := send(nil)
	id := regexp.MustCompile(`name="id" value="(.+)"`).FindStringSubmatch(shown)
	if id == nil {
		t.Fatal(shown)
	}
	fields := url.Values{"id": id[1:], "name": {"Mia"}, "email": {"noah@customer.test"}}
	for _, text := range []string{" ", strings.Repeat("a", 10_001), "a\x00", "caf\xe9"} {
		fields.Set("text", text)
		if code, page := send(fields); code != 422 || !strings.Contains(page, id[1]) {
			t.Errorf("%.10q: %d %s", text, code, page)
		}
	}
	if code, _ := send(url.Values{"text": {strings.Repeat("a", 2<<20)}}); code != 413 {
		t.Errorf("2 MiB: %d", code)
	}
	if page, err := server.Account(t).Contacts.List(t.Context(), cfchat.ContactListOptions{}); err != nil || len(page.Payload) > 0 {
		t.Errorf("refused forms have created contacts: %+v, %v", page, err)
	}
	fields.Set("text", "<b>")
	fields.Set("email", "mia")
	if code, page := send(fields); code != 422 || !strings.Contains(page, "&lt;b&gt;") || !strings.Contains(page, id[1]) {
		t.Errorf("a wrong address: %d %s", code, page)
	}
	fields.Set("email", "mia@customer.test")
	server.FailNext(cfchat.OperationContactCreate, cfchattest.Failure{Status: 401})
	if code, page := send(fields); code != 500 || !strings.Contains(page, "on our side") {
		t.Errorf("a wrong key: %d %s", code, page)
	}
	server.FailNext(cfchat.OperationContactCreate, cfchattest.Failure{Status: 503})
	if code, page := send(fields); code != 503 || !strings.Contains(page, "mia@customer.test") {
		t.Errorf("a failure: %d %s", code, page)
	}
	for range 2 {
		if code, page := send(fields); code != 200 || !strings.Contains(page, "Thank you") {
			t.Errorf("%d %s", code, page)
		}
	}
	fields.Set("email", "noah@customer.test") // the same form, with another address
	if code, page := send(fields); code != 200 {
		t.Errorf("%d %s", code, page)
	}
	if n := len(server.Conversations()); n != 2 {
		t.Errorf("got %d conversations, want one for each person", n)
	}
}

// TestRun checks that the form is served until the program is interrupted, and that wrong arguments are refused.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"-listen", "localhost:0"}, func(string) string { return "" }, out) }()
	var said strings.Builder
	for part := make([]byte, 200); !strings.Contains(said.String(), "The form is at http://"); {
		n, err := in.Read(part)
		if err != nil {
			t.Fatal(err)
		}
		said.Write(part[:n])
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for want, args := range map[string][]string{
		"unexpected argument \"x\"": {"x"}, "flag provided but not defined": {"-x"},
		"on the stand-in -inbox is not used": {"-inbox", "99"}, "-inbox: must be 0 or more": {"-inbox", "-1"},
	} {
		if err := run(ctx, args, func(string) string { return "" }, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
