package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// standInName is the stand-in's server name in a manifest, so that its folder is not taken for a real account's.
const standInName = "stand-in"

// standIn starts a server in this process, with two weeks of conversations of every status, some of them answered, one of which
// cannot be read. It also returns a function that ends it.
func standIn(configure func(*cfchat.Config)) (*cfchat.Chat, *cfchat.Account, func(), error) {
	const size, broken, days = 300, 117, 14
	statuses := []cfchat.Status{cfchat.StatusOpen, cfchat.StatusResolved, cfchat.StatusPending, cfchat.StatusSnoozed}
	begun := time.Now().AddDate(0, 0, -days)
	at := begun
	contents := []string{"Where is my order?", "=1+1 is no formula", "Two lines,\nand a \"quote\"", "Takk, det er fint! ☕"}
	server := cfchattest.Start(cfchattest.Clock(func() time.Time { return cmp.Or(at, time.Now()) }))
	people := make([]int64, 0, 2)
	for _, name := range []string{"Ann", "Bo"} {
		id, _ := server.AddAgent(cfchattest.Agent{Name: name, Email: strings.ToLower(name) + "@example.com"})
		people = append(people, id)
	}
	server.AddLabel(cfchattest.Label{Title: "vip"})
	team := server.AddTeam(cfchattest.Team{Name: "support"})
	server.AddCustomAttribute(cfchattest.CustomAttribute{Key: "plan"})
	for i := range size {
		at = begun.Add(time.Duration(i) * time.Hour)
		contact := server.AddContact(cfchattest.Contact{Name: fmt.Sprintf("Contact %d", i+1), Email: fmt.Sprintf("contact%d@example.com", i+1)})
		conversation := cfchattest.Conversation{Contact: contact, Status: statuses[i%len(statuses)]}
		if i%10 == 0 {
			conversation.Labels, conversation.Team, conversation.Custom = []string{"vip"}, team, map[string]any{"plan": "pro"}
		}
		id := server.AddConversation(conversation)
		for n := range i % 4 {
			server.AddMessage(id, cfchattest.Message{Content: contents[(i+n)%len(contents)]})
		}
		if i%4 > 1 { // the others have no message, or wait
			at = at.Add(time.Duration(i%50) * time.Minute)
			server.AddMessage(id, cfchattest.Message{Content: "We look into it.", Type: cfchat.MessageTypeOutgoing, Sender: people[i/4%len(people)]})
		}
		if id == broken {
			server.DeleteContact(contact)
		}
	}
	at = time.Time{} // from now on the clock is right
	config := server.Config()
	configure(&config)
	chat, err := cfchat.New(config)
	if err != nil {
		server.Close()
		return nil, nil, nil, err
	}
	return chat, chat.Account(server.AccountID()), server.Close, nil
}
