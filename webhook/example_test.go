package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/webhook"
)

func ExampleHandler() {
	handler := webhook.Handler(webhook.Options{Secret: webhook.NewSecret("the hook's"), AccountID: 56},
		func(_ context.Context, e webhook.Event) error {
			fmt.Println(e.Name, "in conversation", e.ConversationID())
			return nil
		})

	const body = `{"event":"message_created","id":7,"account":{"id":56,"name":"Acme"},"conversation":{"id":42}}`
	delivery := httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(body))
	webhook.Sign(webhook.NewSecret("the hook's"), delivery.Header, []byte(body), time.Now())
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, delivery)
	fmt.Println("answered", answer.Code)
	// Output:
	// message_created in conversation 42
	// answered 200
}

func ExampleVerify() {
	header, body := http.Header{}, []byte(`{"event":"message_created"}`)
	webhook.Sign(webhook.NewSecret("s"), header, body, time.Now())
	fmt.Println(webhook.Verify(webhook.NewSecret("s"), header, body, time.Now()))
	fmt.Println(webhook.Verify(webhook.NewSecret("s"), header, body, time.Now().Add(time.Hour)) == nil)
	// Output:
	// <nil>
	// false
}

func ExampleEvent_Changed() {
	e, err := webhook.Parse([]byte(`{"event":"conversation_updated","id":42,"status":"resolved",
		"changed_attributes":[{"status":{"previous_value":"open","current_value":"resolved"}}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if status, ok := e.Changed("status"); ok {
		before, _ := status.Previous().Text()
		fmt.Println("conversation", e.ConversationID(), "was", before, "and is", e.Conversation.Status)
	}
	// Output: conversation 42 was open and is resolved
}
