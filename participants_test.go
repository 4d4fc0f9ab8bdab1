package cfchat_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// peopleServer answers requests about participants in turn, and records them. An answer is a list of ids or a word.
func peopleServer(answers ...string) (over http.RoundTripper, sent *[]string) {
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
		case "404":
			return trial.Reply(404, "application/json", `{"error":"Resource could not be found"}`), nil
		case "422":
			return trial.Reply(422, "application/json", `{"error":"Invalid participant IDs"}`), nil
		case "500":
			return trial.Reply(500, "application/json", `{"status":500,"error":"Internal Server Error"}`), nil
		case "empty":
			return trial.Reply(200, "application/json", ""), nil
		}
		var people []string
		for id := range strings.FieldsSeq(answer) {
			people = append(people, `{"id":`+id+`,"name":"A","email":"a@example.com"}`)
		}
		return trial.Reply(200, "application/json", "["+strings.Join(people, ",")+"]"), nil
	}), sent
}

// TestChangeParticipants adds, sets and removes 2 and 3 on servers that answer correctly and on those that do not.
func TestChangeParticipants(t *testing.T) {
	t.Parallel()
	const add, set, remove = `POST {"user_ids":[2,3]}`, `PATCH {"user_ids":[2,3]}`, `DELETE {"user_ids":[2,3]}`
	for name, c := range map[string]struct {
		answers []string
		sent    []string
		now     []int64
		want    error
	}{
		"added":                       {[]string{"2 3", "1 2 3"}, []string{add, "GET"}, []int64{1, 2, 3}, nil},
		"there already":               {[]string{"", "3 2"}, []string{add, "GET"}, []int64{3, 2}, nil},
		"answered and not stored":     {[]string{"2 3", "1 2"}, []string{add, "GET"}, []int64{1, 2}, cfchat.ErrRejected},
		"refused":                     {[]string{"422"}, []string{add}, nil, cfchat.ErrRejected},
		"no conversation":             {[]string{"404"}, []string{add}, nil, cfchat.ErrNotFound},
		"500, and one is stored":      {[]string{"500", "2"}, []string{add, "GET"}, []int64{2}, cfchat.ErrUnknownOutcome},
		"500, and both are stored":    {[]string{"500", "2 3"}, []string{add, "GET"}, []int64{2, 3}, nil},
		"lost and stored":             {[]string{"lost", "2 3"}, []string{add, "GET"}, []int64{2, 3}, nil},
		"lost and not stored":         {[]string{"lost", ""}, []string{add, "GET"}, nil, cfchat.ErrUnknownOutcome},
		"lost and unknown":            {[]string{"lost", "500"}, []string{add, "GET"}, nil, cfchat.ErrUnknownOutcome},
		"added and unknown":           {[]string{"2 3", "500"}, []string{add, "GET"}, nil, cfchat.ErrUnknownOutcome},
		"set":                         {[]string{"2 3", "3 2"}, []string{set, "GET"}, []int64{3, 2}, nil},
		"set and not stored":          {[]string{"2 3", "2"}, []string{set, "GET"}, []int64{2}, cfchat.ErrRejected},
		"set, and somebody adds":      {[]string{"2 3", "2 3 4"}, []string{set, "GET"}, []int64{2, 3, 4}, cfchat.ErrOverwritten},
		"set, one is missing":         {[]string{"2 3", "2 4"}, []string{set, "GET"}, []int64{2, 4}, cfchat.ErrRejected},
		"set, and another is there":   {[]string{"2 3", "2 4"}, []string{set, "GET"}, []int64{2, 4}, cfchat.ErrOverwritten},
		"set, lost, others are there": {[]string{"lost", "2 3 4"}, []string{set, "GET"}, []int64{2, 3, 4}, cfchat.ErrUnknownOutcome},
		"removed":                     {[]string{"empty", "1"}, []string{remove, "GET"}, []int64{1}, nil},
		"removed, and somebody adds":  {[]string{"empty", "1 2"}, []string{remove, "GET"}, []int64{1, 2}, cfchat.ErrOverwritten},
		"remove lost":                 {[]string{"lost", "1 2"}, []string{remove, "GET"}, []int64{1, 2}, cfchat.ErrUnknownOutcome},
		"remove lost and done":        {[]string{"lost", "1"}, []string{remove, "GET"}, []int64{1}, nil},
		"removed with an answer":      {[]string{"2", "1"}, []string{remove, "GET"}, []int64{1}, nil},
	} {
		over, sent := peopleServer(c.answers...)
		of := trial.Chat(t, over).Account(7).Conversations
		change := map[string]func(context.Context, int64, []int64, ...cfchat.CallOption) ([]cfchat.Agent, error){
			add: of.AddParticipants, set: of.SetParticipants, remove: of.RemoveParticipants,
		}[c.sent[0]]
		now, err := change(t.Context(), 42, []int64{3, 2, 3})
		if !errors.Is(err, c.want) || !slices.Equal(agentIDs(now), c.now) || !slices.Equal(*sent, c.sent) {
			t.Errorf("%s: sent %q, got %d, %v", name, *sent, agentIDs(now), err)
		}
		if c.want != nil && !strings.Contains(err.Error(), "conversation 42") {
			t.Errorf("%s: %v does not name the conversation", name, err)
		}
	}
}

// TestParticipantsNotLookedFor checks that the participants are not requested after the caller has given up.
func TestParticipantsNotLookedFor(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	requests := 0
	of := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		requests++
		leave()
		return nil, ctx.Err()
	})).Account(7).Conversations
	if _, err := of.AddParticipants(ctx, 42, []int64{2}); !errors.Is(err, cfchat.ErrUnknownOutcome) || requests != 1 || strings.Contains(err.Error(), "looking") {
		t.Errorf("%d requests, %v", requests, err)
	}
}

// TestParticipantsRefused checks that a call is refused if the server would fail on it, or if it would remove everybody.
func TestParticipantsRefused(t *testing.T) {
	t.Parallel()
	for _, of := range []cfchat.ConversationsService{trial.Chat(t, trial.Broken{}).Account(7).Conversations, {}} {
		for _, change := range []func(context.Context, int64, []int64, ...cfchat.CallOption) ([]cfchat.Agent, error){
			of.AddParticipants, of.SetParticipants, of.RemoveParticipants,
		} {
			for _, ids := range [][]int64{nil, {}, {0}, {2, -3}} {
				_, err := change(t.Context(), 42, ids)
				if failed, _ := errors.AsType[*cfchat.Error](err); !errors.Is(err, cfchat.ErrInvalidInput) || !strings.HasPrefix(failed.Fields[0].Field, "userIDs") {
					t.Errorf("%d: %v", ids, err)
				}
			}
			_, err := change(t.Context(), 0, []int64{0, 2, -1})
			if failed, _ := errors.AsType[*cfchat.Error](err); !errors.Is(err, cfchat.ErrInvalidInput) || len(failed.Fields) < 3 {
				t.Errorf("everything wrong: %v", err)
			}
		}
		if _, err := of.Participants(t.Context(), 0); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("id 0: %v", err)
		}
	}
}

// TestDeleteHasABody checks that RemoveParticipants sends its ids over HTTP/1.1 and HTTP/2.
func TestDeleteHasABody(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		var got []string
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = append(got, strings.Join([]string{r.Proto, r.Method, r.Header.Get("Content-Type"), strconv.FormatInt(r.ContentLength, 10), string(body)}, " "))
			if r.Method == http.MethodGet {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, "[]")
			}
		}))
		server.EnableHTTP2 = http2
		server.StartTLS()
		chat, err := cfchat.New(cfchat.Config{Server: server.URL, HTTPClient: server.Client(), Keys: auth.Keys{User: auth.NewKey("user-key")}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = chat.Account(7).Conversations.RemoveParticipants(t.Context(), 42, []int64{2})
		server.Close()
		want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[http2] + ` DELETE application/json 16 {"user_ids":[2]}`
		if err != nil || len(got) != 2 || got[0] != want {
			t.Errorf("HTTP/2 %t: %q, %v", http2, got, err)
		}
	}
}

// TestParticipantsByVersion adds an administrator, an agent who cannot be assigned in the inbox, and a user who does not
// exist, on versions before and after servers began to say what is wrong.
func TestParticipantsByVersion(t *testing.T) {
	t.Parallel()
	for version, old := range map[string]bool{"2.16.0": true, "4.16.1": true, "4.16.2": false} {
		server := cfchattest.New(t, cfchattest.Version(version))
		administrator, _ := server.AddAgent(cfchattest.Agent{Administrator: true})
		outsider, _ := server.AddAgent(cfchattest.Agent{})
		id, of := server.AddConversation(cfchattest.Conversation{}), server.Account(t).Conversations

		now, err := of.AddParticipants(t.Context(), id, []int64{administrator, outsider})
		names := err != nil && strings.Contains(err.Error(), "user "+strconv.FormatInt(outsider, 10)+" is not a participant")
		if !errors.Is(err, cfchat.ErrRejected) || names != old || (len(now) == 1) != old {
			t.Errorf("%s: adding an outsider: %d, %v", version, agentIDs(now), err)
		}
		now, err = of.SetParticipants(t.Context(), id, []int64{administrator, nobody})
		names = err != nil && strings.Contains(err.Error(), "user "+strconv.Itoa(nobody)+" is not a participant")
		if err == nil || errors.Is(err, cfchat.ErrUnknownOutcome) != old || names != old || (len(now) == 1) != old {
			t.Errorf("%s: setting a user who does not exist: %d, %v", version, agentIDs(now), err)
		}
	}
}
