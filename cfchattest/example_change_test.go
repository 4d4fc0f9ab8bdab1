package cfchattest_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// Another caller is faster: the labels change between the program's read and its write.
func ExampleServer_After() {
	srv := cfchattest.Start()
	defer srv.Close()
	id := srv.AddConversation(cfchattest.Conversation{Labels: []string{"new"}})
	srv.After(cfchat.OperationListAllLabelsOfAConversation, func(cfchattest.Request) {
		if len(srv.Requests()) == 1 { // only after the first read
			srv.SetLabels(id, "new", "spam")
		}
	})
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		log.Fatal(err)
	}

	conversations := chat.Account(srv.AccountID()).Conversations
	labels, err := conversations.Labels(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	labels, err = conversations.SetLabels(context.Background(), id, append(labels, "vip"))
	fmt.Println(labels, err) // and "spam" is lost: use AddLabels instead
	// Output: [new vip] <nil>
}

// A failure that depends on the content of a call, and not on its number.
func ExampleServer_Before() {
	srv := cfchattest.Start()
	defer srv.Close()
	first, second := srv.AddConversation(cfchattest.Conversation{}), srv.AddConversation(cfchattest.Conversation{})
	srv.Before(cfchat.OperationToggleStatusOfAConversation, func(r cfchattest.Request) {
		if r.Path == fmt.Sprintf("/api/v1/accounts/1/conversations/%d/toggle_status", second) {
			srv.FailNext(r.Operation, cfchattest.Failure{Status: 500})
		}
	})
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		log.Fatal(err)
	}

	for _, id := range []int64{first, second} {
		_, err := chat.Account(1).Conversations.SetStatus(context.Background(), id, cfchat.StatusResolved)
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// cfchat: toggleStatusOfAConversation: conversation 2 of account 1: 500 Internal Server Error: the change may have happened or not
}

// A contact has waited three days, since a message from that time.
func ExampleServer_AddMessage() {
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	srv := cfchattest.Start(cfchattest.Clock(func() time.Time { return now }))
	defer srv.Close()
	id := srv.AddConversation(cfchattest.Conversation{CreatedAt: now.AddDate(0, 0, -10)})
	srv.AddMessage(id, cfchattest.Message{Content: "We look into it.", Type: cfchat.MessageTypeOutgoing, CreatedAt: now.AddDate(0, 0, -9)})
	srv.AddMessage(id, cfchattest.Message{Content: "Is anybody there?", CreatedAt: now.AddDate(0, 0, -3)})

	conversation, _ := srv.Conversation(id)
	fmt.Println("waits for", now.Sub(conversation.GetWaitingSince().Time))
	// Output: waits for 72h0m0s
}

// Changes by other callers are returned by the next call for changes.
func ExampleServer_SetStatus() {
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	srv := cfchattest.Start(cfchattest.Clock(func() time.Time { return now }))
	defer srv.Close()
	ada, _ := srv.AddAgent(cfchattest.Agent{Name: "Ada"})
	var ids []int64
	for range 4 {
		ids = append(ids, srv.AddConversation(cfchattest.Conversation{}))
	}
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		log.Fatal(err)
	}

	now = now.Add(time.Hour)
	srv.SetStatus(ids[0], cfchat.StatusResolved)
	srv.Assign(ids[1], ada)
	srv.SetCustomAttributes(ids[2], map[string]any{"tier": "gold"})
	changes := chat.Account(srv.AccountID()).Conversations.Changed(context.Background(), now.Add(-time.Minute), cfchat.ConversationChangedOptions{})
	for conversation, err := range changes.All() {
		if err != nil {
			log.Fatal(err)
		}
		tier, _ := conversation.CustomAttributes.Text("tier")
		fmt.Printf("%d %s %q %q\n", conversation.ID, conversation.Status, conversation.Meta.Assignee.GetName(), tier)
	}
	// Output:
	// 2 open "Ada" ""
	// 1 resolved "" ""
	// 3 open "" "gold"
}
