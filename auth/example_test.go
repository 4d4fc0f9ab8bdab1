package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// A key never shows.
func ExampleKey() {
	settings := struct{ Key auth.Key }{auth.NewKey("a1b2c3")}
	fmt.Printf("%v %+v %q %x\n", settings, settings, settings.Key, settings.Key)

	withoutTime := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime})).Info("ready", "key", settings.Key)
	// Output:
	// {[redacted]} {Key:[redacted]} [redacted] [redacted]
	// level=INFO msg=ready key=[redacted]
}

// The operation determines which kind of key is sent.
func ExampleKeys() {
	bot := auth.Keys{AgentBot: auth.NewKey("of-a-bot")}
	both := auth.Keys{User: auth.NewKey("of-a-person"), AgentBot: auth.NewKey("of-a-bot")}
	const conversations = "https://chat.myclickfunnels.com/api/v1/accounts/56/conversations"
	for _, method := range []string{http.MethodPost, http.MethodGet} { // to create one, and to list them
		for _, keys := range []auth.Keys{both, bot} {
			req, err := http.NewRequest(method, conversations, nil)
			if err != nil {
				log.Fatal(err)
			}
			err = keys.Edit(req.Context(), req)
			fmt.Println(method, req.Header, err)
		}
	}
	// Output:
	// POST map[api_access_token:[of-a-bot]] <nil>
	// POST map[api_access_token:[of-a-bot]] <nil>
	// GET map[api_access_token:[of-a-person]] <nil>
	// GET map[] no key for conversationList: set Keys.User
}

// With both keys set, the bot sets a status; with this context, the person does.
func ExampleWithScheme() {
	server := cfchattest.Start()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{})
	chat, err := cfchat.New(cfchat.Config{
		Keys:   auth.Keys{User: auth.NewKey(server.AdminKey()), AgentBot: auth.NewKey(server.BotKey())},
		Server: server.URL(),
	})
	if err != nil {
		log.Fatal(err)
	}
	account := chat.Account(server.AccountID())

	asPerson := auth.WithScheme(context.Background(), auth.UserAPIKey)
	for _, ctx := range []context.Context{context.Background(), asPerson} {
		if _, err := account.Conversations.ToggleStatus(ctx, id); err != nil {
			log.Fatal(err)
		}
		conversation, _ := server.Conversation(id)
		fmt.Println(conversation.Messages[0].GetContent())
	}
	// Output:
	// Conversation was marked resolved by Helper Bot
	// Conversation was reopened by Ada Admin
}

// An editor can set another key for a single call; the client does not replace it.
func ExampleKeys_Edit() {
	server := cfchattest.Start()
	defer server.Close()
	sales := server.AddInbox(cfchattest.Inbox{Name: "Sales"}) // the agent cannot see it
	server.AddConversation(cfchattest.Conversation{Inbox: sales})
	chat, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.NewKey(server.AdminKey())}, Server: server.URL()})
	if err != nil {
		log.Fatal(err)
	}
	account := chat.Account(server.AccountID())

	agent := auth.Keys{User: auth.NewKey(server.AgentKey())}
	for _, opts := range [][]cfchat.CallOption{nil, {cfchat.RequestEditorFn(agent.Edit)}} {
		page, err := account.Conversations.List(context.Background(), cfchat.ConversationListOptions{}, opts...)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(page.Meta.AllCount)
	}
	// Output:
	// 1
	// 0
}

// Without a key that the operation accepts, nothing is sent.
func ExampleErrNoKey() {
	chat, err := cfchat.New(cfchat.Config{Keys: auth.Keys{AgentBot: auth.NewKey("of-a-bot")}})
	if err != nil {
		log.Fatal(err)
	}
	_, err = chat.Account(56).Conversations.Counts(context.Background(), cfchat.ConversationListOptions{})
	fmt.Println(errors.Is(err, auth.ErrNoKey))
	fmt.Println(err)
	// Output:
	// true
	// cfchat: conversationListMeta: account 56: nothing was sent: no key for conversationListMeta: set Keys.User
}

// A program's own tracing leaves out the key, in either spelling of its header.
func ExampleHeaderNames() {
	header := http.Header{"api_access_token": {"a1b2c3"}, "Accept": {"application/json"}}
	for _, name := range auth.HeaderNames(header) {
		delete(header, name)
	}
	fmt.Println(header)
	// Output: map[Accept:[application/json]]
}
