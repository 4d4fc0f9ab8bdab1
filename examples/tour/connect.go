package main

import (
	_ "embed"
	"flag"
	"fmt"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

//go:embed snapshot.json
var snapshot []byte

// connect takes the real account that the environment names, or else starts the stand-in. It returns what ends it.
func (t *tour) connect(env func(string) string, flags *flag.FlagSet) (stop func(), err error) {
	if t.account, err = connect.Real(env); err != nil {
		return nil, err
	}
	if t.account == nil {
		if err := connect.NotOnStandIn(flags, "inbox", "contact"); err != nil {
			return nil, err
		}
		return t.standIn()
	}
	t.printf("Account %d\n", t.account.ID())
	return func() {}, nil
}

// standIn starts a server on a loopback port, with an account of a few conversations.
func (t *tour) standIn() (stop func(), err error) {
	server := cfchattest.Start()
	if err := server.LoadSnapshot(snapshot); err != nil {
		server.Close()
		return nil, fmt.Errorf("snapshot.json: %w", err)
	}
	if t.account, err = connect.StandIn(server); err != nil {
		server.Close()
		return nil, err
	}
	t.write, t.inbox, t.contact = true, 1, 3
	t.printf("A stand-in server at %s\n", server.URL())
	t.printf("Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID to see a real account.\n")
	return server.Close, nil
}
