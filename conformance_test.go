package cfchat_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// target is a server that the conformance test checks: the stand-in in several versions, and a real server if the
// environment names one.
type target struct {
	config    cfchat.Config // of clients, without their transport
	transport http.RoundTripper
	chat      *cfchat.Chat
	accountID int64
	inbox     int64                              // in which conversations are created; best an API inbox without a bot
	contact   int64                              // for whom conversations are created
	person    func(*testing.T) int64             // creates another contact, without an e-mail, phone number or identifier
	team      int64                              // 0 for none
	reply     func(id int64)                     // adds a message from the contact, if the target can do so
	keys      func(*testing.T) map[string]string // by the owner's role
	recorder  *recordings.Recorder               // nil if nothing is recorded
}

func (s target) account() *cfchat.Account { return s.chat.Account(s.accountID) }

// standInTarget returns a stand-in as the target.
func standInTarget(t *testing.T, server *cfchattest.Server) target {
	keys := map[string]string{"administrator": server.AdminKey(), "bot": server.BotKey()}
	return target{
		person:    func(*testing.T) int64 { return server.AddContact(cfchattest.Contact{Name: "Conformance"}) },
		reply:     func(id int64) { server.AddMessage(id, cfchattest.Message{Content: "still there?"}) },
		accountID: server.AccountID(),
		team:      server.AddTeam(cfchattest.Team{Members: []int64{1}}),
		inbox:     server.AddInbox(cfchattest.Inbox{Name: "Conformance"}),
		contact:   server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test", Phone: "+14155551000"}),
		keys:      func(*testing.T) map[string]string { return keys },
		config: cfchat.Config{Server: "http://localhost", Downloads: server.Transport(), Keys: auth.Keys{
			User: auth.NewKey(server.AdminKey()), AgentBot: auth.NewKey(server.BotKey()),
		}},
	}.over(t, server.Transport())
}

// realTarget returns the server that the environment names; nil if it names none.
func realTarget(t *testing.T) *target {
	t.Helper()
	server := os.Getenv("CFCHAT_TEST_SERVER")
	if server == "" {
		return nil
	}
	s := target{
		reply:     func(int64) {},
		accountID: number(t, "CFCHAT_TEST_ACCOUNT_ID"),
		inbox:     number(t, "CFCHAT_TEST_INBOX_ID"),
		contact:   number(t, "CFCHAT_TEST_CONTACT_ID"),
		config: cfchat.Config{Server: server, Keys: auth.Keys{
			User:     auth.NewKey(os.Getenv("CFCHAT_TEST_USER_API_KEY")),
			AgentBot: auth.NewKey(os.Getenv("CFCHAT_TEST_AGENT_BOT_API_KEY")),
			Header:   auth.HeaderDash,
		}},
	}.over(t, cfchat.DefaultTransport())
	s.keys = s.realKeys
	s.team = s.realTeam(t)
	s.person = s.realPerson
	return &s
}

// over returns the target with a client that uses the given transport.
func (s target) over(t *testing.T, transport http.RoundTripper) target {
	t.Helper()
	s.transport, s.config.HTTPClient = transport, &http.Client{Transport: transport}
	chat, err := cfchat.New(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.chat = chat
	return s
}

// realTeam returns a team of a real server; 0 if there is none.
func (s target) realTeam(t *testing.T) int64 {
	t.Helper()
	teams, err := s.account().Teams.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(teams) == 0 {
		return 0
	}
	return teams[0].ID
}

// realPerson creates a contact on a real server.
func (s target) realPerson(t *testing.T) int64 {
	t.Helper()
	var made struct {
		Payload struct{ Contact struct{ ID int64 } }
	}
	if err := s.account().Do(t.Context(), http.MethodPost, "contacts", map[string]any{"name": "Conformance"}, &made); err != nil {
		t.Fatal(err)
	}
	return made.Payload.Contact.ID
}

func number(t *testing.T, variable string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(os.Getenv(variable), 10, 64)
	if err != nil {
		t.Fatalf("%s is not a number", variable)
	}
	return n
}

// TestConformance checks that every server behaves the same. To run it against a real server:
//
//	CFCHAT_TEST_SERVER=https://… CFCHAT_TEST_USER_API_KEY=… CFCHAT_TEST_AGENT_BOT_API_KEY=… CFCHAT_TEST_ACCOUNT_ID=1 \
//	CFCHAT_TEST_INBOX_ID=1 CFCHAT_TEST_CONTACT_ID=1 go test -run Conformance .
//
// It creates about 100 conversations there, which it leaves resolved because not every server can delete them, and three
// contacts. With -record DIR it writes the requests and answers. If there is a real server, only that is tested and
// recorded, because the stand-in's answers are no evidence.
func TestConformance(t *testing.T) {
	t.Parallel()
	targets := map[string]target{}
	for _, version := range []string{"2.16.0", "3.16.0", "4.7.0", "4.16.2"} {
		targets["stand-in "+version] = standInTarget(t, cfchattest.New(t, cfchattest.Version(version)))
	}
	if live := realTarget(t); live != nil {
		if *record != "" {
			clear(targets)
		}
		targets["real"] = *live
	}
	for name, s := range targets {
		t.Run(name, func(t *testing.T) { conform(t, s, *record) })
	}
}

// conform makes every check of a server, always in the same order, so that recordings can be compared. It writes the
// exchanges below folder unless that is empty.
func conform(t *testing.T, s target, folder string) {
	if folder != "" {
		s = s.recorded(t, folder)
	}
	for _, part := range []struct {
		what string
		test func(*testing.T, target)
	}{
		{"the server", conformServer}, {"a conversation", conformConversation}, {"every operation", conformCalls},
		{"status and headers", conformRaw}, {"keys", conformKeys}, {"first message", conformMessage},
		{"messages", conformMessages}, {"a message's status", conformMessageStatus}, {"a message once", conformMessageOnce},
		{"files", conformFiles}, {"contacts", conformContacts}, {"changes of contacts", conformContactChanges}, {"a contact once", conformContactOnce},
		{"names", conformNames}, {"webhooks", conformWebhooks}, {"labels", conformLabels}, {"priority", conformPriority}, {"attributes", conformAttributes}, {"delete", conformDelete},
		{"assignment", conformAssignment}, {"muting", conformMute}, {"seen", conformSeen}, {"participants", conformParticipants},
		{"errors", conformErrors}, {"paging", conformPaging},
		{"scan under change", conformScan}, {"scan and resolve", conformResolve},
	} {
		t.Run(part.what, func(t *testing.T) { part.test(t, s.during(t, part.what)) })
	}
}

// create creates conversations, and resolves them when the test is over.
func (s target) create(t *testing.T, count int) []int64 {
	t.Helper()
	var ids []int64
	for range count {
		c, err := s.account().Conversations.Create(t.Context(), cfchat.ConversationCreate{InboxID: s.inbox, ContactID: s.contact})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	s.resolve(t, ids...)
	return ids
}

// resolve resolves conversations when the test is over.
func (s target) resolve(t *testing.T, ids ...int64) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		defer cancel()
		for _, id := range ids {
			if _, err := s.account().Conversations.SetStatus(ctx, id, cfchat.StatusResolved); err != nil {
				t.Logf("conversation %d could not be resolved: %v", id, err)
			}
		}
		if os.Getenv("CFCHAT_TEST_SERVER") != "" {
			t.Logf("conversations left resolved: %v", ids)
		}
	})
}

// conformServer requests the server's version, which needs no key.
func conformServer(t *testing.T, s target) {
	info, err := s.chat.ServerInfo(t.Context())
	if err != nil || !info.AtLeast("2.16.0") {
		t.Errorf("the server is %+v, %v", info, err)
	}
}

// conformCalls calls each operation that the server has with valid arguments, so that each must succeed.
func conformCalls(t *testing.T, s target) {
	about := s.subject(t)
	info, err := s.chat.ServerInfo(t.Context())
	for _, c := range trial.Calls {
		if err == nil && !info.AtLeast(c.Since()) || s.team == 0 && strings.Contains(c.Path, "{team_id}") {
			continue
		}
		if _, err := c.In(t.Context(), s.chat, s.accountID, s.spared(t, c, about)); err != nil {
			t.Errorf("%s: %v", c, err)
		}
	}
}

// subject returns valid arguments for every call, among them a new conversation and a new message.
func (s target) subject(t *testing.T) trial.Subject {
	t.Helper()
	about := trial.Subject{
		Conversation: s.create(t, 1)[0], Status: cfchat.StatusResolved,
		Created: cfchat.ConversationCreate{InboxID: s.inbox, ContactID: s.contact},
		Team:    s.team, MessageStatus: cfchat.MessageStatusRead, Contact: s.contact, Person: cfchat.ContactCreate{Name: "conformance"},
		Update: cfchat.ContactUpdate{CustomAttributes: map[string]any{"conformance": true}},
		Labels: []string{"conformance"}, Attributes: map[string]any{"conformance": true}, People: []int64{s.administrator(t)},
		Place: cfchat.ContactInboxCreate{InboxID: s.inbox, SourceID: "conformance-" + strconv.FormatInt(time.Now().UnixNano(), 36)},
	}
	contact, err := s.account().Contacts.Get(t.Context(), s.contact)
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range contact.ContactInboxes {
		about.Inbox, about.Source = place.Inbox.ID, place.SourceID
	}
	sent, err := s.account().Messages.Send(t.Context(), about.Conversation, cfchat.MessageCreate{Content: "conformance"})
	if err != nil {
		t.Fatal(err)
	}
	about.Message = sent.ID
	return about
}

// spared returns the arguments of a call. A call that creates, changes or deletes something for good gets its own
// conversation, contact or webhook.
func (s target) spared(t *testing.T, c trial.Call, about trial.Subject) trial.Subject {
	t.Helper()
	switch c.Operation {
	case operation.DeleteAConversation:
		about.Conversation = s.create(t, 1)[0]
	case operation.ContactDelete:
		about.Contact = s.person(t)
	case operation.ContactMerge:
		about.Mergee = s.person(t)
	case operation.CreateAWebhook:
		about.Hook = s.hook(t)
	case operation.UpdateAWebhook, operation.DeleteAWebhook:
		about.Hook = s.hook(t)
		webhook, err := s.account().Webhooks.Create(t.Context(), about.Hook)
		if err != nil {
			t.Fatal(err)
		}
		about.Webhook = webhook.ID
	}
	return about
}

func conformConversation(t *testing.T, s target) {
	ctx, a := t.Context(), s.account()
	created, err := a.Conversations.Create(ctx, cfchat.ConversationCreate{
		InboxID: s.inbox, ContactID: s.contact, CustomAttributes: map[string]any{"order": 1234},
		Message: cfchat.FirstMessage{Content: "conformance"},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.Conversations.Get(ctx, created.ID)
	if err != nil || got.InboxID != s.inbox || len(got.Messages) == 0 || string(got.CustomAttributes.JSON()) != `{"order":1234}` {
		t.Fatalf("created %d, got %+v, %v", created.ID, got, err)
	}
	page, err := a.Conversations.Filter(ctx, cfchat.Where(cfchat.Equal(cfchat.AttributeDisplayID, created.ID)), 1)
	if err != nil || len(page.Payload) == 0 || page.Payload[0].ID != created.ID {
		t.Errorf("filter by id: %+v, %v", page, err)
	}
	counts, err := a.Conversations.Counts(ctx, cfchat.ConversationListOptions{InboxID: s.inbox, Status: cfchat.StatusAll})
	if err != nil || counts.AllCount < 1 || counts.AllCount != counts.GetAssignedCount()+counts.UnassignedCount {
		t.Errorf("counts: %+v, %v", counts, err)
	}
	list, err := a.Conversations.List(ctx, cfchat.ConversationListOptions{InboxID: s.inbox, Status: cfchat.StatusAll})
	if err != nil || len(list.Payload) == 0 {
		t.Errorf("list: %+v, %v", list, err)
	}
	conformStatus(t, a, created.ID)
}

// conformStatus changes a status in every way, and leaves the conversation resolved.
func conformStatus(t *testing.T, a *cfchat.Account, id int64) {
	ctx, friday := t.Context(), time.Date(2030, 1, 4, 9, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		what  string
		call  func() (*cfchat.StatusChange, error)
		now   cfchat.Status
		until string
	}{
		{"set pending", func() (*cfchat.StatusChange, error) { return a.Conversations.SetStatus(ctx, id, cfchat.StatusPending) }, "pending", ""},
		{"the same again", func() (*cfchat.StatusChange, error) { return a.Conversations.SetStatus(ctx, id, cfchat.StatusPending) }, "pending", ""},
		{"snooze", func() (*cfchat.StatusChange, error) { return a.Conversations.Snooze(ctx, id, time.Time{}) }, "snoozed", ""},
		{"snooze until", func() (*cfchat.StatusChange, error) { return a.Conversations.Snooze(ctx, id, friday) }, "snoozed", "2030-01-04T09:00:00.000Z"},
		{"toggle", func() (*cfchat.StatusChange, error) { return a.Conversations.ToggleStatus(ctx, id) }, "open", ""},
		{"toggle", func() (*cfchat.StatusChange, error) { return a.Conversations.ToggleStatus(ctx, id) }, "resolved", ""},
	} {
		change, err := step.call()
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		until := change.GetSnoozedUntil().String()
		if change.ConversationID != id || change.CurrentStatus != step.now || until != step.until {
			t.Errorf("%s: %+v, until %q", step.what, change, until)
		}
	}
	if c, err := a.Conversations.Get(ctx, id); err != nil || c.Status != cfchat.StatusResolved {
		t.Errorf("after all changes: %+v, %v", c, err)
	}
}

func conformRaw(t *testing.T, s target) {
	resp, err := s.chat.Raw().ConversationListMetaWithResponse(t.Context(), s.accountID, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode() != http.StatusOK || resp.JSON200 == nil || len(resp.Body) == 0 || resp.HTTPResponse.Header.Get("Content-Type") == "" {
		t.Errorf("got %d, %v, %q", resp.StatusCode(), resp.HTTPResponse.Header, resp.Body)
	}
}

// wrongKey is a key that no server accepts.
const wrongKey = "not-a-key-of-anybody"

func conformKeys(t *testing.T, s target) {
	id := s.create(t, 1)[0]
	info, err := s.chat.ServerInfo(t.Context())
	if err != nil {
		t.Skipf("a bot's permissions depend on the version, and the server does not report it: %v", err)
	}
	botGets := cfchat.ErrUnauthorized
	if info.AtLeast("4.14.2") {
		botGets = nil
	}
	for _, key := range []struct {
		scheme       auth.Scheme
		gets, filter error
	}{{auth.UserAPIKey, nil, nil}, {auth.AgentBotAPIKey, botGets, cfchat.ErrUnauthorized}} {
		ctx := auth.WithScheme(t.Context(), key.scheme)
		if _, err := s.account().Conversations.ToggleStatus(ctx, id); errors.Is(err, auth.ErrNoKey) {
			t.Logf("%s is not tested, because it has no key", key.scheme)
			continue
		} else if err != nil {
			t.Errorf("toggle with %s: %v", key.scheme, err)
		}
		if _, err := s.account().Conversations.Get(ctx, id); !errors.Is(err, key.gets) {
			t.Errorf("get with %s: %v", key.scheme, err)
		}
		open := cfchat.Where(cfchat.Equal("status", "open"))
		if _, err := s.account().Conversations.Filter(ctx, open, 1); !errors.Is(err, key.filter) {
			t.Errorf("filter with %s: %v", key.scheme, err)
		}
	}
	other := s
	other.config.Keys.User = auth.NewKey(wrongKey)
	_, err = other.over(t, s.transport).account().Conversations.List(t.Context(), cfchat.ConversationListOptions{})
	if !errors.Is(err, cfchat.ErrUnauthorized) {
		t.Errorf("with a wrong key: %v", err)
	}
}

// conformMessage sends text that the server would render if it were not escaped, and a template that it must render.
func conformMessage(t *testing.T, s target) {
	const foreign = "`{{contact.name}}` {% raw %}{{ x }}{% endraw %} {{'a' | upcase}} {}"
	for _, test := range []struct {
		message cfchat.FirstMessage
		want    string
	}{
		{cfchat.FirstMessage{Content: foreign}, foreign},
		{cfchat.FirstMessage{Content: foreign, Private: true}, foreign},
		{cfchat.FirstMessage{Content: `{{ "a" }} {{ "%60" | url_decode }}`, Template: true}, "a `"},
	} {
		created, err := s.account().Conversations.Create(t.Context(), cfchat.ConversationCreate{
			InboxID: s.inbox, ContactID: s.contact, Message: test.message,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.resolve(t, created.ID)
		read, err := s.account().Conversations.Get(t.Context(), created.ID)
		if err != nil {
			t.Fatal(err)
		}
		if last := read.LastNonActivityMessage; last.GetContent() != test.want {
			t.Errorf("%q arrived as %q, want %q", test.message.Content, last.GetContent(), test.want)
		}
	}
}

// conformMessages sends messages of several kinds, and finds each unchanged in a list between the first and the last.
func conformMessages(t *testing.T, s target) {
	ctx, messages, id := t.Context(), s.account().Messages, s.create(t, 1)[0]
	const foreign = "`{{contact.name}}` {% raw %}{{ x }}{% endraw %} {"
	choice := []cfchat.MessageItem{{Title: "Yes", Value: "yes"}}
	first, err := messages.Send(ctx, id, cfchat.MessageCreate{Content: foreign})
	if err != nil {
		t.Fatal(err)
	}
	sent := []*cfchat.Message{first}
	for _, message := range []cfchat.MessageCreate{
		{Content: foreign, Private: true},
		{Content: "pick", ContentType: cfchat.MessageContentTypeInputSelect, Items: choice},
		{Content: "answer", InReplyTo: first.ID},
		{Content: "{{ 'a' }}", Template: true},
	} {
		m, err := messages.Send(ctx, id, message)
		if err != nil {
			t.Fatalf("%+v: %v", message, err)
		}
		sent = append(sent, m)
	}
	answered, _ := sent[3].ContentAttributes.Int("in_reply_to")
	if sent[0].GetContent() != foreign || sent[1].GetContent() != foreign || !sent[1].GetPrivate() || answered != first.ID || sent[4].GetContent() != "a" {
		t.Errorf("sent %+v", sent)
	}
	last := sent[len(sent)-1].ID
	page, err := messages.List(ctx, id, cfchat.MessageListOptions{After: first.ID, Before: last + 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range sent {
		if !slices.ContainsFunc(page.Payload, func(found cfchat.Message) bool { return found.ID == m.ID && found.GetContent() == m.GetContent() }) {
			t.Errorf("message %d is not between the first and the last", m.ID)
		}
	}
	after, err := messages.List(ctx, id, cfchat.MessageListOptions{After: first.ID})
	if err != nil || slices.ContainsFunc(after.Payload, func(m cfchat.Message) bool { return m.ID == first.ID }) {
		t.Errorf("the list after the first message has the first message, or failed: %v", err)
	}
	for range 2 {
		gone, err := messages.Delete(ctx, id, first.ID)
		if err != nil || gone.ID != first.ID || gone.GetContent() == foreign {
			t.Errorf("deleted: %+v, %v", gone, err)
		}
	}
}

// conformContacts gets the tested contact, and finds it by its e-mail and phone number.
func conformContacts(t *testing.T, s target) {
	ctx, contacts := t.Context(), s.account().Contacts
	contact, err := contacts.Get(ctx, s.contact)
	if err != nil || contact.ID != s.contact {
		t.Fatalf("got %+v, %v", contact, err)
	}
	if _, err := contacts.Get(ctx, 1<<30); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("a contact that does not exist: %v", err)
	}
	page, err := contacts.List(ctx, cfchat.ContactListOptions{Page: 1 << 20})
	if err != nil || len(page.Payload) != 0 {
		t.Errorf("beyond the last page: %+v, %v", page, err)
	}
	if contact.GetEmail() == "" {
		t.Log("the contact has no e-mail by which to find it")
		return
	}
	isThere := func(what string, page *cfchat.ContactPage, err error) {
		t.Helper()
		if err != nil || !slices.ContainsFunc(page.Payload, func(c cfchat.Contact) bool { return c.ID == s.contact }) {
			t.Errorf("%s: %+v, %v", what, page, err)
		}
	}
	found, err := contacts.Search(ctx, contact.GetEmail(), cfchat.ContactListOptions{})
	isThere("search", found, err)
	byEmail := cfchat.Where(cfchat.Equal(cfchat.AttributeEmail, strings.ToUpper(contact.GetEmail())))
	found, err = contacts.Filter(ctx, byEmail, cfchat.ContactListOptions{WithoutInboxes: true})
	isThere("filter", found, err)
	if phone := contact.GetPhoneNumber(); phone != "" {
		found, err = contacts.Filter(ctx, cfchat.Where(cfchat.Equal(cfchat.AttributePhoneNumber, phone)), cfchat.ContactListOptions{})
		isThere("filter by phone", found, err)
	}
}

// conformContactOnce creates one contact by two concurrent calls, finds it by its source id and other fields, and sends it a
// message.
func conformContactOnce(t *testing.T, s target) {
	ctx, contacts, now := t.Context(), s.account().Contacts, time.Now().UnixNano()
	create := cfchat.ContactCreate{
		Name: "conformance", Email: fmt.Sprintf("Conformance-%d@customer.test", now), Identifier: fmt.Sprintf("conformance-%d", now),
		PhoneNumber: fmt.Sprintf("+1415%09d", now/1000%1e9), InboxID: s.inbox,
	}
	var made [2]*cfchat.FoundContact
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() {
			var err error
			if made[i], err = contacts.FindOrCreate(ctx, create); err != nil {
				t.Error(err)
			}
		})
	}
	if wg.Wait(); t.Failed() {
		return
	}
	contact := made[0].Contact
	if contact.ID != made[1].Contact.ID || made[0].Created && made[1].Created || len(contact.ContactInboxes) != 1 {
		t.Fatalf("the two calls returned %+v and %+v", made[0], made[1])
	}
	for _, one := range []cfchat.ContactCreate{{Email: create.Email}, {Identifier: create.Identifier}, {PhoneNumber: create.PhoneNumber}} {
		if found, err := contacts.FindOrCreate(ctx, one); err != nil || found.Created || found.Contact.ID != contact.ID || len(found.Others) != 0 {
			t.Errorf("%+v: %+v, %v", one, found, err)
		}
	}
	source := contact.ContactInboxes[0].SourceID
	found, err := contacts.FindBySourceID(ctx, s.inbox, source)
	if info, _ := s.chat.ServerInfo(ctx); info.AtLeast("3.2.0") && (err != nil || found.ID != contact.ID) || !info.AtLeast("3.2.0") && err == nil {
		t.Errorf("by source id: %+v, %v", found, err)
	}
	var talk *cfchat.Conversation
	for i := range 2 {
		opened, err := contacts.OpenConversation(ctx, contact.ID, s.inbox, cfchat.OpenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if opened.Created != (i == 0) || len(opened.Others) > 0 || talk != nil && opened.Conversation.ID != talk.ID {
			t.Errorf("opened %+v", opened)
		}
		talk = opened.Conversation
	}
	s.resolve(t, talk.ID)
	if _, err := s.account().Messages.Send(ctx, talk.ID, cfchat.MessageCreate{Content: "conformance"}); err != nil || talk.Meta.Sender.ID != contact.ID {
		t.Errorf("the conversation is %+v, %v", talk, err)
	}
	if again, err := contacts.Get(ctx, contact.ID); err != nil || len(again.ContactInboxes) != 1 {
		t.Errorf("another source id was created: %+v, %v", again, err)
	}
}

// conformContactChanges changes a new contact, gives another one a source id, merges that one into it, and deletes it.
func conformContactChanges(t *testing.T, s target) {
	ctx, contacts := t.Context(), s.account().Contacts
	id, mergee := s.person(t), s.person(t)
	mark := "conformance-" + strconv.FormatInt(time.Now().UnixNano(), 36)
	for city, attributes := range map[string]string{"Oslo": "plan", "Bergen": "seats"} {
		changed, err := contacts.Update(ctx, id, cfchat.ContactUpdate{
			Email: new(strings.ToUpper(mark) + "@Customer.test"), Identifier: new(mark), Clear: []cfchat.ContactField{cfchat.ContactFieldName},
			CustomAttributes: map[string]any{attributes: 1}, AdditionalAttributes: map[string]any{city: true},
		})
		if err != nil || changed.GetEmail() != mark+"@customer.test" || changed.GetName() != "" {
			t.Fatalf("changed: %+v, %v", changed, err)
		}
	}
	got, err := contacts.RemoveCustomAttributes(ctx, id, []string{"seats", "none"})
	if err != nil || got.CustomAttributes.String() != `{"plan":1}` || !got.AdditionalAttributes.Has("Oslo") || !got.AdditionalAttributes.Has("Bergen") {
		t.Errorf("changed: %+v, %v", got, err)
	}
	_, err = contacts.Update(ctx, mergee, cfchat.ContactUpdate{Identifier: new(mark)})
	if e, ok := errors.AsType[*cfchat.Error](err); !ok || !errors.Is(err, cfchat.ErrRejected) || !slices.Equal(e.Attributes, []string{"identifier"}) {
		t.Errorf("an identifier that is taken: %v", err)
	}
	for range 2 {
		if added, err := contacts.AddSource(ctx, mergee, s.inbox, mark); err != nil || added.SourceID != mark {
			t.Errorf("added: %+v, %v", added, err)
		}
	}
	if _, err := contacts.AddSource(ctx, id, s.inbox, mark); !errors.Is(err, cfchat.ErrInvalidInput) && !errors.Is(err, cfchat.ErrServer) {
		t.Errorf("a source id of another contact: %v", err)
	}
	made, err := s.account().Conversations.Create(ctx, cfchat.ConversationCreate{InboxID: s.inbox, ContactID: mergee, SourceID: mark})
	if err != nil {
		t.Fatal(err)
	}
	if merged, err := contacts.Merge(ctx, id, mergee); err != nil || merged.GetIdentifier() != mark || merged.CreatedAt.IsZero() {
		t.Errorf("merged: %+v, %v", merged, err)
	}
	came, err := walked(t, contacts.ConversationsAll(ctx, id))
	if err != nil || len(came) != 1 || !came[made.ID] {
		t.Errorf("the contact's conversations: %v, %v", came, err)
	}
	sources, err := contacts.SourceIDs(ctx, id)
	if err != nil || !slices.ContainsFunc(sources, func(c cfchat.ContactInbox) bool { return c.SourceID == mark }) {
		t.Errorf("the contact's source ids: %+v, %v", sources, err)
	}
	if err := contacts.Delete(ctx, id); err != nil {
		t.Errorf("deleted: %v", err)
	}
	if _, err := contacts.Get(ctx, id); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("get after the deletion: %v", err)
	}
}

// conformLabels changes the labels of a conversation and of a contact in every way.
func conformLabels(t *testing.T, s target) {
	ctx, a := t.Context(), s.account()
	ids := []int64{s.create(t, 1)[0], s.person(t)}
	for i, of := range []labelled{a.Conversations, a.Contacts} {
		id := ids[i]
		for _, step := range []struct {
			change func(context.Context, int64, []string, ...cfchat.CallOption) ([]string, error)
			labels []string
			want   []string
		}{
			{of.SetLabels, []string{"conformance", "Conformance ünï", "CONFORMANCE"}, []string{"conformance", "conformance ünï"}},
			{of.AddLabels, []string{"conformance-2", "CONFORMANCE"}, []string{"conformance", "conformance ünï", "conformance-2"}},
			{of.RemoveLabels, []string{"Conformance", "conformance-3"}, []string{"conformance ünï", "conformance-2"}},
			{of.SetLabels, []string{"conformance-3"}, []string{"conformance-3"}},
			{of.RemoveLabels, []string{"conformance-3"}, nil},
			{of.AddLabels, []string{"conformance"}, []string{"conformance"}},
		} {
			changed, err := step.change(ctx, id, step.labels)
			read, failed := of.Labels(ctx, id)
			if err != nil || failed != nil || !sameLabels(changed, step.want) || !sameLabels(read, step.want) {
				t.Errorf("%T, with %q: %q, %v; then %q, %v; want %q", of, step.labels, changed, err, read, failed, step.want)
			}
		}
		if err := of.ClearLabels(ctx, id); err != nil {
			t.Errorf("%T: %v", of, err)
		}
		if left, err := of.Labels(ctx, id); err != nil || len(left) > 0 {
			t.Errorf("%T: still has %q, %v", of, left, err)
		}
	}
}

// conformPriority sets the priority of a conversation in every way. On a server before 2.17.0, which has no priorities, the
// error must say so.
func conformPriority(t *testing.T, s target) {
	ctx, conversations, id := t.Context(), s.account().Conversations, s.create(t, 1)[0]
	info, err := s.chat.ServerInfo(ctx)
	if err == nil && !info.AtLeast("2.17.0") {
		err := conversations.SetPriority(ctx, id, cfchat.PriorityLow)
		if errors.Is(err, cfchat.ErrNotFound) || !strings.Contains(fmt.Sprint(err), "2.17.0") {
			t.Errorf("a server without it: %v", err)
		}
		return
	}
	for _, want := range []cfchat.Priority{cfchat.PriorityLow, cfchat.PriorityUrgent, cfchat.PriorityUrgent, "", "", cfchat.PriorityHigh, cfchat.PriorityMedium} {
		change := func() error { return conversations.SetPriority(ctx, id, want) }
		if want == "" {
			change = func() error { return conversations.ClearPriority(ctx, id) }
		}
		if err := change(); err != nil {
			t.Errorf("%q: %v", want, err)
		}
		if now, err := conversations.Get(ctx, id); err != nil || now.GetPriority() != want {
			t.Errorf("after %q: %+v, %v", want, now, err)
		}
	}
}

// conformAttributes changes the custom attributes of a conversation in every way.
func conformAttributes(t *testing.T, s target) {
	ctx, conversations, id := t.Context(), s.account().Conversations, s.create(t, 1)[0]
	set := func(attributes map[string]any) func() (cfchat.Attributes, error) {
		return func() (cfchat.Attributes, error) { return conversations.SetCustomAttributes(ctx, id, attributes) }
	}
	merge := func(attributes map[string]any) func() (cfchat.Attributes, error) {
		return func() (cfchat.Attributes, error) { return conversations.MergeCustomAttributes(ctx, id, attributes) }
	}
	remove := func(keys ...string) func() (cfchat.Attributes, error) {
		return func() (cfchat.Attributes, error) { return conversations.RemoveCustomAttributes(ctx, id, keys) }
	}
	deep := map[string]any{"list": []any{1, "x", map[string]any{"none": nil}}, "more": 12345678901}
	for _, step := range []struct {
		call func() (cfchat.Attributes, error)
		want string
	}{
		{set(map[string]any{"a": 1, "": "ünï", "none": nil, "half": 0.5}), `{"":"ünï","a":1,"half":0.5,"none":null}`},
		{merge(map[string]any{"a": "x", "b": true}), `{"":"ünï","a":"x","b":true,"half":0.5,"none":null}`},
		{merge(map[string]any{"b": true}), `{"":"ünï","a":"x","b":true,"half":0.5,"none":null}`},
		{remove("", "half", "other"), `{"a":"x","b":true,"none":null}`},
		{set(map[string]any{"deep": deep}), `{"deep":{"list":[1,"x",{"none":null}],"more":12345678901}}`},
		{merge(map[string]any{"limit": 9_999_999_999, "text": strings.Repeat("x", 3)}), `{"deep":{"list":[1,"x",{"none":null}],"more":12345678901},"limit":9999999999,"text":"xxx"}`},
		{remove("deep", "limit", "text"), `{}`},
		{merge(map[string]any{"a": 1}), `{"a":1}`},
	} {
		changed, err := step.call()
		now, failed := conversations.Get(ctx, id)
		if failed != nil {
			t.Fatal(failed)
		}
		for _, got := range []cfchat.Attributes{changed, now.CustomAttributes} {
			if text, failed := json.Marshal(got.Map()); err != nil || failed != nil || string(text) != step.want {
				t.Errorf("got %s, %v; want %s", text, err, step.want)
			}
		}
	}
	err := conversations.ClearCustomAttributes(ctx, id)
	if now, failed := conversations.Get(ctx, id); err != nil || failed != nil || len(now.CustomAttributes.Keys()) > 0 {
		t.Errorf("cleared: %v; %+v, %v", err, now, failed)
	}
}

// conformDelete deletes a conversation, which must disappear within a minute. On a server before 4.3.0, which cannot delete
// conversations, the error must say so.
func conformDelete(t *testing.T, s target) {
	ctx, conversations, id := t.Context(), s.account().Conversations, s.create(t, 1)[0]
	info, err := s.chat.ServerInfo(ctx)
	if err == nil && !info.AtLeast("4.3.0") {
		err := conversations.Delete(ctx, id)
		if errors.Is(err, cfchat.ErrNotFound) || !strings.Contains(fmt.Sprint(err), "4.3.0") {
			t.Errorf("a server without it: %v", err)
		}
		return
	}
	if err := conversations.Delete(ctx, id); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; {
		_, err := conversations.Get(ctx, id)
		if errors.Is(err, cfchat.ErrNotFound) {
			break
		}
		if err != nil || time.Since(begun) > time.Minute {
			t.Fatalf("it is still there: %v", err)
		}
	}
	if err := conversations.Delete(ctx, id); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("deleted again: %v", err)
	}
}

// sameLabels reports whether two lists have the same labels, ignoring case and order.
func sameLabels(a, b []string) bool {
	sorted := func(labels []string) []string {
		return slices.Sorted(strings.SplitSeq(strings.ToLower(strings.Join(labels, ",")), ","))
	}
	return slices.Equal(sorted(a), sorted(b))
}

// conformAssignment assigns a conversation to a person, a team and a bot, and unassigns each again.
func conformAssignment(t *testing.T, s target) {
	ctx, a, id := t.Context(), s.account(), s.create(t, 1)[0]
	agents, err := a.Agents.List(ctx)
	if err != nil || len(agents) == 0 {
		t.Fatalf("the agents are %v, %v", agents, err)
	}
	has := func(what string, failed error, fits func(cfchat.ConversationMeta) bool) {
		t.Helper()
		if now, err := a.Conversations.Get(ctx, id); failed != nil || err != nil || !fits(now.Meta) {
			t.Errorf("%s: %v; the conversation is %+v, %v", what, failed, now, err)
		}
	}
	nobody := func(m cfchat.ConversationMeta) bool {
		return m.Assignee == nil && m.AssigneeBot == nil && m.Team == nil
	}
	who, err := a.Conversations.Assign(ctx, id, agents[0].ID)
	has("a person", err, func(m cfchat.ConversationMeta) bool { return m.Assignee.GetID() == who.GetID() })
	has("nobody", a.Conversations.Unassign(ctx, id), nobody)
	if _, err := a.Conversations.Assign(ctx, id, 1<<31-1); !errors.Is(err, cfchat.ErrInvalidInput) {
		t.Errorf("a person who does not exist: %v", err)
	}
	if s.team != 0 {
		_, err := a.Conversations.AssignTeam(ctx, id, s.team)
		has("a team", err, func(m cfchat.ConversationMeta) bool { return m.Team.GetID() == s.team })
		has("no team", errors.Join(a.Conversations.UnassignTeam(ctx, id), a.Conversations.Unassign(ctx, id)), nobody)
	}
	info, err := s.chat.ServerInfo(ctx)
	bots, failed := a.AgentBots.List(ctx)
	if err != nil || failed != nil || !info.AtLeast("4.8.0") || len(bots) == 0 {
		return
	}
	_, err = a.Conversations.AssignBot(ctx, id, bots[0].ID)
	has("a bot", err, func(m cfchat.ConversationMeta) bool { return m.AssigneeBot.GetID() == bots[0].ID })
	has("no bot", a.Conversations.Unassign(ctx, id), nobody)
}

// conformFiles sends files and downloads the first over a connection that breaks once. A forged address is not found.
func conformFiles(t *testing.T, s target) {
	ctx, id := t.Context(), s.create(t, 1)[0]
	text := strings.Repeat("conformance ", 1000)
	cut := &cutOnce{RoundTripper: s.config.Downloads}
	if cut.RoundTripper == nil {
		cut.RoundTripper = cfchat.DefaultTransport()
	}
	s.config.Downloads = cut
	messages := s.over(t, s.transport).account().Messages
	first, err := messages.Send(ctx, id, cfchat.MessageCreate{Content: "conformance"})
	if err != nil {
		t.Fatal(err)
	}
	const foreign = "`{{contact.name}}` {"
	sent, err := messages.Send(ctx, id, cfchat.MessageCreate{Content: foreign, InReplyTo: first.ID, Files: []cfchat.File{
		{Name: "bericht ä.txt", ContentType: "text/plain", Reader: strings.NewReader(text)},
		{Name: "b.gif", ContentType: "image/gif", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("GIF89a")), nil }},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, replies := sent.ContentAttributes.Int("in_reply_to"); sent.GetContent() != foreign || !replies && !sent.ContentAttributes.Has("in_reply_to") {
		t.Errorf("sent %+v", sent)
	}
	slices.SortFunc(sent.Attachments, func(a, b *cfchat.Attachment) int { return cmp.Compare(a.ID, b.ID) })
	if len(sent.Attachments) != 2 || *sent.Attachments[0].FileType != cfchat.AttachmentTypeFile || *sent.Attachments[1].FileType != cfchat.AttachmentTypeImage {
		t.Fatalf("attachments %+v", sent.Attachments)
	}
	var got strings.Builder
	n, err := messages.Download(ctx, sent.Attachments[0], &got)
	if err != nil || n != int64(len(text)) || got.String() != text {
		t.Errorf("downloaded %d bytes, %v", n, err)
	}
	if !slices.Contains(cut.statuses, http.StatusPartialContent) || cut.keys > 0 {
		t.Errorf("answers had status %d, requests %d keys", cut.statuses, cut.keys)
	}
	forged := strings.Replace(sent.Attachments[1].GetDataURL(), "/redirect/", "/redirect/x", 1)
	if _, err := messages.Download(ctx, &cfchat.Attachment{DataURL: &forged}, io.Discard); !errors.Is(err, cfchat.ErrNotFound) {
		t.Errorf("a forged address: %v", err)
	}
}

// cutOnce is a transport that breaks the connection once, in the first file.
type cutOnce struct {
	http.RoundTripper

	statuses []int
	keys     int
}

func (c *cutOnce) RoundTrip(req *http.Request) (*http.Response, error) {
	c.keys += len(auth.HeaderNames(req.Header))
	resp, err := c.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK && !slices.Contains(c.statuses, http.StatusOK) {
		whole := resp.Body
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(whole, 5000), iotest.ErrReader(io.ErrUnexpectedEOF)), whole}
	}
	c.statuses = append(c.statuses, resp.StatusCode)
	return resp, nil
}

// conformMessageStatus sets delivery statuses, if the server's version and the inbox support them.
func conformMessageStatus(t *testing.T, s target) {
	ctx, messages, id := t.Context(), s.account().Messages, s.create(t, 1)[0]
	info, err := s.chat.ServerInfo(ctx)
	if err != nil {
		t.Skipf("the supported statuses depend on the version, and the server does not report it: %v", err)
	}
	sent, err := messages.Send(ctx, id, cfchat.MessageCreate{Content: "conformance"})
	if err != nil {
		t.Fatal(err)
	}
	failed, err := messages.SetFailed(ctx, id, sent.ID, "conformance")
	switch {
	case errors.Is(err, cfchat.ErrForbidden):
		t.Skip("the inbox is not an API inbox")
	case (err == nil) != info.AtLeast("4.2.0"):
		t.Errorf("failed: %v", err)
	}
	if reason, _ := failed.GetContentAttributes().Text("external_error"); err == nil && (failed.GetStatus() != cfchat.MessageStatusFailed || reason != "conformance") {
		t.Errorf("failed: %+v", failed)
	}
	again, err := messages.Resend(ctx, id, sent.ID)
	if (err == nil) != info.AtLeast("3.4.0") || err == nil && len(again.ContentAttributes.Keys()) > 0 {
		t.Errorf("resent: %+v, %v", again, err)
	}
}

// conformMessageOnce sends one message by several calls, if the server's version and the inbox keep its mark, and finds it
// even after the mark is lost.
func conformMessageOnce(t *testing.T, s target) {
	ctx, messages, id := t.Context(), s.account().Messages, s.create(t, 1)[0]
	message := cfchat.MessageCreate{Content: " {conformance}\n", Mark: "conformance"}
	began := time.Now()
	sent, now, err := messages.SendOnce(ctx, id, message)
	if e, ok := errors.AsType[*cfchat.Error](err); ok && len(e.Fields) == 1 && e.Fields[0].Field == "Mark" {
		t.Skipf("this server or inbox does not keep marks: %v", err)
	}
	if err != nil || !now || sent.GetContent() != message.Content {
		t.Fatalf("%+v, %t, %v", sent, now, err)
	}
	for range 2 {
		if again, now, err := messages.SendOnce(ctx, id, message); err != nil || now || again.ID != sent.ID {
			t.Errorf("%+v, %t, %v", again, now, err)
		}
	}
	since := cfchat.SentSince{MessageID: sent.ID - 1, Time: began}
	if found, err := messages.FindSent(ctx, id, message, since); err != nil || !found.Certain || found.Message.ID != sent.ID {
		t.Errorf("%+v, %v", found, err)
	}
	for _, lose := range []func(context.Context, int64, int64, ...cfchat.CallOption) (*cfchat.Message, error){messages.Resend, messages.Delete} {
		if _, err := lose(ctx, id, sent.ID); err != nil {
			t.Error(err)
		}
		if found, err := messages.FindSent(ctx, id, message, since); err != nil || found.Message.ID != sent.ID {
			t.Errorf("%+v, %v", found, err)
		}
	}
}

func conformErrors(t *testing.T, s target) {
	ctx, a, none := t.Context(), s.account(), int64(2_000_000_000)
	_, noConversation := a.Conversations.Get(ctx, none)
	_, noTeam := a.Conversations.List(ctx, cfchat.ConversationListOptions{TeamID: none})
	_, noInbox := a.Conversations.Create(ctx, cfchat.ConversationCreate{InboxID: none, ContactID: s.contact})
	for what, err := range map[string]error{"get": noConversation, "team": noTeam, "create": noInbox} {
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || !errors.Is(err, cfchat.ErrNotFound) || e.Message != "Resource could not be found" {
			t.Errorf("%s: %v", what, err)
		}
	}
	bare := cfchat.Where(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "created_at", FilterOperator: "equal_to", Values: []any{"2026-01-01"}}))
	if _, err := a.Conversations.Filter(ctx, bare, 1); !errors.Is(err, cfchat.ErrServer) && !errors.Is(err, cfchat.ErrRejected) {
		t.Errorf("a rule that no version accepts: %v", err)
	}
}

func conformPaging(t *testing.T, s target) {
	ids := s.create(t, 30)
	params := cfchat.ConversationListOptions{InboxID: s.inbox, Status: cfchat.StatusAll}
	seen := map[int64]int{}
	for c, err := range s.account().Conversations.ListAll(t.Context(), params) {
		if err != nil {
			t.Fatal(err)
		}
		seen[c.ID]++
	}
	for _, id := range ids {
		if seen[id] != 1 {
			t.Errorf("conversation %d was yielded %d times", id, seen[id])
		}
	}
	params.Page = 1_000_000
	if page, err := s.account().Conversations.List(t.Context(), params); err != nil || page.Payload == nil || len(page.Payload) != 0 {
		t.Errorf("beyond the end: %+v, %v", page, err)
	}
}

// conformScan scans while conversations are constantly toggled and replied to, which moves them between pages.
func conformScan(t *testing.T, s target) {
	ids := s.create(t, 30)
	ctx, stop := context.WithCancel(t.Context())
	var toggling sync.WaitGroup
	toggling.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			s.reply(ids[(7*i)%len(ids)])
			if _, err := s.account().Conversations.ToggleStatus(ctx, ids[i%len(ids)]); err != nil && ctx.Err() == nil {
				t.Errorf("toggle: %v", err)
				return
			}
		}
	})
	var got []int64
	options := cfchat.ConversationScanOptions{After: ids[0] - 1, Until: ids[len(ids)-1], Concurrency: 2}
	for c, err := range s.account().Conversations.Scan(t.Context(), cfchat.Where(cfchat.Equal(cfchat.AttributeInboxID, s.inbox)), options) {
		if err != nil {
			t.Error(err)
			break
		}
		got = append(got, c.ID)
	}
	stop()
	toggling.Wait()
	if got = slices.DeleteFunc(got, func(id int64) bool { return !slices.Contains(ids, id) }); !slices.Equal(got, ids) {
		t.Errorf("scanned %v\ncreated %v", got, ids)
	}
}

// conformResolve resolves the conversations that a scan of open ones yields, after which none is open.
func conformResolve(t *testing.T, s target) {
	ids := s.create(t, 40)
	filter := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen)).And(cfchat.Equal(cfchat.AttributeInboxID, s.inbox))
	options := cfchat.ConversationScanOptions{After: ids[0] - 1, Until: ids[len(ids)-1]}
	resolved := 0
	for c, err := range s.account().Conversations.Scan(t.Context(), filter, options) {
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(ids, c.ID) {
			continue // somebody else's
		}
		if _, err := s.account().Conversations.SetStatus(t.Context(), c.ID, cfchat.StatusResolved); err != nil {
			t.Fatal(err)
		}
		resolved++
	}
	if resolved != len(ids) {
		t.Errorf("resolved %d of %d", resolved, len(ids))
	}
}
