package cfchattest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// resolveLabelled is the program under test: it resolves every open conversation with a label.
func resolveLabelled(ctx context.Context, account *cfchat.Account, label string) (resolved int, err error) {
	filter := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen)).And(cfchat.Equal(cfchat.AttributeLabels, label))
	for conversation, err := range account.Conversations.Scan(ctx, filter, cfchat.ConversationScanOptions{}) {
		if err != nil {
			return resolved, err
		}
		if _, err := account.Conversations.SetStatus(ctx, conversation.ID, cfchat.StatusResolved); err != nil {
			return resolved, err
		}
		resolved++
	}
	return resolved, nil
}

// A test has srv := cfchattest.New(t), which needs no Close, and srv.Account(t) for a client of it.
func Example() {
	srv := cfchattest.Start()
	defer srv.Close()
	vip := srv.AddConversation(cfchattest.Conversation{Labels: []string{"vip"}})
	other := srv.AddConversation(cfchattest.Conversation{})
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		fmt.Println(err)
		return
	}

	resolved, err := resolveLabelled(context.Background(), chat.Account(srv.AccountID()), "vip")
	fmt.Println(resolved, err)
	for _, id := range []int64{vip, other} {
		conversation, _ := srv.Conversation(id)
		fmt.Println(id, conversation.Status)
	}
	// Output:
	// 1 <nil>
	// 1 resolved
	// 2 open
}

// A handler answers requests that the stand-in has no operation for.
func ExampleServer_Handle() {
	srv := cfchattest.Start()
	defer srv.Close()
	srv.Handle("GET /api/v1/accounts/{account_id}/campaigns", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `[{"id": 3, "title": "Spring in account %s"}]`, r.PathValue("account_id"))
	}))
	chat, err := cfchat.New(srv.Config())
	if err != nil {
		log.Fatal(err)
	}

	var campaigns []struct {
		ID    int64
		Title string
	}
	err = chat.Account(srv.AccountID()).Do(context.Background(), http.MethodGet, "campaigns", nil, &campaigns)
	fmt.Println(campaigns, err, len(srv.Requests()))
	// Output: [{3 Spring in account 1}] <nil> 1
}
