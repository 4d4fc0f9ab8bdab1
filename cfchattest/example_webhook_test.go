package cfchattest_test

import (
	"context"
	"fmt"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/webhook"
)

// A receiver learns what somebody else does from deliveries that it verifies.
func ExampleServer_Receive() {
	srv := cfchattest.Start(cfchattest.Version("4.16.2"))
	defer srv.Close()
	id := srv.AddConversation(cfchattest.Conversation{})
	_, secret := srv.AddWebhook(cfchattest.Webhook{URL: "https://hooks.example/chat"})
	srv.Receive("https://hooks.example/chat", webhook.Handler(webhook.Options{Secret: secret},
		func(_ context.Context, e webhook.Event) error {
			if status, ok := e.Changed("status"); ok {
				before, _ := status.Previous().Text()
				fmt.Println("conversation", e.ConversationID(), "was", before, "and is", e.Conversation.Status)
			}
			return nil
		}))

	srv.SetStatus(id, cfchat.StatusResolved)
	err := srv.Settle(context.Background())
	for _, d := range srv.Deliveries() {
		fmt.Println(d.Event, d.Status)
	}
	fmt.Println(err)
	// Output:
	// conversation 1 was open and is resolved
	// conversation_status_changed 200
	// conversation_updated 200
	// <nil>
}

// Deliveries arrive in any order: an account's webhook gets the state at the time of delivery.
func ExampleServer_ReleaseDeliveries() {
	srv := cfchattest.Start()
	defer srv.Close()
	srv.AddWebhook(cfchattest.Webhook{
		URL: "https://hooks.example/chat", Subscriptions: []cfchat.WebhookEvent{webhook.ConversationUpdated, webhook.MessageCreated},
	})
	srv.Receive("https://hooks.example/chat", webhook.Handler(webhook.Options{Secret: webhook.Unsigned},
		func(_ context.Context, e webhook.Event) error {
			fmt.Println(e.Name, e.ConversationID())
			return nil
		}))

	srv.HoldDeliveries()
	id := srv.AddConversation(cfchattest.Conversation{})
	srv.AddMessage(id, cfchattest.Message{})
	srv.SetStatus(id, cfchat.StatusResolved)
	srv.ReleaseDeliveries(cfchattest.Reversed)
	fmt.Println(srv.Settle(context.Background()))
	// Output:
	// conversation_updated 1
	// message_created 1
	// <nil>
}
