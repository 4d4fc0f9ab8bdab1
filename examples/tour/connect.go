package main

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

//go:embed snapshot.json
var snapshot []byte

// connect takes the real account that the environment names, or else starts the stand-in. It returns what ends it.
func (t *tour) connect(env func(string) string) (stop func(), err error) {
	key, account := env("CFCHAT_USER_API_KEY"), env("CFCHAT_ACCOUNT_ID")
	switch {
	case key == "" && account == "":
		return t.standIn()
	case key == "" || account == "":
		return nil, errors.New("set both CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID, or neither for the stand-in")
	}
	id, err := strconv.ParseInt(account, 10, 64)
	if err != nil {
		return nil, errors.New("CFCHAT_ACCOUNT_ID: it is not a number")
	}
	config := cfchat.Config{
		Keys:   auth.Keys{User: auth.Key(key), AgentBot: auth.Key(env("CFCHAT_AGENT_BOT_API_KEY"))},
		Server: env("CFCHAT_SERVER"),
	}
	chat, err := cfchat.New(config)
	if err != nil {
		return nil, err
	}
	t.account = chat.Account(id)
	t.printf("Account %d\n", id)
	return func() {}, nil
}

// standIn starts a server on a loopback port, with an account of a few conversations.
func (t *tour) standIn() (stop func(), err error) {
	server := cfchattest.Start()
	if err := server.LoadSnapshot(snapshot); err != nil {
		server.Close()
		return nil, fmt.Errorf("snapshot.json: %w", err)
	}
	chat, err := cfchat.New(cfchat.Config{
		Keys:   auth.Keys{User: auth.Key(server.AdminKey()), AgentBot: auth.Key(server.BotKey())},
		Server: server.URL(),
	})
	if err != nil {
		server.Close()
		return nil, err
	}
	t.account = chat.Account(server.AccountID())
	t.write, t.inbox, t.contact = true, 1, 3
	t.printf("A stand-in server at %s\n", server.URL())
	t.printf("Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID to see a real account.\n")
	return server.Close, nil
}
