package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// standIn is a server with two open conversations, one of them assigned to nobody, and a resolved one.
func standIn() (server *cfchattest.Server, account *cfchat.Account) {
	server = cfchattest.Start()
	agent, _ := server.AddAgent(cfchattest.Agent{Name: "Ada"})
	server.AddConversation(cfchattest.Conversation{Assignee: agent})
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

// TestReadme compares README's first program with the one that the compiler sees.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("examples/first/main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(program), "\npackage main")
	if !strings.Contains(string(readme), "```go\npackage main"+code+"```") {
		t.Error("README.md and examples/first/main.go are not the same program")
	}
}
