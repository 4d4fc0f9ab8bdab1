package cfchattest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// impossible maps messages to the impossible setups that cause them.
var impossible = map[string]func(*cfchattest.Server){
	"Conversation.Inbox: there is no inbox 77; there is 1": func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Inbox: 77}) },
	"Conversation.Inbox: there is no inbox -1; there is 1": func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Inbox: -1}) },
	"Conversation.Contact: there is no contact 77; there are 1, 2": func(s *cfchattest.Server) {
		s.AddContact(cfchattest.Contact{})
		s.AddContact(cfchattest.Contact{})
		s.AddConversation(cfchattest.Conversation{Contact: 77})
	},
	"Conversation.Contact: there is no contact 1; there is none": func(s *cfchattest.Server) {
		s.DeleteContact(s.AddContact(cfchattest.Contact{}))
		s.AddConversation(cfchattest.Conversation{Contact: 1})
	},
	`Conversation.Status: there is no status "closed"; there are open, resolved, pending, snoozed`: func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Status: "closed"})
	},
	`Conversation.Status: there is no status "all"; there are open, resolved, pending, snoozed`: func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Status: cfchat.StatusAll})
	},
	"Conversation.SnoozedUntil: only a snoozed conversation has it; set Status to cfchat.StatusSnoozed": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{SnoozedUntil: time.Now()})
	},
	`Conversation.Priority: there is no priority "lowest"; there are low, medium, high, urgent`: func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Priority: "lowest"})
	},
	"Conversation.Team: there is no team 7; there is none": func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Team: 7}) },
	"Conversation.Assignee: there is no agent 77; there are 1, 2": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Assignee: 77})
	},
	"Conversation.Bot: there is no bot 77; there are 1, 2": func(s *cfchattest.Server) { s.AddConversation(cfchattest.Conversation{Bot: 77}) },
	"Conversation.Bot: there is no bot 3; there are 1, 2": func(s *cfchattest.Server) { // it belongs to another account
		id, _ := s.AddBot(cfchattest.Bot{Stray: true})
		s.AddConversation(cfchattest.Conversation{Bot: id})
	},
	"Conversation.Bot: bot 1 and agent 2 cannot both own a conversation": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Bot: 1, Assignee: 2})
	},
	`Conversation.Bot: servers have it from 4.8.0 on, and this is 4.7.0; use Version("4.8.0")`: func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Bot: 1})
	},
	"Conversation.Labels[1]: it is blank": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Labels: []string{"vip", " "}})
	},
	"Conversation.Labels[0]: it has 256 characters, and servers accept 255 at most": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Labels: []string{strings.Repeat("ü", 256)}})
	},
	"Conversation.Custom: json: unsupported type: chan int": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Custom: map[string]any{"tier": make(chan int)}})
	},
	"Conversation.Custom: tier length should be < 1500": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Custom: map[string]any{"tier": strings.Repeat("x", 1501)}})
	},
	"Conversation.Additional: json: unsupported type: func()": func(s *cfchattest.Server) {
		s.AddConversation(cfchattest.Conversation{Additional: map[string]any{"referer": func() {}}})
	},

	"Contact.Inbox: there is no inbox 78; there is 1": func(s *cfchattest.Server) { s.AddContact(cfchattest.Contact{Inbox: 78, SourceID: "x"}) },
	`Contact.SourceID: in inbox 1 contact 1 has "x" already`: func(s *cfchattest.Server) {
		s.AddContact(cfchattest.Contact{SourceID: "x"})
		s.AddContact(cfchattest.Contact{SourceID: "x"})
	},
	`Contact.Email: contact 1 has "Jo@example.com" already`: func(s *cfchattest.Server) {
		s.AddContact(cfchattest.Contact{Email: "jo@Example.com"})
		s.AddContact(cfchattest.Contact{Email: "Jo@example.com"})
	},
	`Contact.Email: "jo" is not an e-mail address`:                   func(s *cfchattest.Server) { s.AddContact(cfchattest.Contact{Email: "jo"}) },
	`Contact.Phone: "0471 2345" is not a number such as +4712345678`: func(s *cfchattest.Server) { s.AddContact(cfchattest.Contact{Phone: "0471 2345"}) },
	"Contact.Name: it has 256 characters, and servers accept 255 at most": func(s *cfchattest.Server) {
		s.AddContact(cfchattest.Contact{Name: strings.Repeat("x", 256)})
	},
	`Contact.Identifier: contact 1 has "crm-1" already`: func(s *cfchattest.Server) {
		s.AddContact(cfchattest.Contact{Identifier: "crm-1"})
		s.AddContact(cfchattest.Contact{Identifier: "crm-1"})
	},
	"Contact.Custom: json: unsupported type: chan int": func(s *cfchattest.Server) {
		s.AddContact(cfchattest.Contact{Custom: map[string]any{"tier": make(chan int)}})
	},

	`Inbox.Channel: there is no channel "Api"; there are Channel::Api, Channel::Email, Channel::FacebookPage,`: func(s *cfchattest.Server) {
		s.AddInbox(cfchattest.Inbox{Channel: "Api"})
	},
	"Inbox.Members: there is no agent 78; there are 1, 2":            func(s *cfchattest.Server) { s.AddInbox(cfchattest.Inbox{Members: []int64{1, 78}}) },
	`Inbox.WebhookURL: "ftp://x" is not a web address`:               func(s *cfchattest.Server) { s.AddInbox(cfchattest.Inbox{WebhookURL: "ftp://x"}) },
	`Inbox.TimeZone: there is no time zone "Oslo" as Europe/Oslo is`: func(s *cfchattest.Server) { s.AddInbox(cfchattest.Inbox{TimeZone: "Oslo"}) },
	"Inbox.WorkingHours: of day 7: the days are 0 for Sunday to 6 for Saturday": func(s *cfchattest.Server) {
		s.AddInbox(cfchattest.Inbox{WorkingHours: []cfchat.WorkingHours{{DayOfWeek: 7, OpenAllDay: new(true)}}})
	},
	"Inbox.WorkingHours: of day 1: it is closed all day and open all day; set one of them": func(s *cfchattest.Server) {
		s.AddInbox(cfchattest.Inbox{WorkingHours: []cfchat.WorkingHours{{DayOfWeek: 1, OpenAllDay: new(true), ClosedAllDay: new(true)}}})
	},
	"Inbox.WorkingHours: of day 1: give OpenHour and CloseHour, or ClosedAllDay, or OpenAllDay": func(s *cfchattest.Server) {
		s.AddInbox(cfchattest.Inbox{WorkingHours: []cfchat.WorkingHours{{DayOfWeek: 1, OpenHour: new(int64(9))}}})
	},
	"Inbox.WorkingHours: of day 1: hours are 0 to 23, and minutes 0 to 59": func(s *cfchattest.Server) {
		s.AddInbox(cfchattest.Inbox{WorkingHours: []cfchat.WorkingHours{{DayOfWeek: 1, OpenHour: new(int64(9)), CloseHour: new(int64(24))}}})
	},
	"Inbox.WorkingHours: of day 1: it closes at 9:00, and opens at 9:30": func(s *cfchattest.Server) {
		s.AddInbox(cfchattest.Inbox{WorkingHours: []cfchat.WorkingHours{{
			DayOfWeek: 1, OpenHour: new(int64(9)), OpenMinutes: new(int64(30)), CloseHour: new(int64(9)),
		}}})
	},
	"Inbox.WorkingHours: day 1 is there twice": func(s *cfchattest.Server) {
		s.AddInbox(cfchattest.Inbox{WorkingHours: []cfchat.WorkingHours{{DayOfWeek: 1, OpenAllDay: new(true)}, {DayOfWeek: 1, OpenAllDay: new(true)}}})
	},
	"Inbox.WebhookURL: only API inboxes have a webhook, and this is a Channel::Email": func(s *cfchattest.Server) {
		s.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail, WebhookURL: "https://x"})
	},
	"Team.Members: there is no agent 79; there are 1, 2": func(s *cfchattest.Server) { s.AddTeam(cfchattest.Team{Members: []int64{79}}) },
	`Agent.Email: agent 1 has "ADA@example.com" already`: func(s *cfchattest.Server) { s.AddAgent(cfchattest.Agent{Email: "ADA@example.com"}) },
	`Agent.Email: "ada@" is not an e-mail address`:       func(s *cfchattest.Server) { s.AddAgent(cfchattest.Agent{Email: "ada@"}) },
	`Bot.OutgoingURL: "https://" is not a web address`:   func(s *cfchattest.Server) { s.AddBot(cfchattest.Bot{OutgoingURL: "https://"}) },
	"Bot.Inboxes: there is no inbox 81; there is 1":      func(s *cfchattest.Server) { s.AddBot(cfchattest.Bot{Inboxes: []int64{81}}) },
	"Bot.Inboxes: a stray bot has none in this account; set only one of the two": func(s *cfchattest.Server) {
		s.AddBot(cfchattest.Bot{Inboxes: []int64{1}, Stray: true})
	},
	`Label.Title: "a b" is invalid: at least two letters,`: func(s *cfchattest.Server) { s.AddLabel(cfchattest.Label{Title: "a b"}) },
	`Label.Title: there is a label "VIP" already`: func(s *cfchattest.Server) {
		s.AddLabel(cfchattest.Label{Title: "vip"})
		s.AddLabel(cfchattest.Label{Title: "VIP"})
	},
	`CustomAttribute.Display: there is no type "textt"; there are text, number, date, list, link, checkbox, currency, percent`: func(s *cfchattest.Server) {
		s.AddCustomAttribute(cfchattest.CustomAttribute{Key: "tier", Display: "textt"})
	},
	"CustomAttribute.Key: it is blank": func(s *cfchattest.Server) { s.AddCustomAttribute(cfchattest.CustomAttribute{Name: "Tier"}) },

	"AddMessage: there is no conversation 9; there is none": func(s *cfchattest.Server) { s.AddMessage(9, cfchattest.Message{}) },
	"Message.Type: there is no type 9; there are incoming, outgoing, activity, template": func(s *cfchattest.Server) {
		s.AddMessage(s.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Type: 9})
	},
	"Message.Sender: there is no agent 80; there are 1, 2": func(s *cfchattest.Server) {
		s.AddMessage(s.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Type: cfchat.MessageTypeOutgoing, Sender: 80})
	},
	"Message.Sender: only an outgoing message is an agent's; set Type to cfchat.MessageTypeOutgoing": func(s *cfchattest.Server) {
		s.AddMessage(s.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Sender: 1})
	},
	"Message.Content: it has 150001 characters, and servers accept 150000 at most": func(s *cfchattest.Server) {
		s.AddMessage(s.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Content: strings.Repeat("x", 150_001)})
	},

	`SetStatus: there is no status "shut"; there are open, resolved, pending, snoozed`: func(s *cfchattest.Server) {
		s.SetStatus(s.AddConversation(cfchattest.Conversation{}), "shut")
	},
	`SetStatus: there is no status ""; there are open, resolved, pending, snoozed`: func(s *cfchattest.Server) {
		s.SetStatus(s.AddConversation(cfchattest.Conversation{}), "")
	},
	"SetStatus: there is no conversation 5; there is none":           func(s *cfchattest.Server) { s.SetStatus(5, cfchat.StatusOpen) },
	"SetLabels: there is no conversation 5; there is none":           func(s *cfchattest.Server) { s.SetLabels(5) },
	"SetCustomAttributes: there is no conversation 5; there is none": func(s *cfchattest.Server) { s.SetCustomAttributes(5, nil) },
	"Assign: there is no conversation 5; there is none":              func(s *cfchattest.Server) { s.Assign(5, 1) },
	"AssignTeam: there is no conversation 5; there is none":          func(s *cfchattest.Server) { s.AssignTeam(5, 1) },
	"SetPriority: there is no conversation 5; there is none":         func(s *cfchattest.Server) { s.SetPriority(5, "") },
	"SetLabels[0]: it is blank":                                      func(s *cfchattest.Server) { s.SetLabels(s.AddConversation(cfchattest.Conversation{}), "") },
	"SetCustomAttributes: json: unsupported type: chan int": func(s *cfchattest.Server) {
		s.SetCustomAttributes(s.AddConversation(cfchattest.Conversation{}), map[string]any{"tier": make(chan int)})
	},
	"Assign: there is no agent 9; there are 1, 2":   func(s *cfchattest.Server) { s.Assign(s.AddConversation(cfchattest.Conversation{}), 9) },
	"AssignTeam: there is no team 9; there is none": func(s *cfchattest.Server) { s.AssignTeam(s.AddConversation(cfchattest.Conversation{}), 9) },
	`SetPriority: there is no priority "hgih"; there are low, medium, high, urgent`: func(s *cfchattest.Server) {
		s.SetPriority(s.AddConversation(cfchattest.Conversation{}), "hgih")
	},
	"RemoveAgent: there is no agent 9; there are 1, 2":             func(s *cfchattest.Server) { s.RemoveAgent(9) },
	"DeleteContact: there is no contact 9; there is none":          func(s *cfchattest.Server) { s.DeleteContact(9) },
	"BreakConversation: there is no conversation 9; there is none": func(s *cfchattest.Server) { s.BreakConversation(9) },
	"BreakMessage: there is no message 9; there are 1, 2": func(s *cfchattest.Server) {
		id := s.AddConversation(cfchattest.Conversation{})
		s.AddMessage(id, cfchattest.Message{})
		s.AddMessage(id, cfchattest.Message{})
		s.BreakMessage(id, 9)
	},
	"Delivered: there is no conversation 9; there is none":   func(s *cfchattest.Server) { s.Delivered(9) },
	"Transcripts: there is no conversation 9; there is none": func(s *cfchattest.Server) { s.Transcripts(9) },
	`Key: there is no role "robot"; there are administrator, agent, bot, stray_bot`: func(s *cfchattest.Server) {
		s.Key("robot")
	},

	`FailNext: there is no operation "List", only [serverInformation`:    func(s *cfchattest.Server) { s.FailNext("List", cfchattest.Failure{}) },
	`FailEvery: there is no operation "lists", only [serverInformation`:  func(s *cfchattest.Server) { s.FailEvery("lists", 1, cfchattest.Failure{}) },
	"FailEvery: every call number -1 cannot fail; 1 is every one, and 0": func(s *cfchattest.Server) { s.FailEvery("", -1, cfchattest.Failure{}) },
	"Failure.Status: 42 is not the status of an answer":                  func(s *cfchattest.Server) { s.FailNext("", cfchattest.Failure{Status: 42}) },
	"Failure.Body: it goes with a Status; without one":                   func(s *cfchattest.Server) { s.FailNext("", cfchattest.Failure{Body: "no"}) },
	"Failure.Delay: no answer takes -1s":                                 func(s *cfchattest.Server) { s.FailNext("", cfchattest.Failure{Delay: -time.Second}) },
	"Failure.Refused: a refused connection has no answer; ":              func(s *cfchattest.Server) { s.FailNext("", cfchattest.Failure{Refused: true, Cut: true}) },
	`Before: there is no operation "lists", only [serverInformation`:     func(s *cfchattest.Server) { s.Before("lists", func(cfchattest.Request) {}) },
	"After: the function is nil":                                         func(s *cfchattest.Server) { s.After("", nil) },
	`Handle: "GET /api" takes requests of serverInformation, which the `: func(s *cfchattest.Server) { s.Handle("GET /api", http.NotFoundHandler()) },
	"Handle: http: invalid pattern":                                      func(s *cfchattest.Server) { s.Handle("", http.NotFoundHandler()) },

	`Webhook.URL: "hooks.example" is not a web address`: func(s *cfchattest.Server) { s.AddWebhook(cfchattest.Webhook{URL: "hooks.example"}) },
	"Webhook.URL: there is a webhook to https://x already": func(s *cfchattest.Server) {
		s.AddWebhook(cfchattest.Webhook{URL: "https://x"})
		s.AddWebhook(cfchattest.Webhook{URL: "https://x"})
	},
	`Webhook.Name: servers have it from 4.8.0 on, and this is 4.7.0; use Version("4.8.0")`: func(s *cfchattest.Server) {
		s.AddWebhook(cfchattest.Webhook{URL: "https://x", Name: "CRM"})
	},
	`Webhook.Subscriptions: there is no event "conversation_opened"; there are conversation_status_changed, conversation_updated,`: func(s *cfchattest.Server) {
		s.AddWebhook(cfchattest.Webhook{URL: "https://x", Subscriptions: []cfchat.WebhookEvent{"conversation_opened"}})
	},
	"WebhookSecret: there is no webhook 5; there is none": func(s *cfchattest.Server) { s.WebhookSecret(5) },
	"BotSecret: there is no bot 79; there are 1, 2":       func(s *cfchattest.Server) { s.BotSecret(79) },
	"InboxSecret: there is no inbox 79; there is 1":       func(s *cfchattest.Server) { s.InboxSecret(79) },
	"InboxSecret: inbox 2 has none: it is a Channel::Email": func(s *cfchattest.Server) {
		s.InboxSecret(s.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail}))
	},
	`Receive: "" is not a web address`:                           func(s *cfchattest.Server) { s.Receive("", http.NotFoundHandler()) },
	"Receive: the handler of https://x is nil":                   func(s *cfchattest.Server) { s.Receive("https://x", nil) },
	`LoseDeliveries: "x" is not a web address`:                   func(s *cfchattest.Server) { s.LoseDeliveries("x", 1) },
	"RepeatDeliveries: -1 deliveries cannot go wrong; 0 cancels": func(s *cfchattest.Server) { s.RepeatDeliveries("", -1) },
	"DeliveryFailure.Status: 5 is not the status of an answer":   func(s *cfchattest.Server) { s.FailDeliveries("", 1, cfchattest.DeliveryFailure{Status: 5}) },
	"DeliveryFailure.TimedOut: there is no answer then; leave out Status": func(s *cfchattest.Server) {
		s.FailDeliveries("", 1, cfchattest.DeliveryFailure{Status: 500, TimedOut: true})
	},
	"ReleaseDeliveries: the order of 0 is [0 1], which is not a permutation": func(s *cfchattest.Server) {
		s.ReleaseDeliveries(func(int) []int { return []int{0, 1} })
	},
}

// TestImpossible checks that an impossible setup fails the test with its line, and panics without a test.
func TestImpossible(t *testing.T) {
	for want, ask := range impossible {
		want = "cfchattest: " + want
		got := failureOf(t, func(t testing.TB) { ask(cfchattest.New(t)) })
		if !strings.HasPrefix(got, want) || !strings.Contains(got, " (add_test.go:") {
			t.Errorf("the test fails with %q, want %q", got, want)
		}
		srv := cfchattest.Start()
		if got := panicOf(func() { ask(srv) }); !strings.HasPrefix(got, want) {
			t.Errorf("the setup panics with %q, want %q", got, want)
		}
		srv.Close()
	}
}

// TestAddAgent checks that an agent sees the inboxes that they are a member of, and an administrator every inbox.
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
			t.Errorf("the owner of conversation 1 is %s", ownerOf(t, srv, 1))
		}
	}
}

// TestAddContactInAnInbox checks that a contact gets the given source id in an inbox, or a generated one.
func TestAddContactInAnInbox(t *testing.T) {
	srv := cfchattest.New(t)
	inbox := srv.AddInbox(cfchattest.Inbox{})
	for _, c := range []struct {
		contact cfchattest.Contact
		want    int
	}{{cfchattest.Contact{}, 0}, {cfchattest.Contact{Inbox: inbox}, 1}, {cfchattest.Contact{Inbox: inbox, SourceID: "crm-1"}, 1}, {cfchattest.Contact{SourceID: "crm-1"}, 1}} {
		ids, err := srv.Account(t).Contacts.Get(t.Context(), srv.AddContact(c.contact))
		if err != nil {
			t.Fatal(err)
		}
		if in := ids.ContactInboxes; len(in) != c.want || c.want > 0 && (c.contact.SourceID != "" && in[0].SourceID != c.contact.SourceID || in[0].SourceID == "") {
			t.Errorf("%+v is in %+v", c.contact, in)
		}
	}
}

// TestAddContact checks that conversations show their contact as it was added.
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
