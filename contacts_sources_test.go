package cfchat_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestContactConversationsAll checks that every conversation of a contact is yielded once, in every version, whatever its
// inbox and status, even if another contact has the same source id in another inbox.
func TestContactConversationsAll(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "3.7.0", "3.8.0", "4.7.0", "4.14.1", "4.14.2", "4.16.2"} {
		for _, count := range []int{0, 19, 20, 70} {
			server := cfchattest.New(t, cfchattest.Version(version))
			first, second := server.AddInbox(cfchattest.Inbox{}), server.AddInbox(cfchattest.Inbox{})
			id := server.AddContact(cfchattest.Contact{Name: "Jo", Inbox: first, SourceID: "shop-1"})
			other := server.AddContact(cfchattest.Contact{Name: "Mia", Inbox: second, SourceID: "shop-1"})
			want := map[int64]bool{}
			for i := range count {
				inbox := []int64{first, second}[i%2]
				status := []cfchat.Status{cfchat.StatusOpen, cfchat.StatusResolved, cfchat.StatusPending}[i%3]
				want[server.AddConversation(cfchattest.Conversation{Contact: id, Inbox: inbox, Status: status})] = true
				server.AddConversation(cfchattest.Conversation{Contact: other, Inbox: inbox})
			}
			came, err := walked(t, server.Account(t).Contacts.ConversationsAll(t.Context(), id))
			if err != nil || !maps.Equal(came, want) {
				t.Errorf("%s: got %d conversations, want %d, %v", version, len(came), count, err)
			}
			if requests := len(server.Requests()); count < 20 && requests != 1 {
				t.Errorf("%s: %d requests for %d conversations, want 1", version, requests, count)
			}
		}
	}
}

// walked is walkedRows for conversations.
func walked(t *testing.T, all iter.Seq2[*cfchat.Conversation, error]) (came map[int64]bool, last error) {
	t.Helper()
	return walkedRows(t, all, func(c *cfchat.Conversation) int64 { return c.ID })
}

// TestContactConversationsMove walks through conversations of which the last moves to the front between pages, on a model of
// the server after the contract (1.1, W2.8), and checks that each is yielded once.
func TestContactConversationsMove(t *testing.T) {
	for _, version := range []string{"3.7.0", "4.7.0"} {
		order := make([]int, 90)
		for i := range order {
			order[i] = i + 1
		}
		asked := 0
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if req.Body != nil {
				_, _ = io.Copy(io.Discard, req.Body)
			}
			if asked++; asked%2 == 0 && asked < 12 { // the last one becomes active
				order = append(order[len(order)-1:], order[:len(order)-1]...)
			}
			page := 1
			_, _ = fmt.Sscan(req.URL.Query().Get("page"), &page)
			size, form := 25, `{"meta":{"all_count":90},"payload":[%s]}`
			switch {
			case strings.HasSuffix(req.URL.Path, "/contacts/77"):
				contact := strings.Replace(trial.GoodContact, `"contact_inboxes":[]`, `"contact_inboxes":[`+trial.GoodSource+`]`, 1)
				return trial.Reply(200, "application/json", `{"payload":`+contact+`}`), nil
			case strings.HasSuffix(req.URL.Path, "/contacts/77/conversations"):
				size, form = 20, `{"payload":[%s]}`
			case strings.HasSuffix(req.URL.Path, "/conversations"):
				form = `{"data":{"meta":{"all_count":90,"unassigned_count":90,"assigned_count":0,"mine_count":0},"payload":[%s]}}`
			}
			var rows []string
			for _, id := range order[min((page-1)*size, len(order)):min(page*size, len(order))] {
				rows = append(rows, fmt.Sprintf(`{"id":%d,"status":"open","meta":{"sender":{"id":77}}}`, id))
			}
			return jsonReply(form, strings.Join(rows, ",")), nil
		}), func(c *cfchat.Config) { c.ServerVersion = version })
		came, err := walked(t, chat.Account(7).Contacts.ConversationsAll(t.Context(), 77))
		if err != nil || len(came) != 90 {
			t.Errorf("%s: got %d conversations, want 90, %v", version, len(came), err)
		}
	}
}

// TestContactConversationsAllEnds checks that the walk ends with the first error, and that another contact's conversation is
// an error.
func TestContactConversationsAllEnds(t *testing.T) {
	contacts := trial.Chat(t, trial.Broken{}).Account(7).Contacts
	if _, err := walked(t, contacts.ConversationsAll(t.Context(), 77)); !errors.Is(err, cfchat.ErrServer) {
		t.Error(err)
	}
	var response cfchat.Response
	for what, all := range map[string]iter.Seq2[*cfchat.Conversation, error]{
		"no id":        contacts.ConversationsAll(t.Context(), 0),
		"WithResponse": contacts.ConversationsAll(t.Context(), 77, cfchat.WithResponse(&response)),
		"no account":   cfchat.ContactsService{}.ConversationsAll(t.Context(), 77),
	} {
		if _, err := walked(t, all); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s: %v", what, err)
		}
	}
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", `{"payload":[{"id":42,"status":"open","meta":{"sender":{"id":78}}}]}`), nil
	}))
	if _, err := chat.Account(7).Contacts.Conversations(t.Context(), 77); !errors.Is(err, cfchat.ErrDecode) {
		t.Errorf("of another contact: %v", err)
	}
}

// TestSourceIDs checks that source ids that the server generates, and empty ones, are left out.
func TestSourceIDs(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		known, unknown := server.AddInbox(cfchattest.Inbox{Name: "known"}), server.AddInbox(cfchattest.Inbox{Name: "unknown"})
		mail := server.AddInbox(cfchattest.Inbox{Name: "mail", Channel: cfchat.ChannelEmail})
		sms := server.AddInbox(cfchattest.Inbox{Name: "sms", Channel: cfchat.ChannelSMS})
		id := server.AddContact(cfchattest.Contact{Email: "jo@b.test", Phone: "+14155551000", Inbox: known, SourceID: "shop-1"})
		contacts := server.Account(t).Contacts
		got, err := contacts.SourceIDs(t.Context(), id)
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		var all []string
		for _, source := range got {
			all = append(all, source.Inbox.Name+" "+source.SourceID)
		}
		if want := []string{"known shop-1", "mail jo@b.test", "sms +14155551000"}; !slices.Equal(all, want) {
			t.Errorf("%s: got %q, want %q (inboxes %d, %d, %d, %d)", version, all, want, known, unknown, mail, sms)
		}
		encoded, err := json.Marshal(got)
		if err != nil || strings.Contains(string(encoded)+fmt.Sprintf("%+v", got), "hmac-") {
			t.Errorf("%s: %s contains a secret", version, encoded)
		}
	}
	empty := strings.NewReplacer("crm-7", "", "Channel::Api", "Channel::Sms").Replace(trial.GoodSource)
	asked := 0
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		asked++
		return trial.Reply(200, "application/json", `{"payload":[`+empty+`]}`), nil
	}))
	if got, err := chat.Account(7).Contacts.SourceIDs(t.Context(), 77); err != nil || len(got) != 0 || asked != 1 {
		t.Errorf("%+v, %v, %d requests", got, err, asked)
	}
}

// TestAddSource checks that a source id is added only once and never taken from another contact, in every version and kind of
// inbox.
func TestAddSource(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.1.1", "3.2.0", "4.0.3", "4.0.4", "4.16.2"} {
		for _, channel := range []cfchat.Channel{cfchat.ChannelAPI, cfchat.ChannelEmail, cfchat.ChannelSMS} {
			server := cfchattest.New(t, cfchattest.Version(version))
			inbox := server.AddInbox(cfchattest.Inbox{Channel: channel})
			other := server.AddContact(cfchattest.Contact{Name: "Mia", Inbox: inbox, SourceID: "theirs"})
			id := server.AddContact(cfchattest.Contact{Name: "Jo"})
			contacts := server.Account(t).Contacts
			for range 2 {
				got, err := contacts.AddSource(t.Context(), id, inbox, "mine")
				if err != nil || got.SourceID != "mine" || got.Inbox.ID != inbox {
					t.Errorf("%s, %s: %+v, %v", version, channel, got, err)
				}
			}
			_, err := contacts.AddSource(t.Context(), id, inbox, "theirs")
			want := cfchat.ErrInvalidInput
			if !atLeast(version, "3.2.0") {
				want = cfchat.ErrServer
			}
			if !errors.Is(err, want) {
				t.Errorf("%s, %s: another contact's source id: %v", version, channel, err)
			}
			for who, sourceID := range map[int64]string{id: "mine", other: "theirs"} {
				contact, err := contacts.Get(t.Context(), who)
				if err != nil || len(contact.ContactInboxes) != 1 || contact.ContactInboxes[0].SourceID != sourceID {
					t.Errorf("%s, %s: %+v, %v", version, channel, contact, err)
				}
			}
		}
	}
}

// TestTakeSource checks what AddSource prevents: from 4.0.4 on, TakeSource takes a source id in some inboxes away from another
// contact.
func TestTakeSource(t *testing.T) {
	for version, taken := range map[string]bool{"4.0.3": false, "4.0.4": true, "4.16.2": true} {
		server := cfchattest.New(t, cfchattest.Version(version))
		inbox := server.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail})
		server.AddContact(cfchattest.Contact{Name: "Mia", Inbox: inbox, SourceID: "theirs"})
		id := server.AddContact(cfchattest.Contact{Name: "Jo"})
		_, err := server.Account(t).Contacts.TakeSource(t.Context(), id, inbox, "theirs")
		if taken && err != nil || !taken && !errors.Is(err, cfchat.ErrServer) {
			t.Errorf("%s: %v", version, err)
		}
		if err != nil && (!errors.Is(err, cfchat.ErrUnknownOutcome) || strings.Count(err.Error(), "another contact may have the source id") != 1) {
			t.Errorf("%s: the error does not name the likely reason, or not once: %v", version, err)
		}
	}
}

// TestAddSourceRefuses checks that an invalid source id is refused, and that none is sent if the lookup of its owner failed.
func TestAddSourceRefuses(t *testing.T) {
	contacts := trial.Chat(t, trial.Broken{}).Account(7).Contacts
	for _, bad := range []struct {
		id, inbox int64
		source    string
	}{{0, 1, "a"}, {1, 0, "a"}, {1, 1, ""}, {1, 1, " "}, {1, 1, "a\x00"}} {
		_, added := contacts.AddSource(t.Context(), bad.id, bad.inbox, bad.source)
		_, taken := contacts.TakeSource(t.Context(), bad.id, bad.inbox, bad.source)
		if !errors.Is(added, cfchat.ErrInvalidInput) || !errors.Is(taken, cfchat.ErrInvalidInput) {
			t.Errorf("%+v: %v, %v", bad, added, taken)
		}
	}
	for name, answer := range map[string]func() *http.Response{
		"a 500": func() *http.Response { return trial.Reply(500, "application/json", `{"error":"no"}`) },
		"no such route": func() *http.Response {
			return trial.Reply(404, "application/json", `{"status":404,"error":"Not Found"}`)
		},
		"nobody has it":  func() *http.Response { return trial.Reply(404, "application/json", "") },
		"not authorized": func() *http.Response { return trial.Reply(401, "application/json", `{"error":"no"}`) },
	} {
		var asked []string
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			switch asked = append(asked, req.URL.Path); {
			case strings.HasSuffix(req.URL.Path, "/api"):
				return trial.Reply(404, "text/plain", ""), nil
			case strings.HasSuffix(req.URL.Path, "/filter"):
				return answer(), nil
			}
			return trial.Reply(200, "application/json", trial.GoodSource), nil
		}))
		_, err := chat.Account(7).Contacts.AddSource(t.Context(), 77, 5, "crm-7")
		sent := strings.HasSuffix(asked[len(asked)-1], "/contact_inboxes")
		if goesOn := strings.HasPrefix(name, "no such") || strings.HasPrefix(name, "nobody"); sent != goesOn || (err == nil) != goesOn {
			t.Errorf("%s: %v, requests %v", name, err, asked)
		}
	}
}
