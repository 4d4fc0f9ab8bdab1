package cfchattest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// The connection is lost when the conversation was created: it is there, and its caller cannot know.
func ExampleServer_FailNext() {
	srv := cfchattest.Start()
	defer srv.Close()
	inbox, contact := srv.AddInbox(cfchattest.Inbox{}), srv.AddContact(cfchattest.Contact{})
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		log.Fatal(err)
	}

	srv.FailNext("newConversation", cfchattest.Failure{Cut: true})
	_, err = chat.Account(srv.AccountID()).Conversations.Create(context.Background(), cfchat.ConversationCreate{InboxID: inbox, ContactID: contact})
	fmt.Println(errors.Is(err, cfchat.ErrUnknownOutcome), len(srv.Conversations()), len(srv.Requests()))
	// Output: true 1 1
}

// Every second page fails, and the client asks again.
func ExampleServer_FailEvery() {
	srv := cfchattest.Start()
	defer srv.Close()
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		log.Fatal(err)
	}

	srv.FailEvery("conversationList", 2, cfchattest.Failure{Status: http.StatusBadGateway})
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
