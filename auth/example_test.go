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

// A key shows nowhere.
func ExampleKey() {
	settings := struct{ Key auth.Secret }{auth.Key("a1b2c3")}
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

// The operation says which kind of key it takes.
func ExampleKeys_Scheme() {
	bot := auth.Keys{AgentBot: auth.Key("of-a-bot")}
	both := auth.Keys{User: auth.Key("of-a-person"), AgentBot: auth.Key("of-a-bot")}
	for _, operation := range []string{"newConversation", "conversationList"} {
		fmt.Println(both.Scheme(context.Background(), operation))
		fmt.Println(bot.Scheme(context.Background(), operation))
	}
	// Output:
	// agentBotApiKey <nil>
	// agentBotApiKey <nil>
	// userApiKey <nil>
	//  no key for conversationList: set Keys.User
}

// With both keys a status is set by the bot; under this context, by the person.
func ExampleWith() {
	server := cfchattest.Start()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{})
	chat, err := cfchat.New(cfchat.Config{
		Keys:   auth.Keys{User: auth.Key(server.AdminKey()), AgentBot: auth.Key(server.BotKey())},
		Server: server.URL(),
	})
	if err != nil {
		log.Fatal(err)
	}
	account := chat.Account(server.AccountID())

	asPerson := auth.With(context.Background(), auth.UserAPIKey)
	for _, ctx := range []context.Context{context.Background(), asPerson} {
		if _, err := account.ToggleStatus(ctx, id); err != nil {
			log.Fatal(err)
		}
		conversation, _ := server.Conversation(id)
		fmt.Println(*conversation.Messages[0].Content)
	}
	// Output:
	// Conversation was marked resolved by Helper Bot
	// Conversation was reopened by Ada Admin
}

// Another key, for one call: an editor's key stays.
func ExampleKeys_Edit() {
	server := cfchattest.Start()
	defer server.Close()
	sales := server.AddInbox(cfchattest.Inbox{Name: "Sales"}) // that the agent does not see
	server.AddConversation(cfchattest.Conversation{Inbox: sales})
	chat, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.Key(server.AdminKey())}, Server: server.URL()})
	if err != nil {
		log.Fatal(err)
	}
	account := chat.Account(server.AccountID())

	agent := auth.Keys{User: auth.Key(server.AgentKey())}
	for _, editors := range [][]cfchat.RequestEditorFn{nil, {agent.Edit}} {
		page, err := account.List(context.Background(), nil, editors...)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(page.Meta.AllCount)
	}
	// Output:
	// 1
	// 0
}

// Without a key that the operation takes nothing is sent.
func ExampleErrNoKey() {
	chat, err := cfchat.New(cfchat.Config{Keys: auth.Keys{AgentBot: auth.Key("of-a-bot")}})
	if err != nil {
		log.Fatal(err)
	}
	_, err = chat.Account(56).Get(context.Background(), 42)
	fmt.Println(errors.Is(err, auth.ErrNoKey))
	fmt.Println(err)
	// Output:
	// true
	// cfchat: getDetailsOfAConversation: nothing was sent: no key for getDetailsOfAConversation: set Keys.User
}

// A program's own tracing leaves the key out, in whatever spelling it is there.
func ExampleNames() {
	header := http.Header{"api_access_token": {"a1b2c3"}, "Accept": {"application/json"}}
	for _, name := range auth.Names(header) {
		delete(header, name)
	}
	fmt.Println(header)
	// Output: map[Accept:[application/json]]
}
