package main

import (
	"errors"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

// connect uses the real account that the environment names, or else starts the stand-in. It returns a function that ends it.
func (r *resolver) connect(env func(string) string, mayWrite bool) (stop func(), err error) {
	if r.account, err = connect.Real(env); err != nil {
		return nil, err
	}
	switch {
	case r.account == nil:
		return r.standIn()
	case !mayWrite:
		return nil, errors.New("this is a real account: -dry-run shows what would be resolved, -yes resolves it")
	}
	return func() {}, nil
}

// standIn starts a server on a loopback port, with conversations of many ages.
func (r *resolver) standIn() (stop func(), err error) {
	server := cfchattest.Start()
	names := []string{"Mia", "Noah", "Liv", "Emil", "Anna", "Luca", "Sofia", "Omar"}
	for i, name := range names {
		contact := server.AddContact(cfchattest.Contact{Name: name})
		for n := range 3 {
			last := time.Now().AddDate(0, 0, -i*n*7)
			server.AddConversation(cfchattest.Conversation{Contact: contact, CreatedAt: last.AddDate(0, 0, -3), LastActivity: last})
		}
	}
	r.printf("Using a stand-in server with %d open conversations.\n", 3*len(names))
	r.printf("Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.\n\n")
	r.account, err = connect.StandIn(server)
	return server.Close, err
}
