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
	fmt.Println(count, "are assigned to nobody")
	// Output: 2 are assigned to nobody
}

// The loop may change the conversations: that loses nothing, and nothing is yielded twice.
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
			log.Print(err) // the server cannot answer this one; the scan continues
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

// A stopped scan continues after the last conversation that was dealt with.
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
			break // the program ends here, say
		}
	}
	for conversation, err := range account.Conversations.Scan(context.Background(), cfchat.Filter{}, cfchat.ConversationScanOptions{After: last}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("it goes on with", conversation.ID)
	}
	// Output: it goes on with 3
}

// A program that keeps a copy asks for what has changed since the last time, and stores the time for the next. A
// conversation of the last minute is yielded again: storing it twice does no harm.
func ExampleConversationsService_Changed() {
	server, account := standIn()
	defer server.Close()

	since := time.Now().Add(-time.Hour) // from where you store it
	changes := account.Conversations.Changed(context.Background(), since, cfchat.ConversationChangedOptions{})
	for conversation, err := range changes.All() {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			log.Print(err) // the server cannot answer this one; the walk continues
			continue
		}
		if err != nil {
			log.Fatal(err) // yielded last; since stays unchanged
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

// AND binds before OR, and there are no brackets: repeat a condition on everything in each branch.
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
	fmt.Println(page.Meta.AllCount, "open ones that are not of agent 7")
	// Output: 2 open ones that are not of agent 7
}

// Filters are values: And returns a new one, and the old one stays.
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

// Before 3.8.0 a language could be found by a part of it. Later servers refuse that, so this module does too, unless told to
// send it unchanged.
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
			log.Print(err) // the server cannot answer this one; the scan continues
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

// A stopped scan of all messages continues after the last one that was dealt with.
func ExampleMessagesService_ScanAll() {
	server, account := standIn()
	defer server.Close()
	for _, conversation := range []int64{1, 1, 2, 3} {
		server.AddMessage(conversation, cfchattest.Message{Content: fmt.Sprintf("hello from %d", conversation)})
	}

	var at cfchat.MessageScanAllOptions // from where you store it
	for message, err := range account.Messages.ScanAll(context.Background(), cfchat.Filter{}, at) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			log.Print(err) // this message or conversation cannot be read; the scan goes on
			continue
		}
		if err != nil {
			log.Fatal(err) // yielded last
		}
		fmt.Println(message.GetContent())
		at.ConversationID, at.After = message.ConversationID, message.ID // keep it
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
