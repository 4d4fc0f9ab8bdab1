package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// canary is part of all text that people could have written, and must never be printed.
const canary = "Ada-Lovelace"

// size is the number of conversations in the stand-in, all of them open.
const size = 3

// standIn starts a server with conversations that have the fields that distinguish versions.
func standIn(t *testing.T, opts ...cfchattest.Option) *cfchattest.Server {
	t.Helper()
	srv := cfchattest.New(t, opts...)
	agent, _ := srv.AddAgent(cfchattest.Agent{Name: canary, Email: canary + "@example.com"})
	for i := range size {
		contact := srv.AddContact(cfchattest.Contact{Name: canary, Email: fmt.Sprintf("%s%d@example.com", canary, i), Custom: map[string]any{canary: canary}})
		id := srv.AddConversation(cfchattest.Conversation{
			CreatedAt: time.Now().Add(time.Duration(i-size) * time.Hour), // the oldest has the smallest id
			Contact:   contact, Assignee: agent, Labels: []string{canary}, Custom: map[string]any{canary: canary},
		})
		srv.AddMessage(id, cfchattest.Message{Content: canary})
		srv.AddMessage(id, cfchattest.Message{Content: canary})
	}
	return srv
}

// checked checks an account, verifies that no secret is shown, and returns what was printed.
func checked(t *testing.T, o Options) (string, error) {
	t.Helper()
	var out strings.Builder
	err := Run(t.Context(), o, &out)
	text := out.String()
	if err != nil {
		text += err.Error()
	}
	for _, secret := range []string{canary, o.Key} {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("it shows %q:\n%s", secret, text)
		}
	}
	return out.String(), err
}

// checkedText checks account 1 with output for people.
func checkedText(t *testing.T, address, key string) (string, error) {
	t.Helper()
	return checked(t, Options{Account: 1, Server: address, Key: key})
}

// UnmarshalText reads the output of MarshalText.
func (v *version) UnmarshalText(text []byte) (err error) {
	for i, part := range strings.SplitN(string(text), ".", 3) {
		if part != "" {
			v[i], err = strconv.Atoi(part)
		}
	}
	return err
}

// checkedJSON checks account 1 twice, and compares the output for people with that for programs.
func checkedJSON(t *testing.T, address, key string) (*report, error) {
	t.Helper()
	text, _ := checkedText(t, address, key)
	r, err := printedJSON(t, address, key)
	var again bytes.Buffer
	if r.began() {
		r.print(&again)
	}
	if again.String() != text {
		t.Errorf("the JSON says\n%s\nand the text\n%s", &again, text)
	}
	return r, err
}

// printedJSON checks account 1 with output for programs, and parses it.
func printedJSON(t *testing.T, address, key string) (*report, error) {
	t.Helper()
	printed, err := checked(t, Options{Account: 1, Server: address, Key: key, JSON: true})
	r := &report{}
	d := json.NewDecoder(strings.NewReader(printed))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		t.Fatalf("%s: %v", printed, err)
	}
	if strings.Contains(printed, "null") {
		t.Errorf("there is a null where a program expects a list:\n%s", printed)
	}
	return r, err
}

// TestAsTheContractSays checks that the stand-ins show no drift, in a bounded number of reads, and that their versions are
// guessed.
func TestAsTheContractSays(t *testing.T) {
	for name, c := range map[string]struct {
		opts    []cfchattest.Option
		version version
		arrives []bool
	}{
		"4.7.0":        {nil, version{4, 7, 0}, []bool{true, true}},
		"2.16.0":       {[]cfchattest.Option{cfchattest.Version("2.16.0")}, version{2, 16, 0}, []bool{true, true}},
		"behind nginx": {[]cfchattest.Option{cfchattest.BehindNginx}, version{4, 7, 0}, []bool{false, true}},
	} {
		srv := standIn(t, c.opts...)
		r, err := checkedJSON(t, srv.URL(), srv.AdminKey())
		if err != nil || r.Result != resultOK || exit.Status(err) != 0 {
			t.Fatalf("%s: %v, %+v", name, err, r)
		}
		requests := srv.Requests()
		if len(requests) != 2*r.Requests || r.Requests > maxRequests {
			t.Errorf("%s: the server got %d requests in two runs, the report has %d", name, len(requests), r.Requests)
		}
		for _, sent := range requests {
			if sent.Method != http.MethodGet && sent.Operation != opFilter {
				t.Errorf("%s: it sent %s %s", name, sent.Method, sent.Path)
			}
		}
		if !fits(r.Version, c.version) || r.Version.AtLeast.isZero() {
			t.Errorf("%s: it guessed the version %s", name, r.Version.words())
		}
		for i, h := range r.KeyHeaders {
			if h.Arrives != c.arrives[i] {
				t.Errorf("%s: %+v", name, h)
			}
		}
		for _, op := range r.Operations {
			want, because := resultNotTried, "this command has no request for it yet"
			switch {
			case slices.Contains([]string{opList, opCounts, opGet, opFilter, opInfo}, op.ID):
				want, because = resultOK, ""
			case operation.ByID(op.ID).Write:
				because = "it writes"
			}
			if op.Result != want || op.Because != because || len(op.Problems) > 0 {
				t.Errorf("%s: %+v", name, op)
			}
		}
	}
}

func fits(r versionRange, v version) bool {
	return !r.Contradictory && v.compare(r.AtLeast) >= 0 && (r.Before.isZero() || v.compare(r.Before) < 0)
}

// TestBound checks that a request above the limit is refused.
func TestBound(t *testing.T) {
	w := watch{base: http.DefaultTransport, requests: maxRequests}
	if _, err := w.RoundTrip(httptest.NewRequest(http.MethodGet, "/", nil)); err == nil || w.requests != maxRequests {
		t.Errorf("%d: %v", w.requests, err)
	}
}
