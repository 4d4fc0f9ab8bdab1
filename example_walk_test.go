package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

func ExampleConversationsService_ListAll() {
	server, account := standIn()
	defer server.Close()

	options := cfchat.ConversationListOptions{Status: cfchat.StatusAll}
	for conversation, err := range account.Conversations.ListAll(context.Background(), options) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(conversation.ID, conversation.Status)
	}
	// Output:
	// 1 open
	// 2 open
	// 3 resolved
}

func ExampleConversationsService_FilterAll() {
	server, account := standIn()
	defer server.Close()

	unassigned := cfchat.Where(cfchat.Absent(cfchat.AttributeAssigneeID))
	count := 0
	for _, err := range account.Conversations.FilterAll(context.Background(), unassigned) {
		if err != nil {
			log.Fatal(err)
		}
		count++
	}
	fmt.Println(count, "are unassigned")
	// Output: 2 are unassigned
}

// The loop may change the conversations it is given: none is skipped, and none is yielded twice.
func ExampleConversationsService_Scan() {
	server, account := standIn()
	defer server.Close()
	for range 60 {
		server.AddConversation(cfchattest.Conversation{Labels: []string{"spring-sale"}})
	}

	resolved := 0
	sale := cfchat.Where(cfchat.Equal(cfchat.AttributeLabels, "spring-sale")).And(cfchat.Equal(cfchat.AttributeStatus, "open"))
	for conversation, err := range account.Conversations.Scan(context.Background(), sale, cfchat.ConversationScanOptions{}) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			log.Print(err) // the server cannot return this one; the scan continues
			continue
		}
		if err != nil {
			log.Fatal(err) // yielded last
		}
		if _, err := account.Conversations.SetStatus(context.Background(), conversation.ID, cfchat.StatusResolved); err != nil {
			log.Fatal(err)
		}
		resolved++
	}
	fmt.Println(resolved)
	// Output: 60
}

// To resume a stopped scan, set After to the id of the last conversation that was processed.
func ExampleConversationScanOptions() {
	server, account := standIn()
	defer server.Close()

	last := int64(0)
	for conversation, err := range account.Conversations.Scan(context.Background(), cfchat.Filter{}, cfchat.ConversationScanOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		last = conversation.ID
		if last == 2 {
			break // as if the program ended here
		}
	}
	for conversation, err := range account.Conversations.Scan(context.Background(), cfchat.Filter{}, cfchat.ConversationScanOptions{After: last}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("resumed with", conversation.ID)
	}
	// Output: resumed with 3
}

// A program that keeps a copy requests the conversations that have changed since its previous run, and stores the time for
// its next run. A conversation that changed in the last minute is yielded again; storing it twice does no harm.
func ExampleConversationsService_Changed() {
	server, account := standIn()
	defer server.Close()

	since := time.Now().Add(-time.Hour) // load the stored time instead
	changes := account.Conversations.Changed(context.Background(), since, cfchat.ConversationChangedOptions{})
	for conversation, err := range changes.All() {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			log.Print(err) // the server cannot return this one; the walk continues
			continue
		}
		if err != nil {
			log.Fatal(err) // yielded last; keep the old since
		}
		fmt.Println(conversation.ID, conversation.Status)
	}
	fmt.Println(changes.Next().After(since)) // store it
	// Unordered output:
	// 1 open
	// 2 open
	// 3 resolved
	// true
}

// AND binds more tightly than OR, and there are no parentheses: repeat a condition that applies to all branches in each of
// them.
func ExampleFilter_Or() {
	server, account := standIn()
	defer server.Close()

	open := cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen)
	notSeven := cfchat.Where(open).And(cfchat.NotEqual(cfchat.AttributeAssigneeID, 7)).
		Or(open).And(cfchat.Absent(cfchat.AttributeAssigneeID)) // NotEqual leaves these out
	page, err := account.Conversations.Filter(context.Background(), notSeven, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page.Meta.AllCount, "open, not assigned to agent 7")
	// Output: 2 open, not assigned to agent 7
}

// Filters are values: And returns a new filter and leaves the original unchanged.
func ExampleFilter_And() {
	server, account := standIn()
	defer server.Close()

	open := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen))
	for _, filter := range []cfchat.Filter{open.And(cfchat.Present(cfchat.AttributeAssigneeID)), open} {
		page, err := account.Conversations.Filter(context.Background(), filter, 1)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(page.Meta.AllCount)
	}
	// Output:
	// 1
	// 2
}

// Servers before 3.8.0 could match part of a browser language. Later servers refuse that, and so does this module, unless
// RawRule tells it to send the rule unchanged.
func ExampleRawRule() {
	contains := cfchat.FilterRule{
		AttributeKey: string(cfchat.AttributeBrowserLanguage), FilterOperator: cfchat.FilterOperatorContains, Values: []any{"en"},
	}
	for _, options := range [][]cfchattest.Option{{cfchattest.Version("2.16.0")}, nil} {
		server := cfchattest.Start(options...)
		server.AddConversation(cfchattest.Conversation{Additional: map[string]any{"browser_language": "en-gb"}})
		chat, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.NewKey(server.AdminKey())}, Server: server.URL()})
		if err != nil {
			log.Fatal(err)
		}
		page, err := chat.Account(server.AccountID()).Conversations.Filter(context.Background(), cfchat.Where(cfchat.RawRule(contains)), 1)
		server.Close()
		if err != nil {
			fmt.Println(errors.Is(err, cfchat.ErrRejected))
			continue
		}
		fmt.Println(page.Meta.AllCount)
	}
	// Output:
	// 1
	// true
}

func ExampleMessagesService_Scan() {
	server, account := standIn()
	defer server.Close()
	for range 1_200 {
		server.AddMessage(2, cfchattest.Message{})
	}

	count := 0
	for message, err := range account.Messages.Scan(context.Background(), 2, cfchat.MessageScanOptions{WithoutActivity: true}) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.MessageID != 0 {
			log.Print(err) // the server cannot return this one; the scan continues
			continue
		}
		if err != nil {
			log.Fatal(err) // yielded last
		}
		if message.MessageType == cfchat.MessageTypeIncoming {
			count++
		}
	}
	fmt.Println(count)
	// Output: 1200
}

// To resume a stopped scan of all messages, pass the ids of the last message that was processed.
func ExampleMessagesService_ScanAll() {
	server, account := standIn()
	defer server.Close()
	for _, conversation := range []int64{1, 1, 2, 3} {
		server.AddMessage(conversation, cfchattest.Message{Content: fmt.Sprintf("hello from %d", conversation)})
	}

	var at cfchat.MessageScanAllOptions // load the stored position instead
	for message, err := range account.Messages.ScanAll(context.Background(), cfchat.Filter{}, at) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			log.Print(err) // this message or conversation cannot be read; the scan continues
			continue
		}
		if err != nil {
			log.Fatal(err) // yielded last
		}
		fmt.Println(message.GetContent())
		at.ConversationID, at.After = message.ConversationID, message.ID // store it
	}
	// Output:
	// hello from 1
	// hello from 1
	// hello from 2
	// hello from 3
}

func ExampleContactsService_ListAll() {
	server, account := standIn()
	defer server.Close()
	for i := range 40 {
		server.AddContact(cfchattest.Contact{Identifier: fmt.Sprintf("crm-%d", i)})
	}

	count := 0
	for _, err := range account.Contacts.ListAll(context.Background(), cfchat.ContactListOptions{WithoutInboxes: true}) {
		if err != nil {
			log.Fatal(err)
		}
		count++
	}
	fmt.Println(count)
	// Output: 40
}

func ExampleContactsService_FilterAll() {
	server, account := standIn()
	defer server.Close()
	server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test", Custom: map[string]any{"plan": "pro"}})
	server.AddContact(cfchattest.Contact{Name: "Mia", Email: "mia@customer.test"})
	server.AddContact(cfchattest.Contact{Name: "Zoe", Email: "zoe@other.test"})

	customers := cfchat.Where(cfchat.Contains(cfchat.AttributeEmail, "@customer.test"))
	for contact, err := range account.Contacts.FilterAll(context.Background(), customers, cfchat.ContactListOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(contact.GetName())
	}
	// Output:
	// Jo
	// Mia
}
