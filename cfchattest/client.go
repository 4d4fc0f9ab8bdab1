package cfchattest

import (
	"net/http"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// Config returns a configuration for [cfchat.New]: the address of [Server.URL], and the keys of the administrator and the
// bot. It is for programs without a test, and for tests that need a real socket.
func (s *Server) Config() cfchat.Config {
	config := s.config()
	config.Server = s.URL()
	return config
}

func (s *Server) config() cfchat.Config {
	return cfchat.Config{Keys: auth.Keys{User: auth.NewKey(s.AdminKey()), AgentBot: auth.NewKey(s.BotKey())}}
}

// Chat returns a client of the server, with the keys of the administrator and the bot. It needs no socket. The options
// change its Config before the client is created. A nil t panics: pass [Server.Config] to [cfchat.New] instead.
func (s *Server) Chat(t testing.TB, options ...func(*cfchat.Config)) *cfchat.Chat {
	if t == nil {
		panic("cfchattest: Chat and Account need a test; without one pass the Server's Config to cfchat.New")
	}
	t.Helper()
	config := s.config()
	config.Server, config.HTTPClient = "http://localhost", &http.Client{Transport: s.Transport()}
	config.Downloads = s.Transport()
	for _, option := range options {
		option(&config)
	}
	chat, err := cfchat.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return chat
}

// Account returns the server's account, through the client of [Server.Chat].
func (s *Server) Account(t testing.TB, options ...func(*cfchat.Config)) *cfchat.Account {
	if t != nil { // or Chat says what is wrong
		t.Helper()
	}
	return s.Chat(t, options...).Account(s.AccountID())
}
