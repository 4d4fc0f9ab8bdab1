package cfchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// labelServer answers requests about labels in turn, and records them. An answer is a payload or a status.
func labelServer(answers ...string) (over http.RoundTripper, sent *[]string) {
	sent = new([]string)
	return trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		var body []byte
		if req.Body != nil {
			body, _ = io.ReadAll(req.Body)
		}
		*sent = append(*sent, strings.TrimSpace(req.Method+" "+string(body)))
		if len(answers) == 0 {
			return nil, errors.New("unexpected request")
		}
		answer := answers[0]
		switch answers = answers[1:]; answer {
		case "lost":
			return nil, io.ErrUnexpectedEOF
		case "422":
			return trial.Reply(422, "application/json", `{"message":"Tag must exist","attributes":["tag"]}`), nil
		case "503":
			return trial.Reply(503, "text/plain", ""), nil
		}
		return trial.Reply(200, "application/json", `{"payload":`+answer+`}`), nil
	}), sent
}

// TestChangeLabels adds the label vip, and removes it, on servers that answer correctly and on those that do not.
func TestChangeLabels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remove  bool
		answers []string
		sent    []string
		labels  string
		want    error
	}{
		"added":                 {answers: []string{`["bug"]`, `["bug","vip"]`, `["vip","bug"]`}, sent: []string{"GET", `POST {"labels":["bug","vip"]}`, "GET"}, labels: "vip bug"},
		"there in another case": {answers: []string{`["VIP"]`}, sent: []string{"GET"}, labels: "VIP"},
		"removed":               {remove: true, answers: []string{`["VIP","bug"]`, `["bug"]`, `["bug"]`}, sent: []string{"GET", `POST {"labels":["bug"]}`, "GET"}, labels: "bug"},
		"the last removed":      {remove: true, answers: []string{`["vip"]`, `[]`, `[]`}, sent: []string{"GET", `POST {"labels":[]}`, "GET"}},
		"not there":             {remove: true, answers: []string{`["bug"]`}, sent: []string{"GET"}, labels: "bug"},
		"another has a comma":   {answers: []string{`["a, b"]`}, sent: []string{"GET"}, labels: "a, b", want: cfchat.ErrNotSent},
		"another has a quote":   {answers: []string{`["'tis"]`}, sent: []string{"GET"}, labels: "'tis", want: cfchat.ErrNotSent},
		"unreadable":            {answers: []string{"503"}, sent: []string{"GET"}, want: cfchat.ErrServer},
		"refused":               {answers: []string{`[]`, "422"}, sent: []string{"GET", `POST {"labels":["vip"]}`}, want: cfchat.ErrRejected},
		"set without it":        {answers: []string{`["bug"]`, `["bug"]`}, sent: []string{"GET", `POST {"labels":["bug","vip"]}`}, labels: "bug", want: cfchat.ErrRejected},
		"set with others":       {answers: []string{`[]`, `["vip","bug"]`}, sent: []string{"GET", `POST {"labels":["vip"]}`}, labels: "vip bug", want: cfchat.ErrRejected},
		"overwritten":           {answers: []string{`[]`, `["vip"]`, `["bug"]`}, sent: []string{"GET", `POST {"labels":["vip"]}`, "GET"}, labels: "bug", want: cfchat.ErrOverwritten},
		"put back":              {remove: true, answers: []string{`["vip"]`, `[]`, `["Vip"]`}, sent: []string{"GET", `POST {"labels":[]}`, "GET"}, labels: "Vip", want: cfchat.ErrOverwritten},
		"lost and stored":       {answers: []string{`[]`, "lost", `["vip"]`}, sent: []string{"GET", `POST {"labels":["vip"]}`, "GET"}, labels: "vip"},
		"lost and not stored":   {answers: []string{`[]`, "lost", `["a"]`}, sent: []string{"GET", `POST {"labels":["vip"]}`, "GET"}, labels: "a", want: cfchat.ErrUnknownOutcome},
		"lost and unknown":      {answers: []string{`["a"]`, "lost", "503"}, sent: []string{"GET", `POST {"labels":["a","vip"]}`, "GET"}, labels: "a", want: cfchat.ErrUnknownOutcome},
		"unreadable at the end": {answers: []string{`["a"]`, `["a","vip"]`, "503"}, sent: []string{"GET", `POST {"labels":["a","vip"]}`, "GET"},
			labels: "a vip", want: cfchat.ErrServer},
	} {
		for _, contacts := range []bool{false, true} {
			over, sent := labelServer(c.answers...)
			account := trial.Chat(t, over).Account(7)
			of := labelled(account.Conversations)
			if contacts {
				of = account.Contacts
			}
			change := of.AddLabels
			if c.remove {
				change = of.RemoveLabels
			}
			labels, err := change(t.Context(), 42, []string{"vip"})
			if !errors.Is(err, c.want) || strings.Join(labels, " ") != c.labels || !slices.Equal(*sent, c.sent) {
				t.Errorf("%s, contacts %t: sent %q, got %q, %v", name, contacts, *sent, labels, err)
			}
		}
	}
}

// TestSetLabels checks that the list is always sent, even if it is empty, because the server removes all labels otherwise.
func TestSetLabels(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer, sent string
		call         func(labelled) error
		want         error
	}{
		"set":             {`["a","B"]`, `POST {"labels":["a","b"]}`, func(l labelled) error { return trial.Second(l.SetLabels(t.Context(), 42, []string{"a", "b"})) }, nil},
		"set differently": {`["a"]`, `POST {"labels":["a","b"]}`, func(l labelled) error { return trial.Second(l.SetLabels(t.Context(), 42, []string{"a", "b"})) }, cfchat.ErrRejected},
		"cleared":         {`[]`, `POST {"labels":[]}`, func(l labelled) error { return l.ClearLabels(t.Context(), 42) }, nil},
		"not cleared":     {`["a"]`, `POST {"labels":[]}`, func(l labelled) error { return l.ClearLabels(t.Context(), 42) }, cfchat.ErrRejected},
		"no list":         {`null`, `POST {"labels":[]}`, func(l labelled) error { return l.ClearLabels(t.Context(), 42) }, cfchat.ErrDecode},
	} {
		for range 2 {
			over, sent := labelServer(c.answer, c.answer)
			account := trial.Chat(t, over).Account(7)
			for _, of := range []labelled{account.Conversations, account.Contacts} {
				if err := c.call(of); !errors.Is(err, c.want) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if !slices.Equal(*sent, []string{c.sent, c.sent}) {
				t.Errorf("%s: sent %q", name, *sent)
			}
		}
	}
}

// TestLabelsRefused checks that labels are refused if the server would read them as different ones, or as none.
func TestLabelsRefused(t *testing.T) {
	t.Parallel()
	account := trial.Chat(t, trial.Broken{}).Account(7)
	for _, of := range []labelled{account.Conversations, account.Contacts, cfchat.ConversationsService{}, cfchat.ContactsService{}} {
		for _, call := range []func(context.Context, int64, []string, ...cfchat.CallOption) ([]string, error){of.AddLabels, of.RemoveLabels, of.SetLabels} {
			for _, labels := range [][]string{nil, {}, {""}, {" "}, {"a", "b "}, {"a,b"}, {`"a"`}, {"'tis"}, {"a\x00"}, {"\xff"}, {strings.Repeat("ä", 256)}} {
				if _, err := call(t.Context(), 42, labels); !errors.Is(err, cfchat.ErrInvalidInput) {
					t.Errorf("%q: %v", labels, err)
				}
			}
			if _, err := call(t.Context(), 0, []string{"a"}); !errors.Is(err, cfchat.ErrInvalidInput) {
				t.Errorf("id 0: %v", err)
			}
		}
		if err := of.ClearLabels(t.Context(), -1); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("id -1: %v", err)
		}
	}
}

// TestLabelsWait checks that ClearLabels waits for its turn after another call only as long as its context lasts.
func TestLabelsWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, s := cfchattest.New(t), &steps{}
		account, _ := s.program(t, server)
		of, id := labelledOf(server, account, false, "a")
		ctx, stop := context.WithCancel(t.Context())
		go func() { _, _ = of.AddLabels(t.Context(), id, []string{"b"}) }()
		synctest.Wait()
		ended := make(chan error)
		go func() { ended <- of.ClearLabels(ctx, id) }()
		synctest.Wait()
		if len(s.held) != 1 {
			t.Errorf("%d requests are in flight, want 1", len(s.held))
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) || !errors.Is(err, cfchat.ErrNotSent) {
			t.Errorf("ClearLabels returned %v", err)
		}
		for range 3 {
			first := s.held[0]
			s.held = s.held[1:] // before the next request can be held
			close(first)
			synctest.Wait()
		}
		if now, _ := server.Conversation(id); !slices.Equal(now.Labels, []string{"a", "b"}) {
			t.Errorf("the labels are %q", now.Labels)
		}
	})
}

// TestLabelsAreComparedAsServersDo checks that labels are compared as Ruby lowercases them: İ becomes two characters, and ς
// is not σ.
func TestLabelsAreComparedAsServersDo(t *testing.T) {
	t.Parallel()
	for label, c := range map[string]struct{ now, sent string }{
		"οδοσ":   {`["οδος"]`, `POST {"labels":["οδος","οδοσ"]}`},
		"İzmir":  {`["i̇zmir"]`, ""},
		"STRAẞE": {`["straße"]`, ""},
		"Straße": {`["strasse"]`, `POST {"labels":["strasse","Straße"]}`},
		"ſ":      {`["s"]`, `POST {"labels":["s","ſ"]}`},
		"Kelvin": {`["kelvin"]`, ""},
	} {
		var set string
		chat := trial.Chat(t, trial.RoundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				body, _ := io.ReadAll(r.Body)
				set = "POST " + string(body)
				return trial.Reply(200, "application/json", strings.Replace(string(body), "labels", "payload", 1)), nil
			}
			if set != "" {
				return trial.Reply(200, "application/json", strings.Replace(set[len("POST "):], "labels", "payload", 1)), nil
			}
			return trial.Reply(200, "application/json", `{"payload":`+c.now+`}`), nil
		}))
		if _, err := chat.Account(7).Conversations.AddLabels(t.Context(), 42, []string{label}); err != nil || set != c.sent {
			t.Errorf("%s added to %s: sent %q, want %q, %v", label, c.now, set, c.sent, err)
		}
	}
}

// TestLabelErrorsAreShort checks that errors stay readable when labels are many and long.
func TestLabelErrorsAreShort(t *testing.T) {
	t.Parallel()
	many, err := json.Marshal(manyLabels(2000))
	if err != nil {
		t.Fatal(err)
	}
	for name, answers := range map[string][]string{
		"set differently": {`[]`, string(many)},
		"overwritten":     {string(many), `["vip",` + string(many[1:]), `["other"]`},
		"misread":         {`["` + strings.Repeat("a,", 100000) + `"]`},
		"unreadable":      {string(many), `["vip",` + string(many[1:]), "503"},
	} {
		over, _ := labelServer(answers...)
		_, err := trial.Chat(t, over).Account(7).Conversations.AddLabels(t.Context(), 42, []string{"vip"})
		if err == nil || len(err.Error()) > 2000 {
			t.Errorf("%s: %.3000v", name, err)
		}
	}
}

func manyLabels(n int) []string {
	labels := make([]string, n)
	for i := range labels {
		labels[i] = fmt.Sprintf("label-%d-%s", i, strings.Repeat("x", 80))
	}
	return labels
}

// TestLookAfterSet checks that no error says that nothing was sent if only the check after a set could not be sent.
func TestLookAfterSet(t *testing.T) {
	t.Parallel()
	over, sent := labelServer(`["bug"]`, `["bug","vip"]`)
	edits := 0
	edit := cfchat.RequestEditorFn(func(context.Context, *http.Request) error {
		if edits++; edits == 3 {
			return errors.New("no token now")
		}
		return nil
	})
	labels, err := trial.Chat(t, over).Account(7).Conversations.AddLabels(t.Context(), 42, []string{"vip"}, edit)
	if errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, cfchat.ErrUnknownOutcome) || !strings.Contains(err.Error(), "no token now") ||
		!strings.Contains(err.Error(), "the labels were set to") || strings.Contains(err.Error(), "nothing was sent") || len(labels) != 2 || len(*sent) != 2 {
		t.Errorf("%q, %v", labels, err)
	}
}
