package cfchattest_test

import (
	"context"
	"fmt"
	"net/http"

	cfchat "github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

func Example() {
	srv := cfchattest.Start() // in a test: cfchattest.New(t), which needs no Close
	defer srv.Close()
	id := srv.AddConversation(cfchattest.Conversation{Labels: []string{"vip"}})
	srv.AddMessage(id, cfchattest.Message{Content: "Where is my order?"})

	client, err := cfchat.NewClientWithResponses(srv.URL(), cfchat.WithRequestEditorFn(
		func(_ context.Context, r *http.Request) error {
			r.Header.Set("api_access_token", srv.AdminKey())
			return nil
		}))
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := client.GetDetailsOfAConversationWithResponse(context.Background(), srv.AccountID(), id)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.JSON200.Status, got.JSON200.Labels, *got.JSON200.Messages[0].Content)
	// Output: open [vip] Where is my order?
}
