package docs_test

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// refusal is a call that servers of some versions would misread.
type refusal struct {
	channel cfchat.Channel // of the inbox, "" for an API inbox
	makes   func(t *testing.T, srv *cfchattest.Server, acct *cfchat.Account, conversation int64) error
}

// sends returns a call that sends a message.
func sends(message cfchat.MessageCreate) refusal {
	return refusal{makes: func(t *testing.T, _ *cfchattest.Server, acct *cfchat.Account, id int64) error {
		t.Helper()
		_, err := acct.Messages.Send(t.Context(), id, message)
		return err
	}}
}

// subscribes returns a call that creates a webhook.
func subscribes(create cfchat.WebhookCreate) refusal {
	create.URL = "https://example.com/hooks"
	return refusal{makes: func(t *testing.T, _ *cfchattest.Server, acct *cfchat.Account, _ int64) error {
		t.Helper()
		_, err := acct.Webhooks.Create(t.Context(), create)
		return err
	}}
}

var marked = cfchat.MessageCreate{Content: "Hi", Mark: "order-17"}

// refusals are the rows of the table in versions.md, by their beginning. A row about two things has two entries.
var refusals = map[string]refusal{
	"`MessageCreate.ToEmails`":              sends(cfchat.MessageCreate{Content: "Hi", ToEmails: "jo@customer.test"}),
	"`MessageCreate.SourceID`":              sends(cfchat.MessageCreate{Content: "Hi", SourceID: "7"}),
	"`MessageCreate.EmailHTMLContent`":      sends(cfchat.MessageCreate{Content: "Hi", EmailHTMLContent: "<p>Hi</p>"}),
	"`MessageCreate.ContentAttributes`":     sends(cfchat.MessageCreate{Content: "Hi", ContentAttributes: map[string]any{"order": "17"}}),
	"`WebhookCreate.Name`":                  subscribes(cfchat.WebhookCreate{Name: "CRM", Subscriptions: []cfchat.WebhookEvent{cfchat.WebhookEventMessageCreated}}),
	"`WebhookEventInboxCreated`":            subscribes(cfchat.WebhookCreate{Subscriptions: []cfchat.WebhookEvent{cfchat.WebhookEventInboxCreated}}),
	"`WebhookEventInboxUpdated`":            subscribes(cfchat.WebhookCreate{Subscriptions: []cfchat.WebhookEvent{cfchat.WebhookEventInboxUpdated}}),
	"`WebhookEventConversationTypingOn`":    subscribes(cfchat.WebhookCreate{Subscriptions: []cfchat.WebhookEvent{cfchat.WebhookEventConversationTypingOn}}),
	"`WebhookEventConversationTypingOff`":   subscribes(cfchat.WebhookCreate{Subscriptions: []cfchat.WebhookEvent{cfchat.WebhookEventConversationTypingOff}}),
	"`MessageCreate.Mark`, and `SendOnce`":  {makes: sendsOnce},
	"`MessageCreate.Mark` in every other":   {makes: sendsOnce, channel: cfchat.ChannelEmail},
	"`Conversations.AssignBot`":             {makes: assignsBot},
	"`ContactCreate.Blocked`":               {makes: createsBlocked},
	"`ContactUpdate.Blocked`":               {makes: blocksContact},
	"`ContactCreate.SourceID` of `FindOrCr": {makes: findsBySource},
}

func sendsOnce(t *testing.T, _ *cfchattest.Server, acct *cfchat.Account, id int64) error {
	t.Helper()
	_, _, err := acct.Messages.SendOnce(t.Context(), id, marked)
	return err
}

func assignsBot(t *testing.T, srv *cfchattest.Server, acct *cfchat.Account, id int64) error {
	t.Helper()
	bot, _ := srv.AddBot(cfchattest.Bot{Name: "Router"})
	_, err := acct.Conversations.AssignBot(t.Context(), id, bot)
	return err
}

func createsBlocked(t *testing.T, _ *cfchattest.Server, acct *cfchat.Account, _ int64) error {
	t.Helper()
	_, err := acct.Contacts.Create(t.Context(), cfchat.ContactCreate{Name: "Jo", Blocked: true})
	return err
}

func blocksContact(t *testing.T, srv *cfchattest.Server, acct *cfchat.Account, _ int64) error {
	t.Helper()
	_, err := acct.Contacts.Update(t.Context(), srv.AddContact(cfchattest.Contact{Name: "Jo"}), cfchat.ContactUpdate{Blocked: new(true)})
	return err
}

func findsBySource(t *testing.T, srv *cfchattest.Server, acct *cfchat.Account, _ int64) error {
	t.Helper()
	_, err := acct.Contacts.FindOrCreate(t.Context(), cfchat.ContactCreate{
		Email: "jo@customer.test", InboxID: srv.AddInbox(cfchattest.Inbox{}), SourceID: "jo-17",
	})
	return err
}

var refusedRow = regexp.MustCompile(`(?m)^\| (.*) \| (\d+\.\d+\.\d+) \|$`)

// TestRefusedOnOlderServers makes each call of the table in versions.md on a server of the version that the row names, and
// on one of the version before.
func TestRefusedOnOlderServers(t *testing.T) {
	_, section, _ := strings.Cut(read(t, "versions.md"), "## What is refused on older servers")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := refusedRow.FindAllStringSubmatch(section, -1)
	if len(rows) != strings.Count(section, "\n| ")-1 {
		t.Errorf("%d rows were recognized", len(rows))
	}
	played := 0
	for _, row := range rows {
		found := 0
		for begin, r := range refusals {
			second := strings.Contains(row[1], ", "+begin) // the second of two
			if !strings.HasPrefix(row[1], begin) && !second {
				continue
			}
			found, played = found+1, played+1
			if err := r.on(t, before(t, row[2])); !errors.Is(err, cfchat.ErrInvalidInput) {
				t.Errorf("%s before %s: %v", begin, row[2], err)
			}
			if err := r.on(t, row[2]); err != nil {
				t.Errorf("%s from %s on: %v", begin, row[2], err)
			}
		}
		if found == 0 {
			t.Errorf("no call plays %s", row[1])
		}
	}
	if played != len(refusals) {
		t.Errorf("%d of %d calls were made", played, len(refusals))
	}
}

// on makes the call on a server of a version.
func (r refusal) on(t *testing.T, version string) error {
	t.Helper()
	srv := cfchattest.New(t, cfchattest.Version(version))
	inbox := cfchattest.Inbox{Channel: r.channel}
	return r.makes(t, srv, srv.Account(t), srv.AddConversation(cfchattest.Conversation{Inbox: srv.AddInbox(inbox)}))
}

// before returns a version that precedes the given one and follows all that were released before it.
func before(t *testing.T, version string) string {
	t.Helper()
	var numbers [3]int
	for i, text := range strings.Split(version, ".") {
		n, err := strconv.Atoi(text)
		if err != nil || i > 2 {
			t.Fatalf("%q is not a version", version)
		}
		numbers[i] = n
	}
	const last = 99
	switch major, minor, patch := numbers[0], numbers[1], numbers[2]; {
	case patch > 0:
		return fmt.Sprintf("%d.%d.%d", major, minor, patch-1)
	case minor > 0:
		return fmt.Sprintf("%d.%d.%d", major, minor-1, last)
	default:
		return fmt.Sprintf("%d.%d.%d", major-1, last, last)
	}
}
