package mirror_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/requests"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// run keeps a copy of a stand-in, and returns the number of requests sent.
func run(ctx context.Context, t *testing.T, server *cfchattest.Server, address string, options mirror.Options, configure ...func(*cfchat.Config)) (int64, error) {
	t.Helper()
	requests := new(requests.Counter)
	chat := server.Chat(t, append(configure, func(c *cfchat.Config) { c.Limiter, c.Retry = requests, cfchat.Retry{MaxTries: 1} })...)
	shard := shards.Shard{Of: 1}
	if options.Shard != nil {
		shard = *options.Shard
	}
	db, err := database.Open(ctx, address, shard)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	options.Concurrency = 4
	if options.Server == "" {
		options.Server = "stand-in"
	}
	err = mirror.Run(ctx, chat, chat.Account(server.AccountID()), db, options, requests, progress.New(io.Discard, progress.Quiet))
	return requests.Sent(), err
}

// mirrored keeps a copy that must become current.
func mirrored(t *testing.T, server *cfchattest.Server, address string, repair time.Duration) {
	t.Helper()
	if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: repair}); err != nil {
		t.Fatal(err)
	}
}

const (
	never  = 1000 * time.Hour
	always = -time.Hour // negative, because the server's clock only has seconds: a walk must be due immediately
)

// wants compares the rows of a query.
func wants(t *testing.T, address, text string, want ...string) {
	t.Helper()
	if got := query(t, address, text); !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", text, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTables checks the columns and the views of a small account.
func TestTables(t *testing.T) {
	inEach(t, func(t *testing.T, address string) {
		now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
		server := cfchattest.New(t, cfchattest.Clock(func() time.Time { return now }))
		inbox := server.AddInbox(cfchattest.Inbox{Name: "Letters"})
		agent, _ := server.AddAgent(cfchattest.Agent{Name: "Ann", Email: "ann@example.com"})
		team := server.AddTeam(cfchattest.Team{Name: "sales"})
		server.AddLabel(cfchattest.Label{Title: "vip"})
		server.AddCustomAttribute(cfchattest.CustomAttribute{Key: "plan"})
		contact := server.AddContact(cfchattest.Contact{Name: "Bo", Email: "bo@example.com"})
		id := server.AddConversation(cfchattest.Conversation{
			Inbox: inbox, Contact: contact, Assignee: agent, Team: team, Labels: []string{"vip", "late"}, Custom: map[string]any{"plan": "pro"},
		})
		server.AddMessage(id, cfchattest.Message{Content: "ü \"quoted\" \u2028"})
		now = now.Add(90 * time.Second)
		server.AddMessage(id, cfchattest.Message{Content: "psst", Type: cfchat.MessageTypeOutgoing, Private: true, Sender: agent})
		now = now.Add(30 * time.Second)
		server.AddMessage(id, cfchattest.Message{Content: "hello", Type: cfchat.MessageTypeOutgoing, Sender: agent})
		now = now.Add(time.Hour)
		mirrored(t, server, address, never)

		yes, no := "1", "0"
		if strings.HasPrefix(address, "postgres") {
			yes, no = "true", "false"
		}
		wants(t, address, "select id, inbox_id, channel, status, contact_id, assignee_type, assignee_id, team_id, muted, custom_attributes, settled, "+
			inUTC(address, "created_at")+", "+inUTC(address, "last_activity_at")+" from conversations",
			fmt.Sprintf(`%d|%d|Channel::Api|open|%d|User|%d|%d|%s|{"plan":"pro"}|%s|2026-01-31T12:00:00Z|2026-01-31T12:02:00Z`, id, inbox, contact, agent, team, no, yes))
		wants(t, address, "select label from conversation_labels order by 1", "late", "vip")
		wants(t, address, "select message_type, private, sender_type, content, content_type, status, attachments_count from messages where message_type <> 'activity' order by id",
			"incoming|"+no+"|contact|ü \"quoted\" \u2028|text|sent|0", "outgoing|"+yes+"|user|psst|text|sent|0", "outgoing|"+no+"|user|hello|text|sent|0")
		wants(t, address, "select name, email, listed from contacts", "Bo|bo@example.com|"+yes)
		wants(t, address, fmt.Sprintf("select name from inboxes where id = %d", inbox), "Letters")
		wants(t, address, fmt.Sprintf("select name, email, role from agents where id = %d", agent), "Ann|ann@example.com|agent")
		wants(t, address, "select name from teams", "sales")
		wants(t, address, "select title from labels", "vip")
		wants(t, address, "select attribute_key from attribute_definitions", "plan")
		wants(t, address, "select count(*) from agent_bots where name is null", "0")
		wants(t, address, "select seconds, agent_name, inbox_id from first_response_times", fmt.Sprintf("120|Ann|%d", inbox))
		day := func(column string) string { return "cast(" + column + " as text)" }
		wants(t, address, "select inbox_name, "+day("day")+", begun, open_now from open_per_inbox_and_day", "Letters|2026-01-31|1|1")
		wants(t, address, "select agent_name, "+day("day")+", messages, notes, conversations from messages_per_agent", "Ann|2026-01-31|1|1|1")
		for _, table := range []string{"conversations", "messages", "contacts", "inboxes", "agents", "agent_bots", "teams", "labels", "attribute_definitions"} {
			for _, row := range query(t, address, "select id, received from "+table) {
				id, received, _ := strings.Cut(row, "|")
				if !strings.Contains(received, `"id":`+id) {
					t.Errorf("received of %s %s is %s", table, id, received)
				}
			}
		}
	})
}

// old makes an account in which nothing has happened for a day.
func old(t *testing.T, size int, now func() time.Time, options ...cfchattest.Option) *cfchattest.Server {
	server := cfchattest.New(t, append(options, cfchattest.Clock(now))...)
	for i := range size {
		at := now().AddDate(0, 0, -1).Add(-time.Duration(i) * 10 * time.Second) // no day has more than a scan can read
		id := server.AddConversation(cfchattest.Conversation{
			Contact: server.AddContact(cfchattest.Contact{Email: fmt.Sprintf("contact%d@example.com", i)}), CreatedAt: at,
		})
		if i%100 == 0 {
			server.AddMessage(id, cfchattest.Message{})
		}
	}
	return server
}

var unchanged = flag.Int("sync.unchanged", 1000, "how many conversations the account of TestUnchanged has")

// TestUnchanged checks that a round takes two requests, however large the account is, and whatever its latest minute
// contains.
func TestUnchanged(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		server := old(t, *unchanged, time.Now)
		time.Sleep(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		ended, rounds := make(chan error), 0
		go func() {
			failed := func(err error) { t.Error(err) }
			current := func() error { rounds++; return nil }
			_, err := run(ctx, t, server, address, mirror.Options{Every: time.Minute, Repair: never, Failed: failed, Current: current})
			ended <- err
		}()
		time.Sleep(5*time.Minute + time.Second)
		before := len(server.Requests())
		time.Sleep(10 * time.Minute)
		if n := len(server.Requests()) - before; n != 20 {
			t.Errorf("got %d requests in ten rounds, want 20", n)
		}
		id := server.AddConversation(cfchattest.Conversation{})
		message := server.AddMessage(id, cfchattest.Message{Content: "news"})
		time.Sleep(time.Minute)
		wants(t, address, fmt.Sprint("select content from messages where id = ", message), "news")
		cancel()
		if err := <-ended; err == nil || rounds != 17 {
			t.Errorf("it ended by itself, or reported %d times that it was current: %v", rounds, err)
		}
	})
}

// TestUnchangedAfterMany checks that a round takes two requests a few minutes after many conversations changed at the same
// time, though nothing newer happens.
func TestUnchangedAfterMany(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		server := old(t, 10, time.Now)
		for range 300 {
			server.AddConversation(cfchattest.Conversation{})
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := run(ctx, t, server, address, mirror.Options{Every: time.Minute, Repair: never})
			ended <- err
		}()
		perRound := func() int {
			before := len(server.Requests())
			time.Sleep(10 * time.Minute)
			return (len(server.Requests()) - before) / 10
		}
		time.Sleep(8*time.Minute + time.Second)
		if n := perRound(); n != 2 {
			t.Errorf("got %d requests a round, want 2", n)
		}
		server.AddConversation(cfchattest.Conversation{})
		time.Sleep(time.Minute)
		if n := perRound(); n != 2 {
			t.Errorf("got %d requests a round after something newer happened, want 2", n)
		}
		cancel()
		if err := <-ended; err == nil {
			t.Error("it ended by itself")
		}
	})
}

// TestRepair checks that a repair finds changes that rounds cannot see, deletes what is gone when a walk is complete and not
// before, and keeps what cannot be read.
func TestRepair(t *testing.T) {
	inEach(t, func(t *testing.T, address string) {
		var ahead atomic.Int64
		server := old(t, 40, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
		renamed := server.Conversations()[1].Meta.Sender.ID
		message := server.AddMessage(2, cfchattest.Message{Content: "to be deleted"})
		gone := server.AddContact(cfchattest.Contact{Email: "gone@example.com"})
		mirrored(t, server, address, never)
		acct := server.Account(t)
		if err := acct.Conversations.Delete(t.Context(), 30); err != nil {
			t.Fatal(err)
		}
		ahead.Store(int64(time.Second)) // a job deletes it
		if _, err := acct.Messages.Delete(t.Context(), 2, message); err != nil {
			t.Fatal(err)
		}
		if _, err := acct.Contacts.Update(t.Context(), renamed, cfchat.ContactUpdate{Name: new("renamed")}); err != nil {
			t.Fatal(err)
		}
		server.DeleteContact(gone)
		server.BreakConversation(20)
		const conversations = "select id from conversations where id in (20, 30) order by id"
		ctx, kill := context.WithCancel(t.Context())
		late := func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: killing{RoundTripper: server.Transport(), at: "/contacts", kill: kill}}
		}
		if _, err := run(ctx, t, server, address, mirror.Options{Repair: always}, late); err == nil {
			t.Fatal("the walk was not killed")
		}
		wants(t, address, conversations, "20", "30")
		mirrored(t, server, address, always)
		if _, there := server.Conversation(30); there {
			t.Fatal("the server did not delete the conversation")
		}
		wants(t, address, conversations, "20")
		wants(t, address, "select what, conversation_id, message_id from unreadable", "conversation|20|0")
		wants(t, address, fmt.Sprint("select content from messages where id = ", message), "This message was deleted")
		wants(t, address, fmt.Sprint("select name from contacts where id = ", renamed), "renamed")
		wants(t, address, fmt.Sprint("select count(*) from contacts where id = ", gone), "0")
	})
}

// killing ends a program at a request.
type killing struct {
	http.RoundTripper

	at   string
	kill context.CancelFunc

	address string // of a copy whose first walk must be done before; "" to kill immediately
	t       *testing.T
}

func (k killing) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, k.at) && (k.address == "" || len(query(k.t, k.address, "select 1 from cfchat_positions where phase = 'done'")) > 0) {
		k.kill()
	}
	return k.RoundTripper.RoundTrip(r)
}

// TestFailedWalk checks that a walk that failed resumes from what was committed, and not from what was read.
func TestFailedWalk(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	server := old(t, 0, time.Now)
	for range 300 {
		id := server.AddConversation(cfchattest.Conversation{CreatedAt: time.Now().Add(-time.Hour)})
		server.AddMessage(id, cfchattest.Message{})
	}
	server.FailEvery(cfchat.OperationListAllMessages, 37, cfchattest.Failure{Status: http.StatusTeapot})
	ctx, kill := context.WithCancel(t.Context())
	atEnd := func(c *cfchat.Config) {
		c.HTTPClient = &http.Client{Transport: killing{server.Transport(), "/filter", kill, address, t}}
	}
	failures := 0
	options := mirror.Options{Every: time.Millisecond, Repair: never, Failed: func(error) { failures++ }}
	if _, err := run(ctx, t, server, address, options, atEnd); err == nil || failures < 5 {
		t.Errorf("got %d failures, want at least 5; %v", failures, err)
	}
	wants(t, address, "select phase from cfchat_positions", "done")
	wants(t, address, "select count(*) from messages", "300")
}

// TestRefused checks that a database of another account or another program is refused.
func TestRefused(t *testing.T) {
	inEach(t, func(t *testing.T, address string) {
		server := old(t, 3, time.Now)
		mirrored(t, server, address, never)
		_, key := server.AddAgent(cfchattest.Agent{Name: "Ann"})
		asAgent := func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(key)} }
		if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: never}, asAgent); err == nil || !strings.Contains(err.Error(), "made with the key of an administrator, and this is the key of agent ") {
			t.Error(err)
		}
		if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: never, Server: "elsewhere"}); err == nil ||
			!strings.Contains(err.Error(), "it is a copy of stand-in, not of elsewhere") {
			t.Error(err)
		}
		db, err := database.Open(t.Context(), address, shards.Shard{Of: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Belong(t.Context(), database.Identity{Server: "stand-in", Account: 77, Key: "administrator"}); err == nil ||
			!strings.Contains(err.Error(), "not of 77") {
			t.Error(err)
		}
		if _, err := database.Open(t.Context(), address, shards.Shard{Of: 1}); err == nil || !strings.Contains(err.Error(), "another program") {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		exec(t, address, "insert into cfchat_migrations (version_id, is_applied) values (99, true)")
		if _, err := database.Open(t.Context(), address, shards.Shard{Of: 1}); err == nil || !strings.Contains(err.Error(), "later version") {
			t.Error(err)
		}
	})
	inEach(t, func(t *testing.T, address string) {
		exec(t, address, "create table messages (id integer)")
		if _, err := database.Open(t.Context(), address, shards.Shard{Of: 1}); err == nil || !strings.Contains(err.Error(), "it already has a table messages that cfchat did not create") {
			t.Error(err)
		}
	})
	for address, says := range map[string]string{
		"":                               "name the database with --to",
		"mysql://localhost/chat":         "--to mysql://…",
		"postgres://me:secret@host/chat": "PGPASSWORD",

		"postgres://me@host/chat?sslpassword=secret":    "PGPASSWORD",
		"postgres://me@host/chat?Pass%77ord=secret":     "PGPASSWORD",
		"host=db.example.com user=me password = secret": "PGPASSWORD",

		"host=localhost dbname=chat": "postgres://user@host/name",
		"sqlite:chat.db":             "the name of a file",
		"file:chat.db?mode=ro":       "the name of a file",
		":memory:":                   "the name of a file",
	} {
		if err := database.Check(address, shards.Shard{Of: 1}); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, file := range []string{"chat.db", "./sqlite:chat.db", `C:\chat.db`, "a folder/its host.db", "x=y.db"} {
		if err := database.Check(file, shards.Shard{Of: 1}); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	if err := database.Check("chat.db", shards.Shard{Of: 2}); err == nil || !strings.Contains(err.Error(), "postgres://") {
		t.Error(err)
	}
}

// TestShards checks that shards that share a PostgreSQL together copy everything, and that each deletes its own rows.
func TestShards(t *testing.T) {
	address := inPostgres(t)
	server := old(t, 1100, time.Now)
	all := func(repair time.Duration) {
		var running sync.WaitGroup
		for i := range 3 {
			running.Go(func() {
				options := mirror.Options{Repair: repair, Shard: &shards.Shard{Index: i, Of: 3}}
				if _, err := run(t.Context(), t, server, address, options); err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
	}
	all(never)
	wants(t, address, "select count(*), min(id), max(id) from conversations", "1100|1|1100")
	wants(t, address, "select count(*) from contacts where listed", "1100")
	wants(t, address, "select shard, phase from cfchat_positions order by 1", "0|done", "1|done", "2|done")
	exec(t, address, "insert into messages (id, conversation_id, message_type, attachments_count, received, walk) "+
		"select id + 1000000, conversations.id, 'incoming', 0, '{}', 1 from conversations")
	all(always)
	wants(t, address, "select count(*) from messages where id > 1000000", "0")
	wants(t, address, "select count(*) from conversations", "1100")
	if _, err := run(t.Context(), t, server, address, mirror.Options{Repair: never}); err == nil || !strings.Contains(err.Error(), "--shard I/3") {
		t.Error(err)
	}
}

// TestCurrentAsOf checks the time as of which a copy is current: it advances even while nothing happens, and only once all
// shards have come that far.
func TestCurrentAsOf(t *testing.T) {
	inEach(t, func(t *testing.T, address string) {
		now := time.Date(2026, 1, 31, 12, 0, 30, 0, time.UTC)
		server := old(t, 3, func() time.Time { return now })
		minute := func(column string) string {
			if strings.HasPrefix(address, "postgres") {
				return "to_char(" + column + " at time zone 'UTC', 'HH24:MI')"
			}
			return "strftime('%H:%M', " + column + ")"
		}
		text := "select " + minute("changes") + ", " + minute("everything") + " from current_as_of"
		mirrored(t, server, address, never)
		wants(t, address, text, "12:00|12:00")
		now = now.Add(time.Hour)
		mirrored(t, server, address, never)
		wants(t, address, text, "13:00|12:00")
		exec(t, address, "update cfchat_copy set shards = 2")
		wants(t, address, text, "<nil>|<nil>")
	})
}
