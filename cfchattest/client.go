package cfchattest

import (
	"net/http"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// Chat is a client of the server, with the keys of the administrator and the bot. It needs no socket. The options change
// its Config before the client is made.
func (s *Server) Chat(t testing.TB, options ...func(*cfchat.Config)) *cfchat.Chat {
	t.Helper()
	config := cfchat.Config{
		Keys:       auth.Keys{User: auth.NewKey(s.AdminKey()), AgentBot: auth.NewKey(s.BotKey())},
		Server:     "http://localhost",
		HTTPClient: &http.Client{Transport: s.Transport()},
	}
	for _, option := range options {
		option(&config)
	}
	chat, err := cfchat.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return chat
}

// Account is the server's account as the client of [Server.Chat] sees it.
func (s *Server) Account(t testing.TB, options ...func(*cfchat.Config)) *cfchat.Account {
	t.Helper()
	return s.Chat(t, options...).Account(s.AccountID())
}
