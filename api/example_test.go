package api_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/auth"
)

// A server has a new count, and writes another one as text. The findings include no values.
func ExampleValidator() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"meta":{"mine_count":0,"assigned_count":1,"unassigned_count":"2","all_count":3,"vip_count":1}}`)
	}))
	defer server.Close()

	validator := &api.Validator{}
	chat, err := cfchat.New(cfchat.Config{
		Keys:       auth.Keys{User: auth.NewKey("of-a-person")},
		Server:     server.URL,
		HTTPClient: &http.Client{Transport: validator},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = chat.Account(56).Conversations.Counts(context.Background(), cfchat.ConversationListOptions{})
	fmt.Println(err != nil)
	for _, finding := range validator.Findings() {
		fmt.Println(finding)
	}
	// Output:
	// true
	// conversationListMeta response meta.unassigned_count: type, expected integer, found string, once
	// conversationListMeta response meta.vip_count: unknown, found integer, once
}

// This example lists the keys that an operation accepts, the preferred one first, each with the other spelling of its
// header.
func ExampleGetSpec() {
	spec, err := api.GetSpec()
	if err != nil {
		log.Fatal(err)
	}
	keys := map[string][]string{}
	for _, path := range spec.Paths.Map() {
		for _, operation := range path.Operations() {
			for _, alternative := range *operation.Security {
				for scheme := range alternative {
					keys[operation.OperationID] = append(keys[operation.OperationID], scheme)
				}
			}
		}
	}
	fmt.Println("conversationList", keys["conversationList"])
	fmt.Println("newConversation", keys["newConversation"])
	// Output:
	// conversationList [userApiKey userApiKeyDashed]
	// newConversation [agentBotApiKey agentBotApiKeyDashed userApiKey userApiKeyDashed]
}
