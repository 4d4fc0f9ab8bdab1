// Consumer stands in for a user's program: a separate module that sees only exported names and links only what it needs.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

func main() {
	chat, err := cfchat.New(cfchat.Config{
		Keys: auth.Keys{User: auth.NewKey(os.Getenv("CFCHAT_USER_API_KEY"))},
	})
	if err != nil {
		log.Fatal(err)
	}
	conversation, err := chat.Account(56).Conversations.Get(context.Background(), 42)
	if errors.Is(err, cfchat.ErrNotFound) {
		log.Fatal("there is no conversation 42")
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conversation.Status)
}
