package cfchattest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// The connection is lost after the conversation was created: it exists, but its caller cannot know.
func ExampleServer_FailNext() {
	srv := cfchattest.Start()
	defer srv.Close()
	inbox, contact := srv.AddInbox(cfchattest.Inbox{}), srv.AddContact(cfchattest.Contact{})
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		log.Fatal(err)
	}

	srv.FailNext(cfchat.OperationNewConversation, cfchattest.Failure{Cut: true})
	_, err = chat.Account(srv.AccountID()).Conversations.Create(context.Background(), cfchat.ConversationCreate{InboxID: inbox, ContactID: contact})
	fmt.Println(errors.Is(err, cfchat.ErrUnknownOutcome), len(srv.Conversations()), len(srv.Requests()))
	// Output: true 1 1
}

// Every second page fails, and the client retries.
func ExampleServer_FailEvery() {
	srv := cfchattest.Start()
	defer srv.Close()
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		log.Fatal(err)
	}

	srv.FailEvery(cfchat.OperationConversationList, 2, cfchattest.Failure{Status: http.StatusBadGateway})
	for range 2 {
		if _, err := chat.Account(srv.AccountID()).Conversations.List(context.Background(), cfchat.ConversationListOptions{}); err != nil {
			log.Fatal(err)
		}
	}
	for _, request := range srv.Requests() {
		fmt.Println(request.Operation, request.Status)
	}
	// Output:
	// conversationList 200
	// conversationList 502
	// conversationList 200
}

// Without a socket: no port, no goroutine, and any address.
func ExampleServer_Transport() {
	srv := cfchattest.Start(cfchattest.BehindNginx)
	defer srv.Close()
	for _, header := range []string{auth.HeaderUnderscore, auth.HeaderDash} {
		chat, err := cfchat.New(cfchat.Config{
			Keys:       auth.Keys{User: auth.NewKey(srv.AdminKey()), Header: header},
			Server:     "https://chat.example.com",
			HTTPClient: &http.Client{Transport: srv.Transport()},
		})
		if err != nil {
			log.Fatal(err)
		}
		_, err = chat.Account(srv.AccountID()).Conversations.List(context.Background(), cfchat.ConversationListOptions{})
		fmt.Println(header, "arrives:", !errors.Is(err, cfchat.ErrUnauthorized))
	}
	// Output:
	// api_access_token arrives: false
	// Api-Access-Token arrives: true
}

// The connection is refused, so provably nothing was sent: the only failure after which a write may be retried immediately.
// This needs a client without a socket, such as srv.Chat(t) in a test.
func ExampleFailure_refused() {
	srv := cfchattest.Start()
	defer srv.Close()
	id := srv.AddConversation(cfchattest.Conversation{})
	config := srv.Config()
	config.HTTPClient = &http.Client{Transport: srv.Transport()}
	config.Retry.MaxTries = 1
	chat, err := cfchat.New(config)
	if err != nil {
		log.Fatal(err)
	}

	srv.FailNext(cfchat.OperationToggleStatusOfAConversation, cfchattest.Failure{Refused: true})
	_, err = chat.Account(srv.AccountID()).Conversations.SetStatus(context.Background(), id, cfchat.StatusResolved)
	fmt.Println(errors.Is(err, cfchat.ErrNotSent), errors.Is(err, cfchat.ErrUnknownOutcome), len(srv.Requests()))
	// Output: true false 0
}

// The server counts requests per minute of its clock, which stands still here: an excess request gets a 429.
func ExampleRateLimits() {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	srv := cfchattest.Start(cfchattest.RateLimits, cfchattest.Version("2.16.0"), cfchattest.Clock(func() time.Time { return noon }))
	defer srv.Close()
	config := srv.Config()
	config.Retry.MaxTries = 1 // or the client waits for the next minute, which takes no time in testing/synctest
	chat, err := cfchat.New(config)
	if err != nil {
		log.Fatal(err)
	}

	for n := 1; ; n++ {
		_, err := chat.Account(srv.AccountID()).Conversations.List(context.Background(), cfchat.ConversationListOptions{})
		if errors.Is(err, cfchat.ErrRateLimited) {
			fmt.Println("request", n, "is one too many")
			return
		}
	}
	// Output: request 301 is one too many
}

// A conversation that the server cannot render breaks every page with it; a scan continues past it, and names it.
func ExampleServer_BreakConversation() {
	srv := cfchattest.Start()
	defer srv.Close()
	for range 3 {
		srv.AddConversation(cfchattest.Conversation{})
	}
	srv.BreakConversation(2)
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		log.Fatal(err)
	}

	conversations := chat.Account(srv.AccountID()).Conversations
	_, err = conversations.List(context.Background(), cfchat.ConversationListOptions{})
	fmt.Println("a page:", errors.Is(err, cfchat.ErrServer))
	for conversation, err := range conversations.Scan(context.Background(), cfchat.Filter{}, cfchat.ConversationScanOptions{}) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			fmt.Println("not readable:", e.ConversationID)
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(conversation.ID)
	}
	// Output:
	// a page: true
	// 1
	// not readable: 2
	// 3
}
