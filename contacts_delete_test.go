package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestRemoveCustomAttributes checks that the named attributes are removed, and that a call that names none is refused.
func TestRemoveCustomAttributes(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.16.2"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		id := server.AddContact(cfchattest.Contact{Name: "Jo", Custom: map[string]any{"a": 1, "b": 2, "c": nil}})
		contacts := server.Account(t).Contacts
		got, err := contacts.RemoveCustomAttributes(t.Context(), id, []string{"a", "c", "other"})
		if err != nil || got.CustomAttributes.String() != `{"b":2}` {
			t.Errorf("%s: %+v, %v", version, got, err)
		}
	}
	contacts := trial.Chat(t, trial.Broken{}).Account(7).Contacts
	for _, keys := range [][]string{nil, {}, {""}, {"a", "\x00"}} {
		if _, err := contacts.RemoveCustomAttributes(t.Context(), 77, keys); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%q: %v", keys, err)
		}
	}
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		contact := strings.TrimSuffix(trial.GoodContact, "}") + `,"custom_attributes":{"a":1}}`
		return trial.Reply(200, "application/json", `{"payload":`+contact+`}`), nil
	}))
	if _, err := chat.Account(7).Contacts.RemoveCustomAttributes(t.Context(), 77, []string{"a"}); !errors.Is(err, cfchat.ErrRejected) {
		t.Errorf("an attribute that is still there: %v", err)
	}
}

// TestDeleteContact checks that only an administrator can delete a contact, and only one that is not online.
func TestDeleteContact(t *testing.T) {
	server := cfchattest.New(t)
	id := server.AddContact(cfchattest.Contact{Name: "Jo"})
	online := server.AddContact(cfchattest.Contact{Name: "Jane", Online: true})
	agent := server.Account(t).Contacts
	if err := agent.Delete(t.Context(), id, cfchat.WithKeys(auth.Keys{User: auth.NewKey(server.AgentKey())})); !errors.Is(err, cfchat.ErrUnauthorized) {
		t.Errorf("by an agent: %v", err)
	}
	contacts := server.Account(t).Contacts
	if err := contacts.Delete(t.Context(), online); !errors.Is(err, cfchat.ErrRejected) || !strings.Contains(err.Error(), "Jane is Online") {
		t.Errorf("a contact that is online: %v", err)
	}
	for _, want := range []error{nil, cfchat.ErrNotFound} {
		if err := contacts.Delete(t.Context(), id); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if err := contacts.Delete(t.Context(), 0); !errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("no id: %v", err)
	}
	something := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", "{}"), nil
	}))
	if err := something.Account(7).Contacts.Delete(t.Context(), 77); !errors.Is(err, cfchat.ErrDecode) || !errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("another answer: %v", err)
	}
}

// TestScanSurvivesDelete deletes a contact while its conversations are being scanned. Until the server's job has run, they
// cannot be rendered, and every page with one of them is a 500. All others must be yielded, and no error may end the scan.
func TestScanSurvivesDelete(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.16.2"} {
		synctest.Test(t, func(t *testing.T) {
			server := cfchattest.New(t, cfchattest.Version(version))
			stays, goes := server.AddContact(cfchattest.Contact{Name: "Jo"}), server.AddContact(cfchattest.Contact{Name: "Mia"})
			want := map[int64]bool{}
			for i := range 60 {
				if i%3 == 0 {
					server.AddConversation(cfchattest.Conversation{Contact: goes})
				} else {
					want[server.AddConversation(cfchattest.Conversation{Contact: stays})] = true
				}
			}
			account := server.Account(t)
			came := map[int64]bool{}
			for c, err := range account.Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{}) {
				if e, ok := errors.AsType[*cfchat.Error](err); err != nil && (!ok || e.ConversationID == 0) {
					t.Errorf("%s: %v", version, err)
				}
				if err != nil {
					continue
				}
				if came[c.ID] = true; len(came) == 1 {
					if err := account.Contacts.Delete(t.Context(), goes); err != nil {
						t.Fatal(err)
					}
					_, err := account.Conversations.List(t.Context(), cfchat.ConversationListOptions{}, cfchat.WithRetry(cfchat.Retry{MaxTries: 1}))
					if !errors.Is(err, cfchat.ErrServer) {
						t.Errorf("%s: a list just after the deletion: %v", version, err)
					}
				}
			}
			for id := range want {
				if !came[id] {
					t.Errorf("%s: conversation %d is missing", version, id)
				}
			}
			time.Sleep(time.Second) // virtual time, in which the job runs
			page, err := account.Conversations.List(t.Context(), cfchat.ConversationListOptions{})
			if err != nil || page.Meta.AllCount != int64(len(want)) {
				t.Errorf("%s: after the job: %+v, %v", version, page, err)
			}
		})
	}
}

// TestMergeContacts checks that a merge moves everything from the mergee to the base, whose own values win, and that it
// cannot be repeated.
func TestMergeContacts(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.1.1", "3.2.0", "4.16.2"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		base := server.AddContact(cfchattest.Contact{Name: "Jo", Custom: map[string]any{"plan": "pro", "in": map[string]any{"a": 1}}})
		mergee := server.AddContact(cfchattest.Contact{
			Name: "Joanna", Email: "jo@b.test", SourceID: "shop-1", Custom: map[string]any{"plan": "free", "in": map[string]any{"b": 2}},
		})
		conversation := server.AddConversation(cfchattest.Conversation{Contact: mergee})
		contacts := server.Account(t).Contacts
		got, err := contacts.Merge(t.Context(), base, mergee, cfchat.KeepJSON())
		if err != nil {
			t.Fatalf("%s: %v", version, err)
		}
		stored, err := contacts.Get(t.Context(), base)
		if err != nil || len(stored.ContactInboxes) != 1 || stored.ContactInboxes[0].SourceID != "shop-1" {
			t.Errorf("%s: stored %+v, %v", version, stored, err)
		}
		if got.ID != base || got.GetName() != "Jo" || got.GetEmail() != "jo@b.test" || !got.CreatedAt.Equal(stored.CreatedAt.Time) || got.JSON() == nil {
			t.Errorf("%s: %+v", version, got)
		}
		if custom := got.CustomAttributes.String(); custom != `{"in":{"a":1,"b":2},"plan":"pro"}` {
			t.Errorf("%s: custom attributes %s", version, custom)
		}
		conversations, err := contacts.Conversations(t.Context(), base)
		if err != nil || len(conversations) != 1 || conversations[0].ID != conversation || conversations[0].Meta.Sender.ID != base {
			t.Errorf("%s: %+v, %v", version, conversations, err)
		}
		both := fmt.Sprintf("contact %d was to be merged into %d", mergee, base)
		if _, err := contacts.Merge(t.Context(), base, mergee); !errors.Is(err, cfchat.ErrNotFound) || !strings.Contains(err.Error(), both) {
			t.Errorf("%s: again: %v", version, err)
		}
	}
	contacts := trial.Chat(t, trial.Broken{}).Account(7).Contacts
	for _, ids := range [][2]int64{{1, 1}, {0, 1}, {1, -1}} {
		if _, err := contacts.Merge(t.Context(), ids[0], ids[1]); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%d: %v", ids, err)
		}
	}
	if _, err := contacts.Merge(t.Context(), 1, 2); !errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("a 500: %v", err)
	}
	cut := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded }))
	if _, err := cut.Account(7).Contacts.Merge(t.Context(), 1, 2); !errors.Is(err, cfchat.ErrUnknownOutcome) {
		t.Errorf("no answer: %v", err)
	}
}

// TestMergedRow checks that the database row with which 2.16.0 answers is decoded as a contact, with its times.
func TestMergedRow(t *testing.T) {
	e := recordings.Read(t, "testdata/recordings-contacts/2.16.0/contacts-merge-1.json")
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		return trial.Reply(200, "application/json", e.Response.Body), nil
	}))
	got, err := chat.Account(1).Contacts.Merge(t.Context(), 211, 212)
	if err != nil {
		t.Fatal(err)
	}
	created, active := time.Date(2026, 11, 26, 0, 57, 8, 0, time.UTC), time.Date(2026, 11, 26, 0, 57, 9, 0, time.UTC)
	if !got.CreatedAt.Equal(created) || !got.LastActivityAt.Equal(active) || got.GetName() != "Base" || got.GetIdentifier() != "id-1-654628" {
		t.Errorf("%+v", got)
	}
	var nobody cfchat.MergedContact
	if err := nobody.UnmarshalJSON([]byte(`{"id":1,"created_at":"yesterday"}`)); err != nil || nobody.CreatedAt == nil || !nobody.CreatedAt.IsZero() {
		t.Errorf("an invalid time: %+v, %v", nobody, err)
	}
}

// TestContactChangesNeedAUser checks that these calls refuse a bot's key, which the servers accept for none of them.
func TestContactChangesNeedAUser(t *testing.T) {
	contacts, ctx := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.Keys.User = auth.Key{} }).Account(7).Contacts, t.Context()
	_, updated := contacts.Update(ctx, 1, cfchat.ContactUpdate{Name: new("Jo")})
	_, merged := contacts.Merge(ctx, 1, 2)
	_, added := contacts.AddSource(ctx, 1, 1, "a")
	_, taken := contacts.TakeSource(ctx, 1, 1, "a")
	_, sources := contacts.SourceIDs(ctx, 1)
	for _, err := range []error{contacts.Delete(ctx, 1), updated, merged, added, taken, sources} {
		if !errors.Is(err, auth.ErrNoKey) {
			t.Error(err)
		}
	}
}
