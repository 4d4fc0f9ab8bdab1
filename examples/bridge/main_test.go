package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

func newBridgeOn(t *testing.T, server *cfchattest.Server, queue string, out io.Writer) *bridge {
	chat := server.Chat(t)
	return newBridge(chat, chat.Account(server.AccountID()), queue, out)
}

func noEnv(string) string { return "" }

// TestStandIn runs the program without arguments, as somebody who tries it does.
func TestStandIn(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), nil, noEnv, &out); err != nil || !strings.HasSuffix(out.String(), "chat-2: sent as message 3 of conversation 2, with invoice.pdf\nForwarded: 3 of 3\n") {
		t.Errorf("%v: %s", err, &out)
	}
}

// TestArguments checks that wrong arguments are refused.
func TestArguments(t *testing.T) {
	environ := map[string]string{"CFCHAT_USER_API_KEY": "key", "CFCHAT_ACCOUNT_ID": "1"}
	for want, err := range map[string]error{
		"unexpected argument": run(t.Context(), []string{"queue.ndjson"}, noEnv, &bytes.Buffer{}),
		"with -queue":         run(t.Context(), nil, func(name string) string { return environ[name] }, &bytes.Buffer{}),
		"no such file":        run(t.Context(), []string{"-queue", filepath.Join(t.TempDir(), "none")}, noEnv, &bytes.Buffer{}),
		"CFCHAT_ACCOUNT_ID":   run(t.Context(), nil, func(name string) string { return strings.TrimPrefix(environ[name], "1") }, &bytes.Buffer{}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if err := run(t.Context(), []string{"-h"}, noEnv, &bytes.Buffer{}); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
}

// TestFiles checks that only complete lines are read, and that a file that is not the bridge's is not changed.
func TestFiles(t *testing.T) {
	for _, c := range []struct{ queue, notes, want, left string }{
		{`{"id":"a","conversation":1,"content":"hi"}` + "\n" + `{"id":"b","conv`, "", "a: sent as message 1 of conversation 1\nForwarded: 1 of 1\n", ""},
		{`{"id":"a","conversation":1,"content":"hi"}` + "\n" + `{"id":"a","conversation":1,"content":"hi"}` + "\n", "", "a: sent as message 1 of conversation 1\nForwarded: 1 of 2\n", ""},
		{`{"id":"a","conversation":1,"content":"hi"}` + "\n", `{"id":"a","sent":7}` + "\n", "Forwarded: 0 of 1\n", `{"id":"a","sent":7}` + "\n"},
		{`{"id":"a","conversation":1,"content":"hi"}` + "\n", `{"id":"a","sent":7}` + "\n" + `{"id":`, "Forwarded: 0 of 1\n", `{"id":"a","sent":7}` + "\n"},
		{`{"conversation":1}` + "\n", "", `line 1 is not a message: it has no "id"`, ""},
		{`{"id":"a",` + "\n", "", "line 1 is not a message: unexpected end of JSON", ""},
		{`{"id":"a","content":"hi"}` + "\n", "", `it has no "conversation"`, ""},
		{`{"id":"a","inbox":1,"content":"hi"}` + "\n", "", `not both "inbox" and "source_id"`, ""},
		{`{"id":"a","conversation":1,"inbox":1,"source_id":"x","content":"hi"}` + "\n", "", `both a "conversation" and a person`, ""},
		{`{"id":"a","conversation":1,"from":"agent","content":"hi"}` + "\n", "", `"from" is "agent"`, ""},
		{`{"id":"a","conversation":1,"content":" "}` + "\n", "", `neither "content" nor "files"`, ""},
		{`{"id":"a","conversation":1,"content":"hi"}` + "\n", "a text\n", "not a bridge's notes", "a text\n"},
		{`{"id":"a","conversation":9,"content":"hi"}` + "\n", "", "a: cfchat: ", ""},
	} {
		server := cfchattest.New(t)
		server.AddConversation(cfchattest.Conversation{})
		queue := filepath.Join(t.TempDir(), "queue")
		for name, text := range map[string]string{queue: c.queue, queue + ".notes": c.notes} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var out strings.Builder
		if err := newBridgeOn(t, server, queue, &out).work(t.Context()); err != nil {
			out.WriteString(err.Error())
		}
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %s, want %s", c.queue, &out, c.want)
		}
		if got := string(read(t, queue+".notes")); c.left != "" && got != c.left {
			t.Errorf("%s: the notes are %s, want %s", c.queue, got, c.left)
		}
	}
}

// TestDoubt checks that the bridge stops at a message if it cannot tell whether it was sent, and waits for one that is on
// its way until the program is interrupted.
func TestDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := cfchattest.New(t, cfchattest.Version("4.16.2"))
		id := server.AddConversation(cfchattest.Conversation{})
		queue := filepath.Join(t.TempDir(), "queue")
		enqueue(t, queue, entry{ID: "a", Conversation: id, Content: "hi"})
		var out strings.Builder
		b := newBridgeOn(t, server, queue, &out)
		if err := b.work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.account.Messages.Delete(auth.WithScheme(t.Context(), auth.UserAPIKey), id, 1); err != nil {
			t.Fatal(err)
		}
		begun := bytes.Join(bytes.SplitAfter(read(t, queue+".notes"), []byte("\n"))[:1], nil)
		if err := os.WriteFile(queue+".notes", begun, 0o600); err != nil {
			t.Fatal(err)
		}
		err := newBridge(b.chat, b.account, queue, &out).work(t.Context())
		if err == nil || !errors.Is(err, cfchat.ErrUnknownOutcome) || !strings.Contains(err.Error(), "message 1 may be it") {
			t.Errorf("%v: %s", err, &out)
		}
		enqueue(t, queue+".other", entry{ID: "b", Conversation: id, Content: "ho"})
		if err := os.WriteFile(queue+".other.notes", bytes.Replace(begun, []byte(`"a"`), []byte(`"b"`), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		other := newBridge(b.chat, b.account, queue+".other", &out)
		other.forward = func(context.Context, entry, time.Time) (*cfchat.Message, bool, error) {
			return nil, false, cfchat.ErrUnknownOutcome
		}
		if err := other.work(ctx); err == nil || !strings.Contains(err.Error(), "b: interrupted") {
			t.Errorf("%v: %s", err, &out)
		}
	})
}
