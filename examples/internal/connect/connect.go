// Package connect finds the account that an example works on: a real one by the environment, or a stand-in's.
package connect

import (
	"errors"
	"strconv"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// Real makes the account of CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID, on CFCHAT_SERVER if it is set, with the bot's key of
// CFCHAT_AGENT_BOT_API_KEY if that is set. It is nil when neither key nor account is set.
func Real(env func(string) string) (*cfchat.Account, error) {
	key, number := env("CFCHAT_USER_API_KEY"), env("CFCHAT_ACCOUNT_ID")
	switch {
	case key == "" && number == "":
		return nil, nil
	case key == "" || number == "":
		return nil, errors.New("set both CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID, or neither for the stand-in")
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil, errors.New("CFCHAT_ACCOUNT_ID: it is not a number")
	}
	chat, err := cfchat.New(cfchat.Config{
		Keys:   auth.Keys{User: auth.NewKey(key), AgentBot: auth.NewKey(env("CFCHAT_AGENT_BOT_API_KEY"))},
		Server: env("CFCHAT_SERVER"),
	})
	if err != nil {
		return nil, err
	}
	return chat.Account(id), nil
}

// StandIn makes the account of a stand-in, over a loopback port.
func StandIn(server *cfchattest.Server) (*cfchat.Account, error) {
	chat, err := cfchat.New(cfchat.Config{
		Keys:   auth.Keys{User: auth.NewKey(server.AdminKey()), AgentBot: auth.NewKey(server.BotKey())},
		Server: server.URL(),
	})
	if err != nil {
		return nil, err
	}
	return chat.Account(server.AccountID()), nil
}
