// Package connect returns the account that a command works on, from flags and the environment. A key comes only from the
// environment, because everybody who lists the machine's processes sees the flags.
package connect

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// The environment variables that are read.
const (
	ServerVariable  = "CFCHAT_SERVER"
	AccountVariable = "CFCHAT_ACCOUNT_ID"
	UserKeyVariable = "CFCHAT_USER_API_KEY"
	BotKeyVariable  = "CFCHAT_AGENT_BOT_API_KEY"
)

// Help is the text about the environment in a command's help.
const Help = `The key of a person is read from ` + UserKeyVariable + `. The account may be in
` + AccountVariable + ` and the address of the server in ` + ServerVariable + `; flags win.`

// Options name the account.
type Options struct {
	Account int64
	Server  string
	env     func(string) string
}

// Add defines the flags of a command, and returns the options that get their values.
func Add(flags *pflag.FlagSet, env func(string) string) *Options {
	o := &Options{env: env}
	flags.Int64Var(&o.Account, "account", 0, "the `number` of the account, as in the address bar, /app/accounts/<number>/")
	flags.StringVar(&o.Server, "server", "", "the `address` of the server, if it is not "+cfchat.DefaultServer)
	return o
}

// IsSet reports whether an account, a key or a server is named.
func (o *Options) IsSet() bool {
	return o.Account != 0 || o.Server != "" || o.env(AccountVariable) != "" || o.env(ServerVariable) != "" || o.env(UserKeyVariable) != ""
}

// Connect returns the account's client, with the key of an agent bot too if there is one. The options change its Config.
func (o *Options) Connect(options ...func(*cfchat.Config)) (*cfchat.Chat, *cfchat.Account, error) {
	account, server, err := o.Named()
	if err != nil {
		return nil, nil, err
	}
	key := o.env(UserKeyVariable)
	if key == "" {
		return nil, nil, errors.New("set " + UserKeyVariable + " to the key of a person; it is in the person's profile")
	}
	config := cfchat.Config{
		Keys:   auth.Keys{User: auth.NewKey(key), AgentBot: auth.NewKey(o.env(BotKeyVariable))},
		Server: server,
	}
	for _, option := range options {
		option(&config)
	}
	chat, err := cfchat.New(config)
	if err != nil {
		return nil, nil, err
	}
	return chat, chat.Account(account), nil
}

// Named returns the account and the server named by a flag, or else by the environment.
func (o *Options) Named() (account int64, server string, err error) {
	account = o.Account
	if text := o.env(AccountVariable); account == 0 && text != "" {
		if account, err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, "", fmt.Errorf("%s: %q is not a number", AccountVariable, text)
		}
	}
	if account <= 0 {
		return 0, "", errors.New("name the account with --account or " + AccountVariable +
			"; its number is in the address bar, /app/accounts/<number>/")
	}
	server = cmp.Or(o.Server, o.env(ServerVariable), cfchat.DefaultServer)
	return account, server, o.checkServer(server)
}

// checkServer rejects the same server addresses as a client, and says where the address was given.
func (o *Options) checkServer(server string) error {
	_, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.NewKey("any")}, Server: server})
	if err == nil {
		return nil
	}
	given := "--server"
	if o.Server == "" {
		given = ServerVariable
	}
	return errors.New(InFlags(strings.ReplaceAll(exit.Text(err), "Config.Server", given)))
}

// Text returns the message of an error for people, in one line.
func Text(err error) string {
	text := InFlags(exit.Text(err))
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" && errors.Is(err, cfchat.ErrNotSent) {
		return "the server cannot be reached; check the network and the server's address (--server, " + ServerVariable + "): " + text
	}
	return text
}

// InFlags replaces the fields of cfchat.Config in the text of an error with the flags and variables that set them.
func InFlags(text string) string { return inFlags.Replace(text) }

var inFlags = strings.NewReplacer(
	"Config.Keys: there is no key; set Keys.User or Keys.AgentBot (is the environment variable set?)",
	"there is no key; set "+UserKeyVariable+" to your access token, from your profile settings",
	"Config.Keys.User", UserKeyVariable,
	"Config.Keys.AgentBot", BotKeyVariable,
	"check Keys ", "check "+UserKeyVariable+" ",
	"Config.Server", "--server",
	"set Keys.User to a person's key", "set "+UserKeyVariable+" to a person's key",
	", or set AllowPlainHTTP if nobody can eavesdrop", "",
	" (Config.Timeout)", "",
)
