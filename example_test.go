package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// standIn is a server with two open conversations, one of them assigned to nobody, and a resolved one.
func standIn() (server *cfchattest.Server, account *cfchat.Account) {
	server = cfchattest.Start()
	agent, _ := server.AddAgent(cfchattest.Agent{Name: "Ada"})
	server.AddConversation(cfchattest.Conversation{Assignee: agent, Labels: []string{"vip"}})
	server.AddConversation(cfchattest.Conversation{})
	server.AddConversation(cfchattest.Conversation{Status: cfchat.StatusResolved})
	chat, err := cfchat.New(cfchat.Config{
		Keys:   auth.Keys{User: auth.Key(server.AdminKey()), AgentBot: auth.Key(server.BotKey())},
		Server: server.URL(),
	})
	if err != nil {
		log.Fatal(err)
	}
	return server, chat.Account(server.AccountID())
}

func Example() {
	chat, err := cfchat.New(cfchat.Config{
		Keys: auth.Keys{User: auth.Key(os.Getenv("CFCHAT_USER_API_KEY"))},
	})
	if err != nil {
		log.Fatal(err)
	}
	page, err := chat.Account(56).List(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, conversation := range page.Payload {
		fmt.Println(conversation.ID, conversation.Status, conversation.Timestamp)
	}
}

// New checks everything, and tells what is wrong without repeating a key.
func ExampleNew() {
	config := cfchat.Config{
		Server:  "https://chat.example.com",
		Keys:    auth.Keys{User: auth.Key("of-a-person"), AgentBot: auth.Key("of-a-bot\n")},
		Timeout: 10 * time.Second,
	}
	_, err := cfchat.New(config)
	fmt.Println(err)

	config.Keys.AgentBot = auth.Key("of-a-bot")
	chat, err := cfchat.New(config)
	fmt.Println(chat != nil, err, config.Keys)
	// Output:
	// cfchat: Config.Keys.AgentBot: the key has a blank, a line break, a control or a non-ASCII character: copy it again, and trim what a file or an environment variable adds
	// true <nil> {[redacted] [redacted]  }
}

func ExampleAccount_List() {
	server, account := standIn()
	defer server.Close()

	page, err := account.List(context.Background(), &cfchat.ConversationListParams{
		SortBy: new(cfchat.SortBySortOnCreatedAt),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, conversation := range page.Payload {
		fmt.Println(conversation.ID, conversation.Status, *conversation.Meta.Channel)
	}
	fmt.Println(page.Meta.AllCount, "in all")
	// Output:
	// 1 open Channel::Api
	// 2 open Channel::Api
	// 2 in all
}

func ExampleAccount_Counts() {
	server, account := standIn()
	defer server.Close()

	counts, err := account.Counts(context.Background(), &cfchat.ConversationListMetaParams{Status: new(cfchat.ListStatusAll)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(counts.AllCount, "in all,", counts.AssignedCount, "assigned")
	// Output: 3 in all, 1 assigned
}

func ExampleAccount_Get() {
	server, account := standIn()
	defer server.Close()

	conversation, err := account.Get(context.Background(), 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conversation.Status, conversation.Meta.Assignee.Name, conversation.SnoozedUntil == nil)
	// Output: open Ada true
}

func ExampleAccount_Labels() {
	server, account := standIn()
	defer server.Close()

	labels, err := account.Labels(context.Background(), 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output: [vip]
}

func ExampleAccount_Filter() {
	server, account := standIn()
	defer server.Close()

	filter := cfchat.Where(cfchat.Equal("status", "open")).And(cfchat.Absent("assignee_id"))
	page, err := account.Filter(context.Background(), filter, 1)
	if err != nil {
		log.Fatal(err)
	}
	for _, conversation := range page.Payload {
		fmt.Println(conversation.ID)
	}
	// Output: 2
}

func ExampleAccount_Create() {
	server, account := standIn()
	defer server.Close()
	inbox := server.AddInbox(cfchattest.Inbox{Name: "Shop"})
	contact := server.AddContact(cfchattest.Contact{Name: "Jo"})

	conversation, err := account.Create(context.Background(), cfchat.NewConversationRequest{
		InboxID:          &inbox,
		ContactID:        &contact,
		CustomAttributes: cfchat.Attributes{"order": 1234},
		Message:          &cfchat.NewMessage{Content: new("How was your order?")},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conversation.Status, *conversation.Meta.Sender.Name, conversation.CustomAttributes["order"])
	// Output: open Jo 1234
}

func ExampleAccount_ToggleStatus() {
	server, account := standIn()
	defer server.Close()

	for range 2 {
		change, err := account.ToggleStatus(context.Background(), 1)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(change.CurrentStatus)
	}
	// Output:
	// resolved
	// open
}

func ExampleAccount_Snooze() {
	server, account := standIn()
	defer server.Close()

	friday := time.Date(2030, 1, 4, 9, 0, 0, 0, time.UTC)
	change, err := account.Snooze(context.Background(), 1, friday)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(change.CurrentStatus, "until", *change.SnoozedUntil)

	if change, err = account.SetStatus(context.Background(), 1, cfchat.StatusOpen); err != nil {
		log.Fatal(err)
	}
	if change, err = account.Snooze(context.Background(), 1, time.Time{}); err != nil { // until the next reply
		log.Fatal(err)
	}
	fmt.Println(change.CurrentStatus, change.SnoozedUntil == nil)
	// Output:
	// snoozed until 2030-01-04T09:00:00.000Z
	// snoozed true
}

func ExampleAccount_SetStatus() {
	server, account := standIn()
	defer server.Close()

	change, err := account.SetStatus(context.Background(), 1, cfchat.StatusResolved)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(change.ConversationID, "is", change.CurrentStatus)
	// Output: 1 is resolved
}

func ExampleChat_Raw() {
	server := cfchattest.Start()
	defer server.Close()
	chat, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.Key(server.AdminKey())}, Server: server.URL()})
	if err != nil {
		log.Fatal(err)
	}

	resp, err := chat.Raw().ConversationListMetaWithResponse(context.Background(), server.AccountID(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode(), resp.ContentType(), resp.JSON200.Meta.AllCount)
	// Output: 200 application/json; charset=utf-8 0
}

func ExampleError() {
	server, account := standIn()
	defer server.Close()

	_, err := account.Get(context.Background(), 42)
	if e, ok := errors.AsType[*cfchat.Error](err); ok {
		fmt.Println(e.Operation, e.StatusCode, e.Message)
	}
	fmt.Println(errors.Is(err, cfchat.ErrNotFound))
	// Output:
	// getDetailsOfAConversation 404 Resource could not be found
	// true
}

// The answer to a write got lost: look before trying again.
func ExampleError_unknownOutcome() {
	server, account := standIn()
	defer server.Close()
	server.FailNext("toggleStatusOfAConversation", cfchattest.Failure{Cut: true})

	_, err := account.SetStatus(context.Background(), 1, cfchat.StatusResolved)
	if errors.Is(err, cfchat.ErrUnknownOutcome) {
		now, err := account.Get(context.Background(), 1)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("it may have happened; it is", now.Status)
	}
	// Output: it may have happened; it is resolved
}

// What the servers would read as something else is refused here.
func ExampleError_invalidInput() {
	server, account := standIn()
	defer server.Close()

	_, err := account.SetStatus(context.Background(), 1, "closed")
	fmt.Println(errors.Is(err, cfchat.ErrInvalidInput), len(server.Requests()))
	fmt.Println(err)
	// Output:
	// true 0
	// cfchat: toggleStatusOfAConversation: nothing was sent: invalid input: status: "closed" is not a status; use open, resolved, pending or snoozed
}

// TestReadme compares README's first program with the package comment and with the package's example.
func TestReadme(t *testing.T) {
	readme, comment, example := source(t, "README.md"), source(t, "cfchat.go"), source(t, "example_test.go")
	_, program, _ := strings.Cut(readme, "\nfunc main() {")
	program, _, _ = strings.Cut(program, "\n}\n")
	if !strings.Contains(example, "\nfunc Example() {"+program+"\n}\n") {
		t.Error("README.md and Example are not the same program")
	}
	if !strings.Contains(comment, "\n//"+strings.ReplaceAll(program, "\n", "\n//")+"\n//\n") {
		t.Error("README.md and the package comment are not the same program")
	}
}

func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
