package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

// connect uses the real account that the environment names, or else starts the stand-in. It returns a function that ends it.
func (b *bridge) connect(env func(string) string) (stop func(), err error) {
	if b.account, err = connect.Real(env); err != nil {
		return nil, err
	}
	switch {
	case b.account == nil:
		return b.standIn()
	case b.queue == "":
		return nil, errors.New("name the file with the messages with -queue")
	}
	return func() {}, nil
}

// standIn starts a server on a loopback port, with three conversations, and without -queue also writes a queue with a
// message for each.
func (b *bridge) standIn() (stop func(), err error) {
	server := cfchattest.Start()
	stop = server.Close
	var lines []byte
	for i, name := range []string{"Mia", "Noah", "Liv"} {
		contact := server.AddContact(cfchattest.Contact{Name: name})
		id := server.AddConversation(cfchattest.Conversation{Contact: contact})
		line, err := json.Marshal(entry{fmt.Sprintf("order-%d", 17+i), id, "Hello " + name + ", it is on its way."})
		if err != nil {
			return nil, err
		}
		lines = append(append(lines, line...), '\n')
	}
	if b.queue == "" {
		dir, err := os.MkdirTemp("", "bridge")
		if err != nil {
			return nil, err
		}
		stop = func() {
			server.Close()
			_ = os.RemoveAll(dir)
		}
		b.queue = filepath.Join(dir, "queue.ndjson")
		if err := os.WriteFile(b.queue, lines, 0o600); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	b.printf("Using a stand-in server with 3 conversations.\n")
	b.printf("Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.\n\n")
	b.account, err = connect.StandIn(server)
	return stop, err
}
