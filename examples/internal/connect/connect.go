// Package connect returns the account that an example works on: a real one, from the environment, or a stand-in's.
package connect

import (
	"errors"
	"flag"
	"fmt"
	"strconv"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// Usage returns a function that prints the help: the flags, and the environment variables that Real reads.
func Usage(flags *flag.FlagSet) func() {
	return func() {
		_, _ = fmt.Fprintf(flags.Output(), "Usage of %s:\n", flags.Name())
		flags.PrintDefaults()
		_, _ = fmt.Fprint(flags.Output(), `Environment:
  CFCHAT_USER_API_KEY
        the key of a person, with CFCHAT_ACCOUNT_ID; without both, a stand-in server in this process
  CFCHAT_ACCOUNT_ID
        the account
  CFCHAT_AGENT_BOT_API_KEY
        the key of an agent bot, for writes; optional
  CFCHAT_SERVER
        the address of the server (default the vendor's)
`)
	}
}

// Real returns the account of CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID, on CFCHAT_SERVER if it is set, with the bot's key
// in CFCHAT_AGENT_BOT_API_KEY if that is set. It returns nil if neither key nor account nor server is set. The options
// change its Config.
func Real(env func(string) string, options ...func(*cfchat.Config)) (*cfchat.Account, error) {
	_, account, err := RealChat(env, options...)
	return account, err
}

// RealChat is Real with the Chat too, for a program that asks for the server's version.
func RealChat(env func(string) string, options ...func(*cfchat.Config)) (*cfchat.Chat, *cfchat.Account, error) {
	key, number := env("CFCHAT_USER_API_KEY"), env("CFCHAT_ACCOUNT_ID")
	switch {
	case key == "" && number == "" && env("CFCHAT_SERVER") == "":
		return nil, nil, nil
	case key == "" || number == "":
		return nil, nil, errors.New("set both CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID; for the stand-in set neither, and no CFCHAT_SERVER")
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil, nil, errors.New("CFCHAT_ACCOUNT_ID: it is not a number")
	}
	config := cfchat.Config{
		Keys:   auth.Keys{User: auth.NewKey(key), AgentBot: auth.NewKey(env("CFCHAT_AGENT_BOT_API_KEY"))},
		Server: env("CFCHAT_SERVER"),
	}
	for _, option := range options {
		option(&config)
	}
	chat, err := cfchat.New(config)
	if err != nil {
		return nil, nil, err
	}
	return chat, chat.Account(id), nil
}

// BotUsage is Usage for the variables that Bot reads.
func BotUsage(flags *flag.FlagSet) func() {
	return func() {
		_, _ = fmt.Fprintf(flags.Output(), "Usage of %s:\n", flags.Name())
		flags.PrintDefaults()
		_, _ = fmt.Fprint(flags.Output(), `Environment:
  CFCHAT_AGENT_BOT_API_KEY
        the key of an agent bot, with CFCHAT_ACCOUNT_ID; without both, a stand-in server in this process
  CFCHAT_ACCOUNT_ID
        the account
  CFCHAT_SERVER
        the address of the server (default the vendor's)
`)
	}
}

// Bot returns the account of CFCHAT_AGENT_BOT_API_KEY and CFCHAT_ACCOUNT_ID, on CFCHAT_SERVER if it is set, with no other
// key. It returns nil if neither key nor account nor server is set.
func Bot(env func(string) string) (*cfchat.Chat, *cfchat.Account, error) {
	key, number := env("CFCHAT_AGENT_BOT_API_KEY"), env("CFCHAT_ACCOUNT_ID")
	switch {
	case key == "" && number == "" && env("CFCHAT_SERVER") == "":
		return nil, nil, nil
	case key == "" || number == "":
		return nil, nil, errors.New("set both CFCHAT_AGENT_BOT_API_KEY and CFCHAT_ACCOUNT_ID; for the stand-in set neither, and no CFCHAT_SERVER")
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil, nil, errors.New("CFCHAT_ACCOUNT_ID: it is not a number")
	}
	chat, err := cfchat.New(cfchat.Config{Keys: auth.Keys{AgentBot: auth.NewKey(key)}, Server: env("CFCHAT_SERVER")})
	if err != nil {
		return nil, nil, err
	}
	return chat, chat.Account(id), nil
}

// StandIn returns the account of a stand-in, over a loopback port.
func StandIn(server *cfchattest.Server) (*cfchat.Account, error) {
	chat, err := cfchat.New(server.Config())
	if err != nil {
		return nil, err
	}
	return chat.Account(server.AccountID()), nil
}
