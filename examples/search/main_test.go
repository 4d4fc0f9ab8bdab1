package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// built builds the command that makes copies, once, and returns its directory.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "search")
	if err != nil {
		return "", err
	}
	command := filepath.Join(dir, "cfchat.exe") // every system runs a file with this name
	if said, err := exec.Command("go", "build", "-C", "../../cmd/cfchat", "-o", command, ".").CombinedOutput(); err != nil {
		return dir, fmt.Errorf("%w: %s", err, said)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := built(); dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// synced runs cfchat sync, which makes a copy of a server or updates it.
func synced(t *testing.T, server *cfchattest.Server, file string, args ...string) {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), filepath.Join(dir, "cfchat.exe"), append([]string{"sync", "--quiet", "--to", file}, args...)...)
	command.Env = append(os.Environ(), "CFCHAT_USER_API_KEY="+server.AdminKey(), "CFCHAT_ACCOUNT_ID=1", "CFCHAT_SERVER="+server.URL())
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

// said returns the output of a search in a copy.
func said(t *testing.T, file string, args ...string) string {
	t.Helper()
	var out strings.Builder
	if err := run(t.Context(), append([]string{"-copy", file, "--"}, args...), &out); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return out.String()
}

const nothing = "Nothing was found.\n"

// written are texts in several scripts, with characters and words that are operators somewhere.
var written = []string{
	"Die Straße in Zürich, bitte! Und 5 l Öl.",
	"Zu\u0308rich mit zwei Zeichen", // as some keyboards write it
	`He said "late AND (never)" OR NOT near/2 ^refund* {x:y} -z -- 100% a_b 'q' \`,
	"注文した商品がまだ届きません",
	"สินค้ายังไม่มาถึง",
	"متى تصل الطلبية؟",
	"Takk! 🎉 👩‍👩‍👧 ❤️",
	"İstanbul'da ΣΊΣΥΦΟΣ",
}

// TestTyped searches for every part of each message, in either case, and checks that no input causes an error, and that a
// search finds exactly the messages that contain the text.
func TestTyped(t *testing.T) {
	server := cfchattest.New(t)
	id := server.AddConversation(cfchattest.Conversation{})
	for _, content := range written {
		server.AddMessage(id, cfchattest.Message{Content: content})
	}
	file := filepath.Join(t.TempDir(), "chat 100% #1?.db")
	synced(t, server, file)
	index, err := open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer index.close()
	if err := index.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	searches := 0
	for _, content := range written {
		for _, part := range parts(content) {
			for _, asked := range []string{part, strings.ToUpper(part)} {
				words, err := typed([]string{asked})
				if err != nil {
					continue // a blank
				}
				searches++
				compare(t, index, asked, words)
			}
		}
	}
	if searches < 3000 {
		t.Errorf("only %d searches", searches)
	}
}

// parts returns every part of a text of up to 12 characters, and the text combined with operators.
func parts(s string) (all []string) {
	runes := []rune(s)
	for from := range runes {
		for to := from + 1; to <= len(runes) && to <= from+12; to++ {
			all = append(all, string(runes[from:to]))
		}
	}
	return append(all, s, `"`+s, s+`*`, s+` OR `+s, `NEAR(`+s+`)`, `folded:`+s, "\xff"+s, `'`+s+`--`)
}

// compare checks that a search finds exactly the messages that contain the text.
func compare(t *testing.T, index *index, asked string, words []text) {
	t.Helper()
	var want, got []string
	for _, content := range written {
		if strings.Contains(string(newText(content).folded), string(words[0].folded)) {
			want = append([]string{string(newText(content).runes)}, want...)
		}
	}
	for found, err := range index.find(t.Context(), words) {
		if err != nil {
			t.Fatalf("%q: %v", asked, err)
		}
		got = append(got, string(found.content.runes))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%q: found %q, want %q", asked, got, want)
	}
}

// TestWords checks that searches find what a person means, and nothing that is only similar.
func TestWords(t *testing.T) {
	server := cfchattest.New(t)
	id := server.AddConversation(cfchattest.Conversation{})
	for _, content := range written {
		server.AddMessage(id, cfchattest.Message{Content: content})
	}
	file := filepath.Join(t.TempDir(), "chat.db")
	synced(t, server, file)
	for _, c := range []struct {
		asked []string
		want  string // a part of the output, or nothing
		lines int
	}{
		{[]string{"zürich"}, "[Zürich]", 2},
		{[]string{"ZU\u0308RICH"}, "[Zürich]", 2},
		{[]string{"zurich"}, nothing, 0},
		{[]string{"öl"}, "5 l [Öl].", 1},
		{[]string{"ol"}, nothing, 0},
		{[]string{"straße", "bitte"}, "Die [Straße] in Zürich, [bitte]!", 1},
		{[]string{"straße bitte"}, nothing, 0},
		{[]string{"late AND (never)"}, `"[late AND (never)]"`, 1},
		{[]string{"AND NOT"}, nothing, 0},
		{[]string{"refund*"}, "^[refund*]", 1},
		{[]string{"refunds"}, nothing, 0},
		{[]string{"-z"}, "[-z]", 1},
		{[]string{"100%"}, "[100%]", 1},
		{[]string{"a_b"}, "[a_b]", 1},
		{[]string{"a%b"}, nothing, 0},
		{[]string{"商品"}, "注文した[商品]がまだ届きません", 1},
		{[]string{"ไม่มา"}, "[ไม่มา]", 1},
		{[]string{"الطلبية"}, "[الطلبية]", 1},
		{[]string{"🎉"}, "Takk! [🎉] 👩‍👩‍👧", 1},
		{[]string{"👩‍👩‍👧"}, "🎉 [👩‍👩‍👧]", 1},
		{[]string{"σίσυφοσ"}, "[ΣΊΣΥΦΟΣ]", 1},
	} {
		got := said(t, file, c.asked...)
		if lines := strings.Count(got, "\n  "); !strings.Contains(got, c.want) || lines != c.lines {
			t.Errorf("%q: found %d messages, want %d with %s\n%s", c.asked, lines, c.lines, c.want, got)
		}
	}
}

// TestPrinted checks that the output shows the place, the sender, the time and the text of each message, the newest first.
func TestPrinted(t *testing.T) {
	now := time.Date(2026, time.March, 29, 20, 0, 0, 0, time.UTC)
	server := cfchattest.New(t, cfchattest.Clock(func() time.Time { return now }))
	mail := server.AddInbox(cfchattest.Inbox{Name: "Support\x1b[2J mail", Channel: cfchat.ChannelEmail})
	mia := server.AddConversation(cfchattest.Conversation{Inbox: mail, Contact: server.AddContact(cfchattest.Contact{Name: "Mia"})})
	noah := server.AddConversation(cfchattest.Conversation{Inbox: 1, Contact: server.AddContact(cfchattest.Contact{Name: "Noah"})})
	server.AddMessage(mia, cfchattest.Message{Content: "Hello.\n\nI would\tlike a refund,\x1b[31m please. " + strings.Repeat("It is late. ", 20)})
	server.AddMessage(noah, cfchattest.Message{Content: strings.Repeat("It is broken. ", 20) + "Refund!"})
	account := server.Account(t)
	for _, m := range []cfchat.MessageCreate{{Content: "A refund was sent."}, {Content: "No refund on Sundays", Private: true}} {
		if _, err := account.Messages.Send(t.Context(), noah, m); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "chat.db")
	synced(t, server, file)
	const want = `Conversation 2 with Noah, API inbox
  2026-03-29 20:00 UTC  Helper Bot (note): No [refund] on Sundays
  2026-03-29 20:00 UTC  Helper Bot: A [refund] was sent.
  2026-03-29 20:00 UTC  Noah: … is broken. It is broken. It is broken. [Refund]!

Conversation 1 with Mia, Support[2J mail
  2026-03-29 20:00 UTC  Mia: Hello. I would like a [refund],[31m please. It is late. It is late. It is late. It is late. It is late.…
`
	if got := said(t, file, "refund"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	const more = "\nThere are more; -limit sets how many are shown.\n"
	var out strings.Builder
	if err := run(t.Context(), []string{"-copy", file, "-limit", "3", "refund"}, &out); err != nil || !strings.HasSuffix(out.String(), "[Refund]!\n"+more) {
		t.Errorf("%v, and of three it says\n%s", err, &out)
	}
	if got := said(t, file, "refund", "sundays"); strings.Contains(got, more) || strings.Count(got, "\n  ") != 1 {
		t.Errorf("with both words the output is\n%s", got)
	}
}

// TestNameless checks that messages are found whose contact, sender and inbox have no name, or no longer exist.
func TestNameless(t *testing.T) {
	server := cfchattest.New(t)
	for range 2 {
		server.AddMessage(server.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Content: "hello"})
	}
	file := filepath.Join(t.TempDir(), "chat.db")
	synced(t, server, file)
	edit(t, file, "update messages set sender_name = case id when 1 then '' end, created_at = null")
	edit(t, file, "update contacts set name = '' where id = 1")
	edit(t, file, "delete from contacts where id <> 1")
	edit(t, file, "update inboxes set name = null")
	got := said(t, file, "hello")
	for id := range 2 {
		if want := fmt.Sprintf("Conversation %d with nobody, no inbox\n  some day  incoming: [hello]\n", id+1); !strings.Contains(got, want) {
			t.Errorf("it says\n%s\nwant\n%s", got, want)
		}
	}
}

// TestFollows checks that a search follows changes of the copy: deleted and changed texts are no longer found, and new ones
// are.
func TestFollows(t *testing.T) {
	var ahead atomic.Int64 // how far the server's clock is ahead, because servers delete later
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	server := cfchattest.New(t, cfchattest.Version("4.16.2"), cfchattest.Clock(clock))
	first, second := server.AddConversation(cfchattest.Conversation{}), server.AddConversation(cfchattest.Conversation{})
	deleted := server.AddMessage(first, cfchattest.Message{Content: "apples, deleted"})
	changed := server.AddMessage(first, cfchattest.Message{Content: "apples, changed"})
	server.AddMessage(second, cfchattest.Message{Content: "apples, with their conversation"})
	file := filepath.Join(t.TempDir(), "chat.db")
	synced(t, server, file)
	if got := said(t, file, "apples"); strings.Count(got, "\n  ") != 3 {
		t.Errorf("at first the search finds\n%s", got)
	}
	account := server.Account(t)
	if _, err := account.Messages.Delete(t.Context(), first, deleted); err != nil {
		t.Fatal(err)
	}
	if err := account.Conversations.Delete(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	ahead.Store(int64(time.Minute))
	server.AddMessage(first, cfchattest.Message{Content: "apples, new"})
	synced(t, server, file, "--repair", "1ns")
	edit(t, file, "update messages set content = 'pears' where id = ?", changed)
	if got := said(t, file, "apples"); strings.Count(got, "\n  ") != 1 || !strings.Contains(got, "[apples], new") {
		t.Errorf("after the changes the search finds\n%s", got)
	}
	if got := said(t, file, "pears"); !strings.Contains(got, "[pears]") {
		t.Errorf("for the changed text the search finds\n%s", got)
	}
	if _, err := account.Conversations.SetStatus(t.Context(), first, cfchat.StatusResolved); err != nil {
		t.Fatal(err)
	}
	synced(t, server, file)
	for word, want := range map[string]string{"pears": nothing, "apples, changed": "[apples, changed]", "this message was deleted": nothing, "resolved": nothing} {
		if got := said(t, file, word); !strings.Contains(got, want) {
			t.Errorf("%s: the search finds\n%s", word, got)
		}
	}
}

// edit changes a copy, as a later cfchat sync may.
func edit(t *testing.T, file, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", address(file, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// TestCopyStays checks that a search does not change the copy, and cannot write to it.
func TestCopyStays(t *testing.T) {
	server := cfchattest.New(t)
	server.AddMessage(server.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Content: "hello"})
	file := filepath.Join(t.TempDir(), "chat.db")
	synced(t, server, file)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := said(t, file, "hello"); !strings.Contains(got, "[hello]") {
		t.Errorf("it says %s", got)
	}
	after, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("%v, and the copy has changed", err)
	}
	if own, err := os.Stat(file + ".search"); err != nil || own.Mode().Perm() != 0o600 {
		t.Errorf("%v, and the index is %v", err, own)
	}
	index, err := open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer index.close()
	if _, err := index.conn.ExecContext(t.Context(), "delete from messages"); err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("got %v", err)
	}
}

// TestRefused checks that errors say what is missing and how to get it, and that no file is created.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	other, missing := filepath.Join(dir, "other.db"), filepath.Join(dir, "chat.db")
	edit(t, other, "create table messages (id integer)")
	noise := filepath.Join(dir, "noise")
	if err := os.WriteFile(noise, []byte(strings.Repeat("noise ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"\n    bin/cfchat sync --to " + missing + "\n":          {"-copy", missing, "x"},
		"\n    bin/cfchat sync --stand-in --to " + missing:      {"-copy", missing, "x"},
		"other.db: not a copy made by cfchat sync":              {"-copy", other, "x"},
		"noise: file is not a database":                         {"-copy", noise, "x"},
		"no search text given; -h shows the flags":              {"-copy", missing},
		"an argument is empty; -h shows the flags":              {"-copy", missing, "x", " "},
		"-limit: must be 1 or more":                             {"-limit", "0", "x"},
		"flag provided but not defined: -x; -h shows the flags": {"-x"},
	} {
		if err := run(t.Context(), args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", args, err, want)
		}
	}
	if made, err := filepath.Glob(filepath.Join(dir, "*.search")); err != nil || len(made) > 0 {
		t.Errorf("%v, and these files were created: %v", err, made)
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"-h"}, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "\n  -limit int\n") {
		t.Errorf("%v, and it says\n%s", err, &out)
	}
}

// TestTogether checks that several concurrent searches share one index.
func TestTogether(t *testing.T) {
	server := cfchattest.New(t)
	server.AddMessage(server.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Content: "hello"})
	file := filepath.Join(t.TempDir(), "chat.db")
	synced(t, server, file)
	var searches sync.WaitGroup
	for range 8 {
		searches.Go(func() {
			var out strings.Builder
			if err := run(t.Context(), []string{"-copy", file, "hello"}, &out); err != nil || !strings.Contains(out.String(), "[hello]") {
				t.Errorf("%v, and it says %s", err, &out)
			}
		})
	}
	searches.Wait()
}

// TestForeign checks that a file that is not an index is left alone, and reported.
func TestForeign(t *testing.T) {
	file := filepath.Join(t.TempDir(), "chat.db")
	synced(t, cfchattest.New(t), file)
	edit(t, file+".search", "create table texts (folded text)")
	if err := run(t.Context(), []string{"-copy", file, "x"}, io.Discard); err == nil || !strings.Contains(err.Error(), "chat.db.search: not an index") {
		t.Errorf("got %v", err)
	}
}

// TestInterrupted checks that an interrupted program says so, and nothing else.
func TestInterrupted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "chat.db")
	synced(t, cfchattest.New(t), file)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, []string{"-copy", file, "x"}, io.Discard); err == nil || err.Error() != "interrupted" {
		t.Errorf("got %v", err)
	}
}
