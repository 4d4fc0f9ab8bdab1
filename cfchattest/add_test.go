package cfchattest_test

import (
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// impossible are what a server is asked to add and cannot, by what it says.
var impossible = map[string]func(*cfchattest.Server){
	"there is no inbox 77": func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Inbox: 77}) },
	"there is no inbox 78": func(s *cfchattest.Server) { s.AddContact(cfchattest.Contact{Inbox: 78, SourceID: "x"}) },
	"there is no contact 77": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Contact: 77})
	},
	"there is no contact 1": func(s *cfchattest.Server) {
		s.DeleteContact(s.AddContact(cfchattest.Contact{}))
		s.AddConversation(cfchattest.Conversation{Contact: 1})
	},
	`there is no status "closed"`:   func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Status: "closed"}) },
	`there is no status "shut"`:     func(s *cfchattest.Server) { s.SetStatus(s.AddConversation(cfchattest.Conversation{}), "shut") },
	`there is no priority "lowest"`: func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Priority: "lowest"}) },
	"there is no team 7":            func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Team: 7}) },
	"there is no agent 77":          func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Assignee: 77}) },
	"there is no agent 78":          func(s *cfchattest.Server) { s.AddInbox(cfchattest.Inbox{Members: []int64{1, 78}}) },
	"there is no agent 79":          func(s *cfchattest.Server) { s.AddTeam(cfchattest.Team{Members: []int64{79}}) },
	"there is no agent 80": func(s *cfchattest.Server) {
		s.AddMessage(s.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Type: cfchat.MessageTypeOutgoing,
			Sender: 80})
	},
	"there is no bot 77": func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Bot: 77}) },
	"bot 1 and agent 2 cannot both own a conversation": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Bot: 1, Assignee: 2})
	},
	`bots own conversations from 4.8.0 on, and this is 4.7.0; take New(t, Version("4.8.0"))`: func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Bot: 1})
	},
	`"hooks.example" is no web address`: func(s *cfchattest.Server) { s.AddWebhook(cfchattest.Webhook{URL: "hooks.example"}) },
	`"" is no web address`:              func(s *cfchattest.Server) { s.Receive("", nil) },
	`"ftp://x" is no web address`:       func(s *cfchattest.Server) { s.AddInbox(cfchattest.Inbox{WebhookURL: "ftp://x"}) },
	`"https://" is no web address`:      func(s *cfchattest.Server) { s.AddBot(cfchattest.Bot{OutgoingURL: "https://"}) },
	"only API inboxes have a webhook, and this is a Channel::Email": func(s *cfchattest.Server) {
		s.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail, WebhookURL: "https://x"})
	},
	"there is a webhook to https://x already": func(s *cfchattest.Server) {
		s.AddWebhook(cfchattest.Webhook{URL: "https://x"})
		s.AddWebhook(cfchattest.Webhook{URL: "https://x"})
	},
	`webhooks of 4.7.0 have no event "conversation_opened"`: func(s *cfchattest.Server) {
		s.AddWebhook(cfchattest.Webhook{URL: "https://x", Subscriptions: []cfchat.WebhookEvent{"conversation_opened"}})
	},
	"there is no webhook 5": func(s *cfchattest.Server) { s.WebhookSecret(5) },
	"there is no bot 79":    func(s *cfchattest.Server) { s.BotSecret(79) },
	"inbox 2 has no secret: it is a Channel::Email": func(s *cfchattest.Server) {
		s.InboxSecret(s.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail}))
	},
	"there is no inbox 81":       func(s *cfchattest.Server) { s.AddBot(cfchattest.Bot{Inboxes: []int64{81}}) },
	"there is no conversation 9": func(s *cfchattest.Server) { s.AddMessage(9, cfchattest.Message{}) },
	"there is no message type 9": func(s *cfchattest.Server) {
		s.AddMessage(s.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Type: 9})
	},
	`no custom attribute is of type "textt"`: func(s *cfchattest.Server) {
		s.AddCustomAttribute(cfchattest.CustomAttribute{Key: "tier", Display: "textt"})
	},
	`inbox 1 has a contact with the source id "x"`: func(s *cfchattest.Server) {
		s.AddContact(cfchattest.Contact{SourceID: "x"})
		s.AddContact(cfchattest.Contact{SourceID: "x"})
	},
}

// TestImpossible asks for what cannot be: that is an error of the test, and without one a panic.
func TestImpossible(t *testing.T) {
	for want, add := range impossible {
		want = "cfchattest: " + want
		if got := failureOf(t, func(t testing.TB) { add(cfchattest.New(t)) }); got != want {
			t.Errorf("it fails the test with %q, want %q", got, want)
		}
		srv := cfchattest.Start()
		if got := panicOf(func() { add(srv) }); got != want {
			t.Errorf("it panics with %q, want %q", got, want)
		}
		srv.Close()
	}
}

// TestAddAgent lets an agent see the inboxes of which they are a member, and an administrator every one.
func TestAddAgent(t *testing.T) {
	srv := cfchattest.New(t)
	for _, c := range []struct {
		agent cfchattest.Agent
		want  int
	}{{cfchattest.Agent{Name: "Ada"}, 1}, {cfchattest.Agent{Administrator: true}, 2}} {
		id, key := srv.AddAgent(c.agent)
		members := srv.AddInbox(cfchattest.Inbox{Members: []int64{id}})
		srv.AddConversation(cfchattest.Conversation{Inbox: members, Assignee: id})
		_, body := call(t, srv, key, "GET", conversations, "")
		if got := idsOf(t, body); len(got) != c.want {
			t.Errorf("%+v sees %v, want %d", c.agent, got, c.want)
		}
		if c.agent.Name != "" && ownerOf(t, srv, 1) != "agent Ada" {
			t.Errorf("conversation 1 is of %s", ownerOf(t, srv, 1))
		}
	}
}

// TestAddContact shows a contact as it was added, in its conversations.
func TestAddContact(t *testing.T) {
	srv := cfchattest.New(t)
	who := srv.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@example.com", Phone: "+4712345678", Identifier: "crm-1"})
	for _, c := range []struct {
		contact int64
		want    [4]string
	}{
		{who, [4]string{"Jo", "jo@example.com", "+4712345678", "crm-1"}},
		{srv.AddContact(cfchattest.Contact{}), [4]string{"Contact 2", "", "", ""}},
	} {
		got, _ := srv.Conversation(srv.AddConversation(cfchattest.Conversation{Contact: c.contact}))
		sender := got.Meta.Sender
		if is := [4]string{sender.GetName(), sender.GetEmail(), sender.GetPhoneNumber(), sender.GetIdentifier()}; is != c.want {
			t.Errorf("contact %d is %q, want %q", c.contact, is, c.want)
		}
	}
}
