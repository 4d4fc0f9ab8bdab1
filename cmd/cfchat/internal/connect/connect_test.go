package connect

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/cfchat/cfchat-go"
)

// TestNamed checks that flags take precedence over the environment, and that the error names what is missing.
func TestNamed(t *testing.T) {
	missing := "name the account with --account or CFCHAT_ACCOUNT_ID; its number is in the address bar, /app/accounts/<number>/"
	for _, c := range []struct {
		args    []string
		env     map[string]string
		set     bool
		account int64
		server  string
		err     string
	}{
		{nil, nil, false, 0, "", missing},
		{nil, map[string]string{BotKeyVariable: "a-key-of-a-bot"}, false, 0, "", missing},
		{nil, map[string]string{UserKeyVariable: "a-key-of-a-person"}, true, 0, "", missing},
		{[]string{"--server", "https://a"}, nil, true, 0, "", missing},
		{[]string{"--account", "3"}, nil, true, 3, cfchat.DefaultServer, ""},
		{nil, map[string]string{AccountVariable: "4", ServerVariable: "https://b"}, true, 4, "https://b", ""},
		{[]string{"--account", "3", "--server", "https://a"}, map[string]string{AccountVariable: "4", ServerVariable: "https://b"}, true, 3, "https://a", ""},
		{[]string{"--account", "-3"}, nil, true, 0, "", missing},
		{nil, map[string]string{AccountVariable: "x"}, true, 0, "", `CFCHAT_ACCOUNT_ID: "x" is not a number`},
	} {
		flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
		o := Add(flags, func(name string) string { return c.env[name] })
		if err := flags.Parse(c.args); err != nil {
			t.Fatal(err)
		}
		account, server, err := o.Named()
		said := ""
		if err != nil {
			said = err.Error()
		}
		if o.IsSet() != c.set || account != c.account || server != c.server || said != c.err {
			t.Errorf("%q, %v: %v, %d, %s, %v", c.args, c.env, o.IsSet(), account, server, err)
		}
	}
}

// TestConnect checks that Connect requires the key of a person.
func TestConnect(t *testing.T) {
	o := &Options{Account: 3, env: func(string) string { return "" }}
	if _, _, err := o.Connect(); err == nil || err.Error() != "set CFCHAT_USER_API_KEY to the key of a person; it is in the person's profile" {
		t.Errorf("got %v", err)
	}
	o.env = func(name string) string { return map[string]string{UserKeyVariable: "a-key-of-a-person"}[name] }
	if chat, account, err := o.Connect(); err != nil || chat == nil || account.ID() != 3 {
		t.Errorf("%v, %v, %v", chat, account, err)
	}
}

// TestInFlags checks that fields of the Config in an error are replaced by flags and variables.
func TestInFlags(t *testing.T) {
	for text, want := range map[string]string{
		"check Keys and Config.Server":                  "check CFCHAT_USER_API_KEY and --server",
		"Config.Keys.User: the key has a blank":         "CFCHAT_USER_API_KEY: the key has a blank",
		"Config.Keys.AgentBot: the key has a blank":     "CFCHAT_AGENT_BOT_API_KEY: the key has a blank",
		"no answer within 30s (Config.Timeout); try it": "no answer within 30s; try it",
	} {
		if got := InFlags(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestText checks that only the error of a call that was not sent says that the server cannot be reached.
func TestText(t *testing.T) {
	o := &Options{Account: 3, env: func(name string) string {
		return map[string]string{UserKeyVariable: "a-key-of-a-person", ServerVariable: "http://127.0.0.1:1"}[name]
	}}
	chat, _, err := o.Connect()
	if err != nil {
		t.Fatal(err)
	}
	_, err = chat.Profile(t.Context())
	if text := Text(err); !strings.HasPrefix(text, "the server cannot be reached; check the network and ") {
		t.Error(text)
	}
	if text := Text(errors.New("cfchat: check Keys and more")); text != "check CFCHAT_USER_API_KEY and more" {
		t.Error(text)
	}
}
