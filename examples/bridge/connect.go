package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

// connect uses the real account that the environment names, or else starts the stand-in. It returns a function that ends it.
func (b *bridge) connect(env func(string) string) (stop func(), err error) {
	if b.chat, b.account, err = connect.RealChat(env); err != nil {
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

// standIn starts a server on a loopback port, with a conversation and an API inbox, and without -queue also writes a queue
// for them.
func (b *bridge) standIn() (stop func(), err error) {
	server := cfchattest.Start()
	stop = server.Close
	conversation := server.AddConversation(cfchattest.Conversation{Contact: server.AddContact(cfchattest.Contact{Name: "Mia"})})
	inbox := server.AddInbox(cfchattest.Inbox{Name: "Shop"})
	if b.chat, err = cfchat.New(server.Config()); err != nil {
		stop()
		return nil, err
	}
	b.account = b.chat.Account(server.AccountID())
	b.printf("Using a stand-in server with conversation %d and API inbox %d.\n", conversation, inbox)
	b.printf("Set CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID for a real account.\n\n")
	if b.queue != "" {
		return stop, nil
	}
	dir, err := os.MkdirTemp("", "bridge")
	if err == nil {
		stop = func() {
			server.Close()
			_ = os.RemoveAll(dir)
		}
		err = b.fill(dir, conversation, inbox)
	}
	if err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// fill writes a queue with one message of each kind, and the file that goes with one, and shows it.
func (b *bridge) fill(dir string, conversation, inbox int64) error {
	jo := person{Inbox: inbox, SourceID: "user-7f3a"}
	joAtFirst := jo
	joAtFirst.Name, joAtFirst.Email = "Jo", "jo@customer.test"
	var lines []byte
	for _, e := range []entry{
		{ID: "order-17", Conversation: conversation, Content: "Hello Mia, it is on its way."},
		{ID: "chat-1", person: joAtFirst, From: fromContact, Content: "Where is my invoice?"},
		{ID: "chat-2", person: jo, Content: "Here it is.", Files: []string{"invoice.pdf"}},
	} {
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		lines = append(append(lines, line...), '\n')
	}
	b.printf("The queue:\n%s\n", lines)
	b.queue = filepath.Join(dir, "queue.ndjson")
	return errors.Join(
		os.WriteFile(b.queue, lines, 0o600),
		os.WriteFile(filepath.Join(dir, "invoice.pdf"), []byte("%PDF-1.4\n%%EOF\n"), 0o600),
	)
}
