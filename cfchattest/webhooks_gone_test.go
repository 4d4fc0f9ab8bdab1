package cfchattest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestFailedAfterDeletion checks that the failed delivery of a conversation that has been deleted has no consequences, also
// for the other conversations (contract, H3).
func TestFailedAfterDeletion(t *testing.T) {
	for kind, latest := range map[string]bool{cfchattest.HookBot: true, cfchattest.HookInbox: true, "a bot, with a later one": false} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlay(t, "4.7.0")
			p.begin()
			gone, left := p.bots, []int64{p.first}
			if kind == cfchattest.HookInbox {
				gone, left = p.first, []int64{p.bots}
			}
			if !latest {
				left = append(left, p.conversationIn(p.inbox))
				p.received()
			}
			deletes := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				p.do(p.AdminKey(), "DELETE", fmt.Sprintf("/conversations/%d", gone), "")
				time.Sleep(time.Second)
				p.do(p.AdminKey(), "GET", "/inboxes", "") // makes the deletion job run
				w.WriteHeader(http.StatusNotFound)
			})
			p.Receive(hookURLs[cfchattest.HookBot], deletes)
			p.Receive(hookURLs[cfchattest.HookInbox], deletes)
			p.LoseDeliveries(hookURLs[cfchattest.HookAccount], 9)
			last := p.AddMessage(gone, cfchattest.Message{})
			if got := p.received(); len(got) != 1 {
				t.Errorf("%s: %q", kind, got)
			}
			for _, id := range slices.Clone(left) { // its message moves it to the front
				p.LoseDeliveries("", 9)
				if last++; p.AddMessage(id, cfchattest.Message{}) != last {
					t.Errorf("%s: the next message does not have the id %d", kind, last)
				}
				left = append([]int64{id}, slices.DeleteFunc(left, func(each int64) bool { return each == id })...)
			}
			if ids := listed(t, p); !slices.Equal(ids, left) {
				t.Errorf("%s: the list has %v, want %v", kind, ids, left)
			}
		})
	}
}

func listed(t *testing.T, p *play) (ids []int64) {
	t.Helper()
	_, body := call(t, p.Server, p.AdminKey(), "GET", conversations+"?status=all", "")
	var list struct {
		Data struct{ Payload []struct{ ID int64 } }
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	for _, each := range list.Data.Payload {
		ids = append(ids, each.ID)
	}
	return ids
}

// TestMergedSender checks that the messages of a contact that was merged into another belong to that one (contract, W2.12),
// and that the messages of others remain theirs.
func TestMergedSender(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.16.2"} {
		p := newPlay(t, version)
		p.begin()
		id := p.on(p.first, "/messages", `{"content":"an agent's"}`)
		others := p.AddConversation(cfchattest.Conversation{Contact: p.visitor})
		p.AddMessage(others, cfchattest.Message{})
		p.do(p.AdminKey(), "POST", "/actions/contact_merge", fmt.Sprintf(`{"base_contact_id":%d,"mergee_contact_id":%d}`, p.other, p.contact))
		p.received()
		before := len(p.Deliveries())
		p.do(p.AdminKey(), "DELETE", fmt.Sprintf("/conversations/%d/messages/%d", p.first, p.messages["Hello"]), "")
		if got := p.received(); !slices.Equal(got, both("message_updated")) {
			t.Errorf("%s: %q", version, got)
		}
		for _, d := range p.Deliveries()[before:] {
			var body struct{ Sender struct{ ID int64 } }
			if err := json.Unmarshal([]byte(d.Body), &body); err != nil || body.Sender.ID != p.other {
				t.Errorf("%s: the sender is %d, want contact %d; %v", version, body.Sender.ID, p.other, err)
			}
		}
		m := messageOf(t, p, p.messages["Hello"])
		if sender, _ := m["sender"].(map[string]any); sender["id"] != float64(p.other) {
			t.Errorf("%s: %v", version, m)
		}
		if now, _ := p.Conversation(others); now.Messages[0].Sender.ID != p.visitor {
			t.Errorf("%s: the sender of the visitor's message is %d", version, now.Messages[0].Sender.ID)
		}
		if sender, _ := messageOf(t, p, id)["sender"].(map[string]any); sender["type"] != "user" {
			t.Errorf("%s: %v", version, sender)
		}
	}
}

const newAccount = `{"account":1,"facts":{"users":{"admin":1}},"agents":[{"id":1,"name":"Ada","role":"administrator"}],
	"inboxes":[{"id":3,"name":"API","channel_type":"Channel::Api","webhook_url":"https://hooks.example/inbox"}],
	"webhooks":[{"id":5,"name":null,"url":"https://hooks.example/account","subscriptions":["conversation_created"],"secret":"s3cret"}]}`

func (p *play) load() {
	p.t.Helper()
	if err := p.LoadSnapshot([]byte(newAccount)); err != nil {
		p.t.Fatal(err)
	}
}

// TestSnapshotEndsDeliveries checks that LoadSnapshot ends the deliveries of the data it replaces, whether they are held,
// waiting or failing at the time, and that later ones are made.
func TestSnapshotEndsDeliveries(t *testing.T) {
	for name, replace := range map[string]func(p *play){
		"held": func(p *play) {
			p.HoldDeliveries()
			p.AddMessage(p.first, cfchattest.Message{})
			p.load()
			p.ReleaseDeliveries(cfchattest.InOrder)
		},
		"waiting": func(p *play) {
			p.Receive(hookURLs[cfchattest.HookAccount], http.HandlerFunc(func(http.ResponseWriter, *http.Request) { p.load() }))
			p.SetStatus(p.first, cfchat.StatusResolved)
		},
		"waiting to be tried again": func(p *play) {
			p.FailDeliveries(hookURLs[cfchattest.HookBot], 1, cfchattest.DeliveryFailure{Status: 500})
			p.LoseDeliveries(hookURLs[cfchattest.HookAccount], 2)
			p.AddMessage(p.bots, cfchattest.Message{})
			synctest.Wait()
			p.load()
			p.LoseDeliveries(hookURLs[cfchattest.HookAccount], 0)
		},
		"failing": func(p *play) {
			p.Receive(hookURLs[cfchattest.HookInbox], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				p.load()
				w.WriteHeader(http.StatusNotFound)
			}))
			p.LoseDeliveries(hookURLs[cfchattest.HookAccount], 1)
			p.AddMessage(p.first, cfchattest.Message{Type: cfchat.MessageTypeOutgoing})
		},
		"answering 500": func(p *play) {
			p.Receive(hookURLs[cfchattest.HookBot], http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				p.load()
				w.WriteHeader(http.StatusInternalServerError)
			}))
			p.AddMessage(p.bots, cfchattest.Message{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlay(t, "4.16.2")
				p.begin()
				replace(p)
				start := time.Now()
				made := p.received()
				if want := map[bool]int{true: 0, false: 1}[name == "held"]; len(made) != want || time.Since(start) != 0 {
					t.Errorf("got %q after %v, want %d immediately", made, time.Since(start), want)
				}
				p.Receive(hookURLs[cfchattest.HookAccount], http.HandlerFunc(takes))
				p.Receive(hookURLs[cfchattest.HookInbox], http.HandlerFunc(takes))
				p.AddConversation(cfchattest.Conversation{})
				if got := p.received(); !slices.Equal(got, both("conversation_created")) {
					t.Errorf("afterwards got %q", got)
				}
			})
		})
	}
}
