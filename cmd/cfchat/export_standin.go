package main

import (
	"fmt"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// standInName is the stand-in's server name in a manifest, so that its folder is not taken for a real account's.
const standInName = "stand-in"

// standIn starts a server in this process, with conversations of every status, one of which cannot be read. It also returns
// a function that ends it.
func standIn(configure func(*cfchat.Config)) (*cfchat.Chat, *cfchat.Account, func(), error) {
	const size, broken = 300, 117
	statuses := []cfchat.Status{cfchat.StatusOpen, cfchat.StatusResolved, cfchat.StatusPending, cfchat.StatusSnoozed}
	contents := []string{"Where is my order?", "=1+1 is no formula", "Two lines,\nand a \"quote\"", "Takk, det er fint! ☕"}
	server := cfchattest.Start()
	server.AddLabel(cfchattest.Label{Title: "vip"})
	team := server.AddTeam(cfchattest.Team{Name: "support"})
	server.AddCustomAttribute(cfchattest.CustomAttribute{Key: "plan"})
	for i := range size {
		contact := server.AddContact(cfchattest.Contact{Name: fmt.Sprintf("Contact %d", i+1), Email: fmt.Sprintf("contact%d@example.com", i+1)})
		conversation := cfchattest.Conversation{Contact: contact, Status: statuses[i%len(statuses)]}
		if i%10 == 0 {
			conversation.Labels, conversation.Team, conversation.Custom = []string{"vip"}, team, map[string]any{"plan": "pro"}
		}
		id := server.AddConversation(conversation)
		for n := range i % 4 {
			server.AddMessage(id, cfchattest.Message{Content: contents[(i+n)%len(contents)]})
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
