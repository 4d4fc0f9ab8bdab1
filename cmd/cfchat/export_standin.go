package main

import (
	"fmt"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// standInName is what a manifest calls the server of a stand-in, so that its folder is no real account's.
const standInName = "stand-in"

// standIn starts a server in this process, with conversations of every status, one of which cannot be read. It returns what ends
// it.
func standIn(configure func(*cfchat.Config)) (*cfchat.Chat, *cfchat.Account, func(), error) {
	const size, broken = 300, 117
	statuses := []cfchat.Status{cfchat.StatusOpen, cfchat.StatusResolved, cfchat.StatusPending, cfchat.StatusSnoozed}
	server := cfchattest.Start()
	for i := range size {
		contact := server.AddContact(cfchattest.Contact{Name: fmt.Sprintf("Contact %d", i+1), Email: fmt.Sprintf("contact%d@example.com", i+1)})
		id := server.AddConversation(cfchattest.Conversation{Contact: contact, Status: statuses[i%len(statuses)]})
		for n := range i % 4 {
			server.AddMessage(id, cfchattest.Message{Content: fmt.Sprintf("Message %d", n+1)})
		}
		if id == broken {
			server.DeleteContact(contact)
		}
	}
	config := server.Config()
	configure(&config)
	chat, err := cfchat.New(config)
	if err != nil {
		server.Close()
		return nil, nil, nil, err
	}
	return chat, chat.Account(server.AccountID()), server.Close, nil
}
