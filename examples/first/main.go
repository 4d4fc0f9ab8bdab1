// Command first lists the open conversations of account 56, as the first program of README.md does.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

func main() {
	chat, err := cfchat.New(cfchat.Config{
		Keys: auth.Keys{User: auth.Key(os.Getenv("CFCHAT_USER_API_KEY"))},
	})
	if err != nil {
		log.Fatal(err)
	}
	page, err := chat.Account(56).List(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, conversation := range page.Payload {
		fmt.Println(conversation.ID, conversation.Status, conversation.Meta.Channel)
	}
}
