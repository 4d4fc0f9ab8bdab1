package export_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/export"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/requests"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// run exports the account of a stand-in.
func run(t *testing.T, server *cfchattest.Server, options export.Options, configure ...func(*cfchat.Config)) (archive.Manifest, *requests.Counter, error) {
	t.Helper()
	requests := new(requests.Counter)
	chat := server.Chat(t, append(configure, func(c *cfchat.Config) { c.Limiter, c.Retry = requests, cfchat.Retry{MaxTries: 1} })...)
	options.Server, options.Concurrency = "stand-in", 4
	m, err := export.Run(t.Context(), chat, chat.Account(server.AccountID()), options, requests, progress.New(io.Discard, progress.Quiet))
	return m, requests, err
}

// exported exports an account, and fails the test unless the export is complete.
func exported(t *testing.T, server *cfchattest.Server, options export.Options) archive.Manifest {
	t.Helper()
	if options.Dir == "" {
		options.Dir = t.TempDir()
	}
	m, _, err := run(t, server, options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Verify(t.Context(), options.Dir); err != nil {
		t.Fatal(err)
	}
	return m
}

// closing makes a server revoke the key at a given request for messages.
func closing(server *cfchattest.Server, at int64) func(*cfchat.Config) {
	var asked atomic.Int64
	return func(c *cfchat.Config) {
		c.HTTPClient = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/messages") && asked.Add(1) == at || asked.Load() > at {
				req = req.Clone(req.Context())
				req.Header = http.Header{}
			}
			return server.Transport().RoundTrip(req)
		})}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// lines returns the rows of a file, by id.
func lines(t *testing.T, dir, name string) map[int64]json.RawMessage {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := map[int64]json.RawMessage{}
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return rows
		}
		var row struct{ ID int64 }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		rows[row.ID] = line
	}
}

// order returns the ids of the rows of a file, in their order.
func order(t *testing.T, dir, name string) (ids []int64) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		id, err := archive.IDOf(line)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// account is a stand-in with conversations, each with a few messages, and contacts that are in no conversation.
func account(t *testing.T, size int, opts ...cfchattest.Option) *cfchattest.Server {
	server := cfchattest.New(t, opts...)
	server.AddLabel(cfchattest.Label{Title: "vip"})
	server.AddTeam(cfchattest.Team{Name: "support"})
	for i := range size {
		known := cfchattest.Contact{Email: fmt.Sprintf("known%d@example.com", i)}
		if i%3 == 0 {
			known.Email = ""
		}
		id := server.AddConversation(cfchattest.Conversation{Contact: server.AddContact(known)})
		for range i % 5 {
			server.AddMessage(id, cfchattest.Message{})
		}
		server.AddContact(cfchattest.Contact{Email: fmt.Sprintf("alone%d@example.com", i)})
	}
	return server
}

// TestRows compares the exported rows with the server's answers, for each recorded version.
func TestRows(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.16.0", "4.7.0", "4.16.2"} {
		t.Run(version, func(t *testing.T) {
			server, dir := account(t, 30, cfchattest.Version(version)), t.TempDir()
			m := exported(t, server, export.Options{Dir: dir})
			if m.ServerVersion != version || m.Key != "an administrator" || len(m.Unreadable) != 0 || !m.Complete {
				t.Errorf("%+v", m)
			}
			for name, path := range map[string]string{
				"inboxes": "inboxes", "agents": "agents", "agent_bots": "agent_bots", "teams": "teams", "labels": "labels",
			} {
				want := received(t, server, path)
				if got := lines(t, dir, name+".ndjson"); len(got) != len(want) || len(want) == 0 && name != "agent_bots" {
					t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
				}
			}
			messages := lines(t, dir, "messages.ndjson")
			for id, row := range lines(t, dir, "conversations.ndjson") {
				if want := received(t, server, fmt.Sprintf("conversations/%d", id)); !sameJSON(row, want[id]) {
					t.Errorf("conversation %d:\n%s\n%s", id, row, want[id])
				}
				for message, want := range received(t, server, fmt.Sprintf("conversations/%d/messages", id)) {
					if got := messages[message]; !sameJSON(got, want) {
						t.Errorf("message %d:\n%s\n%s", message, got, want)
					}
				}
			}
			contacts := lines(t, dir, "contacts.ndjson")
			if len(contacts) < 60 {
				t.Errorf("%d contacts", len(contacts))
			}
			for _, c := range server.Conversations() {
				if contacts[c.Meta.Sender.ID] == nil {
					t.Errorf("the contact of conversation %d is missing", c.ID)
				}
			}
		})
	}
}

// received returns the rows that a server answers to a plain request, by id.
func received(t *testing.T, server *cfchattest.Server, path string) map[int64]json.RawMessage {
	t.Helper()
	address := fmt.Sprintf("https://x.test/api/v1/accounts/%d/%s", server.AccountID(), path)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["api_access_token"] = []string{server.AdminKey()}
	resp, err := server.Transport().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer json.RawMessage
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	var within struct{ Payload json.RawMessage }
	if _ = json.Unmarshal(answer, &within); within.Payload != nil {
		answer = within.Payload
	}
	var list []json.RawMessage
	if json.Unmarshal(answer, &list) != nil {
		list = []json.RawMessage{answer}
	}
	rows := map[int64]json.RawMessage{}
	for _, row := range list {
		var of struct{ ID int64 }
		if err := json.Unmarshal(row, &of); err != nil {
			t.Fatal(err)
		}
		rows[of.ID] = row
	}
	return rows
}

// sameJSON compares two objects, except for the times that a server computes anew for each answer.
func sameJSON(a, b json.RawMessage) bool {
	var x, y map[string]any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && fmt.Sprint(x) == fmt.Sprint(y)
}

// TestNoSecrets checks that nothing written contains a key or a secret, although the server sends all of them.
func TestNoSecrets(t *testing.T) {
	for _, version := range []string{"2.16.0", "4.16.2"} {
		server, dir := account(t, 5, cfchattest.Version(version)), t.TempDir()
		inbox := server.AddInbox(cfchattest.Inbox{Name: "API"})
		bot, botKey := server.AddBot(cfchattest.Bot{OutgoingURL: "https://bot.example.com", Inboxes: []int64{inbox}})
		_, agentKey := server.AddAgent(cfchattest.Agent{})
		exported(t, server, export.Options{Dir: dir, CSV: true})
		secrets := []string{
			server.AdminKey(), server.AgentKey(), server.BotKey(), botKey, agentKey,
			server.BotSecret(bot).Reveal(), server.InboxSecret(inbox).Reveal(),
		}
		var sent strings.Builder
		for _, path := range []string{"inboxes", "agent_bots"} {
			for _, row := range received(t, server, path) {
				sent.WriteString(string(row))
			}
		}
		for _, token := range regexp.MustCompile(`"(?:hmac_token|secret|access_token)":"([^"]+)"`).FindAllStringSubmatch(sent.String(), -1) {
			secrets = append(secrets, token[1])
		}
		if len(secrets) < 9 {
			t.Errorf("%s: the server sends %d secrets", version, len(secrets))
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) < 18 {
			t.Fatalf("%v, %v", files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(filepath.Join(dir, file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if secret != "" && strings.Contains(string(data), secret) {
					t.Errorf("%s: %s has a secret: %s", version, file.Name(), secret)
				}
			}
		}
	}
}

// TestShards checks that merged shards equal a single export, row by row, whatever the number of shards.
func TestShards(t *testing.T) {
	server := account(t, 560)
	gone := server.AddContact(cfchattest.Contact{})
	broken := server.AddConversation(cfchattest.Conversation{Contact: gone})
	server.DeleteContact(gone)
	whole := t.TempDir()
	exported(t, server, export.Options{Dir: whole})
	for _, of := range []int{1, 3} {
		var dirs []string
		for i := range of {
			dirs = append(dirs, t.TempDir())
			exported(t, server, export.Options{Dir: dirs[i], Shard: &shards.Shard{Index: i, Of: of}})
		}
		out := filepath.Join(t.TempDir(), "merged")
		looks := &countedContext{Context: t.Context(), left: 1 << 40}
		for _, dir := range dirs {
			if _, err := archive.Verify(looks, dir); err != nil {
				t.Fatal(err)
			}
		}
		ending := &countedContext{Context: t.Context(), left: 1<<40 - looks.left + 700} // in the middle of the merge
		if _, err := archive.Merge(ending, out, dirs); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		m, err := archive.Merge(t.Context(), out, dirs)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Verify(t.Context(), out); err != nil {
			t.Fatal(err)
		}
		if len(m.Unreadable) != 1 || m.Unreadable[0].ConversationID != broken || m.Shard != nil {
			t.Errorf("of %d: %+v", of, m)
		}
		for _, name := range []string{archive.Conversation, archive.Message} {
			if !slices.Equal(order(t, out, name), order(t, whole, name)) {
				t.Errorf("of %d: the rows of %s are in another order", of, name)
			}
		}
		for _, file := range m.Files {
			want, got := lines(t, whole, file.Name), lines(t, out, file.Name)
			if !slices.Equal(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))) {
				t.Errorf("of %d, %s: %d rows, want %d", of, file.Name, len(got), len(want))
			}
			for id := range want {
				if file.Name != archive.Contact && file.Name != archive.Conversation && !sameJSON(got[id], want[id]) {
					t.Errorf("of %d, %s, %d:\n%s\n%s", of, file.Name, id, got[id], want[id])
				}
			}
		}
	}
}

// countedContext is a context that ends after its error has been checked a given number of times.
type countedContext struct {
	context.Context //nolint:containedctx // it is a context
	left            int
}

func (c *countedContext) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestMergeRefused checks that the error says what is wrong with a set of shards.
func TestMergeRefused(t *testing.T) {
	server, other := account(t, 5), account(t, 5)
	shard := func(server *cfchattest.Server, i, of int) string {
		dir := t.TempDir()
		exported(t, server, export.Options{Dir: dir, Shard: &shards.Shard{Index: i, Of: of}})
		return dir
	}
	first, second, third := shard(server, 0, 2), shard(server, 1, 2), shard(server, 1, 3)
	again, whole := shard(server, 0, 2), t.TempDir()
	exported(t, server, export.Options{Dir: whole})
	since := time.Now().Add(-time.Hour)
	later := t.TempDir()
	exported(t, other, export.Options{Dir: later, Since: &since, Shard: &shards.Shard{Index: 1, Of: 2}})
	touched := shard(server, 0, 2)
	if err := os.WriteFile(filepath.Join(touched, archive.Message), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for says, dirs := range map[string][]string{
		"name the folders":         nil,
		"shard 1/2 is missing":     {first},
		"are both shard 0/2":       {first, again},
		"is shard 1/3, not":        {first, third},
		"is a whole account":       {whole},
		"what has changed since":   {first, later},
		"where the manifest says":  {touched, second},
		"nowhere is not an export": {first, filepath.Join(first, "nowhere")},
	} {
		if _, err := archive.Merge(t.Context(), filepath.Join(t.TempDir(), "out"), dirs); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	if _, err := archive.Merge(t.Context(), filepath.Join(t.TempDir(), "out"), []string{second, first}); err != nil {
		t.Error(err)
	}
}

// TestSince checks that an export of changes has the changed conversations whole and the new contacts, and resumes after a
// failure.
func TestSince(t *testing.T) {
	server := cfchattest.New(t)
	old := time.Now().Add(-48 * time.Hour)
	for range 40 {
		server.AddConversation(cfchattest.Conversation{CreatedAt: old})
	}
	since := time.Now().Add(-time.Hour).Truncate(time.Second)
	var want []int64
	for id := int64(3); id <= 40; id += 9 {
		server.AddMessage(id, cfchattest.Message{})
		want = append(want, id)
	}
	want = append(want, server.AddConversation(cfchattest.Conversation{}))
	alone := server.AddContact(cfchattest.Contact{Email: "new@example.com"})
	dir := t.TempDir()
	if m, _, err := run(t, server, export.Options{Dir: dir, Since: &since}, closing(server, 4)); err == nil || m.Complete {
		t.Fatalf("%v, %+v", err, m)
	}
	exported(t, server, export.Options{Dir: dir, Since: &since})
	if got := slices.Sorted(maps.Keys(lines(t, dir, archive.Conversation))); !slices.Equal(got, want) {
		t.Errorf("got conversations %d, want %d", got, want)
	}
	if got := len(lines(t, dir, archive.Message)); got != 5 {
		t.Errorf("got %d messages, want 5", got)
	}
	if contacts := lines(t, dir, archive.Contact); contacts[alone] == nil || len(contacts) < len(want)+1 {
		t.Errorf("%d contacts", len(contacts))
	}
}

// TestSinceBroken checks that an export of changes records what it cannot read, and continues.
func TestSinceBroken(t *testing.T) {
	server := cfchattest.New(t)
	since := time.Now().Add(-time.Hour)
	var messages []int64
	for range 10 {
		id := server.AddConversation(cfchattest.Conversation{})
		for range 4 {
			messages = append(messages, server.AddMessage(id, cfchattest.Message{}))
		}
	}
	server.BreakMessage(3, messages[10])
	gone, _ := server.Conversation(5)
	server.DeleteContact(gone.Meta.Sender.ID)
	dir := t.TempDir()
	m := exported(t, server, export.Options{Dir: dir, Since: &since})
	var unread []string
	for _, u := range m.Unreadable {
		unread = append(unread, fmt.Sprint(u.What, " ", u.ConversationID, " ", u.MessageID))
	}
	slices.Sort(unread)
	if want := []string{"conversation 5 0", fmt.Sprint("message 3 ", messages[10])}; !slices.Equal(unread, want) {
		t.Errorf("%q, want %q", unread, want)
	}
	if c, m := lines(t, dir, archive.Conversation), lines(t, dir, archive.Message); len(c) != 9 || len(m) != 35 {
		t.Errorf("%d conversations, %d messages", len(c), len(m))
	}
}

// TestFailure checks that an export stops at the last position when the server fails, and resumes there; and that a list
// that the key's user may not read is recorded, and the rest exported.
func TestFailure(t *testing.T) {
	server := account(t, 60)
	dir := t.TempDir()
	m, first, err := run(t, server, export.Options{Dir: dir}, closing(server, 25))
	if err == nil || m.Complete || m.Position.ConversationID < 10 || m.Position.Phase != archive.Conversations {
		t.Fatalf("%v, %+v", err, m.Position)
	}
	m, second, err := run(t, server, export.Options{Dir: dir})
	if err != nil || !m.Complete || first.Sent()+second.Sent() > 130 {
		t.Errorf("%v, %+v, %d and %d requests", err, m, first.Sent(), second.Sent())
	}
	if _, err := archive.Verify(t.Context(), dir); err != nil {
		t.Error(err)
	}
	closed := t.TempDir()
	server.FailEvery(cfchat.OperationListAllTeams, 1, cfchattest.Failure{Status: http.StatusForbidden})
	m, _, err = run(t, server, export.Options{Dir: closed})
	if err != nil || len(m.Unreadable) != 1 || m.Unreadable[0].What != "teams" || len(lines(t, closed, archive.Conversation)) != 60 {
		t.Errorf("%v, %+v", err, m.Unreadable)
	}
}

// TestAttachments checks that each file is stored once under its hash, and that those that cannot be downloaded are
// recorded.
func TestAttachments(t *testing.T) {
	server := cfchattest.New(t)
	acct := server.Account(t)
	contents := []string{"one", "two", "one", "gone"}
	for _, content := range contents {
		id := server.AddConversation(cfchattest.Conversation{})
		file := cfchat.File{Name: content + ".txt", Reader: strings.NewReader(content)}
		if _, err := acct.Messages.Send(t.Context(), id, cfchat.MessageCreate{Files: []cfchat.File{file}}); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	m := exported(t, server, export.Options{Dir: dir, Attachments: true})
	if len(m.Unreadable) != 0 {
		t.Error(m.Unreadable)
	}
	stored, err := os.ReadDir(filepath.Join(dir, "files"))
	if err != nil || len(stored) != 3 {
		t.Errorf("%v, %v", stored, err)
	}
	rows, err := os.ReadFile(filepath.Join(dir, archive.StoredFile))
	for _, content := range contents {
		if err != nil || !strings.Contains(string(rows), fmt.Sprintf(`"name":"%s.txt"`, content)) {
			t.Errorf("%s.txt is not in %s, %v", content, rows, err)
		}
	}
	for _, name := range stored {
		data, err := os.ReadFile(filepath.Join(dir, "files", name.Name()))
		if err != nil || !slices.Contains(contents, string(data)) {
			t.Errorf("%s: %q, %v", name.Name(), data, err)
		}
		if info, err := name.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name.Name(), info.Mode(), err)
		}
	}
}

// TestFolderBelongsToOne checks that a folder is refused to another server, account, kind of key, time or shard, and to a
// second program.
func TestFolderBelongsToOne(t *testing.T) {
	server := account(t, 3)
	agent, key := server.AddAgent(cfchattest.Agent{Name: "Ann"})
	dir := t.TempDir()
	exported(t, server, export.Options{Dir: dir})
	since := time.Now().Add(-time.Hour)
	for says, c := range map[string]struct {
		options   export.Options
		configure func(*cfchat.Config)
	}{
		fmt.Sprintf("not of agent %d", agent): {configure: func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(key)} }},
		"not what has changed since":          {options: export.Options{Since: &since}},
		", not shard 0/2":                     {options: export.Options{Shard: &shards.Shard{Of: 2}}},
		"started without --files":             {options: export.Options{Attachments: true}},
	} {
		c.options.Dir = dir
		if c.configure == nil {
			c.configure = func(*cfchat.Config) {}
		}
		if _, _, err := run(t, server, c.options, c.configure); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	for says, head := range map[string]archive.Head{
		"not of elsewhere":  {Server: "elsewhere", Account: server.AccountID(), Key: "an administrator"},
		"not of 77":         {Server: "stand-in", Account: 77, Key: "an administrator"},
		"another export is": {Server: "stand-in", Account: server.AccountID(), Key: "an administrator"},
	} {
		open, err := archive.Open(dir, archive.Head{Server: "stand-in", Account: server.AccountID(), Key: "an administrator"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(says, "another") {
			if err := open.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := archive.Open(dir, head, time.Now()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
		_ = open.Close()
	}
	named := t.TempDir()
	for _, name := range []string{"https://Chat.example.com/", "https://chat.example.com", "https://chat.example.com:443"} { // the forms that earlier runs recorded
		open, err := archive.Open(named, archive.Head{Server: name, Account: 1, Key: "an administrator"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := open.Close(); err != nil {
			t.Error(err)
		}
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "photo.jpg"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := run(t, server, export.Options{Dir: full}); err == nil || !strings.Contains(err.Error(), "photo.jpg") {
		t.Errorf("a folder of something else: %v", err)
	}
}
