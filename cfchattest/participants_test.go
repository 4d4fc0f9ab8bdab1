package cfchattest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// TestRecordedParticipants replays the requests recorded for one conversation's participants, in an account with the same
// people.
func TestRecordedParticipants(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.16.2"} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		people := []int64{1} // the administrator
		for _, name := range []string{"Grace Agent", "Linus Agent", "Otto Outsider"} {
			id, _ := srv.AddAgent(cfchattest.Agent{Name: name})
			people = append(people, id)
		}
		in := srv.AddInbox(cfchattest.Inbox{Members: people[1:3]})
		path := fmt.Sprintf("%s/%d/participants", conversations, srv.AddConversation(cfchattest.Conversation{Inbox: in}))
		compared := 0
		for _, e := range recordings.In(t, "../testdata/recordings-more/"+version) {
			if e.Path != operation.ListParticipantsOfAConversation.Path {
				continue
			}
			compared++
			body := ""
			if e.Request.Body != nil {
				body = here(*e.Request.Body, people)
			}
			status, answer := call(t, srv, srv.AdminKey(), e.Request.Method, path, body)
			got, want := ids(answer), here(ids(e.Response.Body), people)
			if status != e.Response.Status || status != 200 && answer != e.Response.Body || got != want {
				t.Errorf("%s %s: %d %s, recorded %d %s", version, e.Name, status, answer, e.Response.Status, e.Response.Body)
			}
			if e.Name == "conversations-participants-set-empty" { // an unrecorded request set participants again afterwards
				call(t, srv, srv.AdminKey(), "POST", path, `{"user_ids":[1]}`)
			}
		}
		if compared < 6 {
			t.Errorf("%s: compared only %d requests", version, compared)
		}
	}
}

// ids returns the ids in a list, or "" if the answer is not one.
func ids(answer string) string {
	rows, ok := decode(answer).([]any)
	if !ok {
		return ""
	}
	var all []string
	for _, row := range rows {
		all = append(all, fmt.Sprint(dig(row, "id")))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// here returns a recorded list with its ids replaced by those of the same people in this account.
func here(list string, people []int64) string {
	before, rest, found := strings.Cut(list, "[")
	inside, after, _ := strings.Cut(rest, "]")
	if !found || inside == "" {
		return list
	}
	var all []string
	for id := range strings.SplitSeq(inside, ", ") {
		var n int
		if _, err := fmt.Sscan(id, &n); err == nil && n <= len(people) {
			id = fmt.Sprint(people[n-1])
		}
		all = append(all, id)
	}
	return before + "[" + strings.Join(all, ", ") + "]" + after
}

// TestInvalidParticipants checks that a request without a list of ids is answered with 500 (contract, W3.6).
func TestInvalidParticipants(t *testing.T) {
	srv := cfchattest.New(t)
	agent, _ := srv.AddAgent(cfchattest.Agent{})
	id := srv.AddConversation(cfchattest.Conversation{Assignee: agent})
	path := fmt.Sprintf("%s/%d/participants", conversations, id)
	for _, method := range []string{"POST", "PATCH", "DELETE"} {
		for _, body := range []string{"{}", `{"user_ids":"1"}`, `{"user_ids":null}`} {
			if status, answer := call(t, srv, srv.AdminKey(), method, path, body); status != 500 {
				t.Errorf("%s %s: %d %s", method, body, status, answer)
			}
		}
		if status, _ := call(t, srv, srv.AdminKey(), method, conversations+"/99/participants", `{"user_ids":[1]}`); status != 404 {
			t.Errorf("%s of an unknown conversation: %d", method, status)
		}
		if status, _ := call(t, srv, srv.BotKey(), method, path, `{"user_ids":[1]}`); status != 401 {
			t.Errorf("%s by a bot: %d", method, status)
		}
	}
	if status, answer := call(t, srv, srv.AdminKey(), "GET", path, ""); ids(answer) != fmt.Sprintf("[%d]", agent) {
		t.Errorf("the assignee is not the only participant: %d %s", status, answer)
	}
}
