package main

import (
	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

// connect takes the real account that the environment names, or else starts the stand-in. It returns what ends it.
func (x *export) connect(env func(string) string) (stop func(), err error) {
	if x.account, err = connect.Real(env); err != nil {
		return nil, err
	}
	if x.account == nil {
		return x.standIn()
	}
	return func() {}, nil
}

// standIn starts a server on a loopback port, with conversations of every status, one of which cannot be read.
func (x *export) standIn() (stop func(), err error) {
	const size, unreadable = 300, 117
	statuses := []cfchat.Status{cfchat.StatusOpen, cfchat.StatusResolved, cfchat.StatusPending, cfchat.StatusSnoozed}
	server := cfchattest.Start()
	for i := range size {
		contact := server.AddContact(cfchattest.Contact{})
		id := server.AddConversation(cfchattest.Conversation{Contact: contact, Status: statuses[i%len(statuses)]})
		if id == unreadable {
			server.DeleteContact(contact)
		}
	}
	x.printf("A stand-in server with %d conversations\n", size)
	x.printf("Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID to export a real account.\n\n")
	x.account, err = connect.StandIn(server)
	return server.Close, err
}
