package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
)

// busyAccount is a stand-in that changes with every fifth request, and a record of what was in it before the first.
type busyAccount struct {
	*cfchattest.Server
	front    *httptest.Server
	grows    bool // new conversations are created
	turn     atomic.Pointer[turn]
	mu       sync.Mutex // of random
	random   *rand.Rand
	contents map[int64]map[int64]string // of messages, by conversation and id
	contacts map[int64]bool
	broken   map[int64]bool // conversations that cannot be read
	unseen   map[int64]bool // messages that cannot be read
}

// newBusyAccount creates an account of conversations with ten messages each, except that some have hundreds and some have
// none.
func newBusyAccount(t *testing.T, size, broken int) *busyAccount {
	b := &busyAccount{
		Server: cfchattest.New(t), random: rand.New(rand.NewPCG(1, uint64(size))), contents: map[int64]map[int64]string{},
		contacts: map[int64]bool{}, broken: map[int64]bool{}, unseen: map[int64]bool{},
	}
	b.front = httptest.NewServer(b)
	t.Cleanup(b.front.Close)
	for i := range size {
		named := cfchattest.Contact{}
		if i%2 == 0 { // the other half is in no list
			named.Email = fmt.Sprintf("contact%d@example.com", i)
		}
		contact := b.AddContact(named)
		id := b.AddConversation(cfchattest.Conversation{Contact: contact, Status: []cfchat.Status{cfchat.StatusOpen, cfchat.StatusResolved}[i%2]})
		b.contents[id] = map[int64]string{}
		messages := 10
		switch i {
		case 3:
			messages = 0
		case size / 2:
			messages = 1500
		}
		for range messages {
			b.say(id, i)
		}
		switch {
		case broken == 0:
		case i%(size/broken) == 7:
			b.DeleteContact(contact)
			b.broken[id] = true
			continue
		case i%(size/broken) == 9:
			for message := range b.contents[id] {
				b.BreakMessage(id, message)
				b.unseen[message] = true
				break
			}
		}
		b.contacts[contact] = true
	}
	return b
}

// say adds a message that exists before the export begins.
func (b *busyAccount) say(conversation int64, i int) {
	content := fmt.Sprintf("%d: =1+1 \"ü\" <b>\u2028", i)
	message := b.AddMessage(conversation, cfchattest.Message{Content: content})
	b.contents[conversation][message] = content
}

// chance returns a number below n. It needs the lock because a request may still be answered after the program is dead.
func (b *busyAccount) chance(n int64) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.random.Int64N(n)
}

// happens changes the account, as its users would meanwhile.
func (b *busyAccount) happens() {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := 1 + b.random.Int64N(int64(len(b.contents)))
	switch b.random.IntN(15) {
	case 0:
		if !b.broken[id] {
			b.AddMessage(id, cfchattest.Message{Content: "meanwhile"})
		}
	case 1:
		if b.grows {
			b.AddConversation(cfchattest.Conversation{})
		}
	case 2:
		b.SetStatus(id, cfchat.StatusResolved)
	}
}

// TestExportKilled kills the program a hundred times, each at a random request, while the account changes, and then lets it
// finish. It checks that the folder has everything that existed all the time exactly once, and that the manifest lists what
// could not be read.
func TestExportKilled(t *testing.T) {
	size, kills := 2000, 100
	if testing.Short() {
		size, kills = 300, 15
	}
	account := newBusyAccount(t, size, 5)
	dir := filepath.Join(t.TempDir(), "export")
	account.grows = true
	killed, stopped, position := 0, 0, int64(0)
	for n := 0; ; n++ {
		how, at := syscall.SIGKILL, 1+account.chance(4*int64(size)/int64(kills))
		switch {
		case n >= kills:
			at = 1 << 40
		case n%10 == 9:
			how = syscall.SIGTERM
		}
		status := account.export(t, dir, at, how)
		if status == 3 {
			break
		}
		if killed++; status == 143 {
			stopped++
		}
		if m, err := archive.Read(dir); err == nil {
			if m.Position.Phase == archive.Conversations && m.Position.ConversationID < position {
				t.Errorf("it went back from conversation %d to %d", position, m.Position.ConversationID)
			}
			position = m.Position.ConversationID
		}
	}
	t.Logf("ended %d times, %d of them by SIGTERM, at conversation %d", killed, stopped, position)
	if killed < kills*8/10 || stopped == 0 || position == 0 {
		t.Error("it was not ended often enough for a meaningful test, or makes no progress")
	}
	account.check(t, dir)
}

// TestExportKilledLater kills the program in the phases after the conversations: contacts, files and tables.
func TestExportKilledLater(t *testing.T) {
	account := newBusyAccount(t, 10, 0)
	for i := range 150 {
		account.contacts[account.AddContact(cfchattest.Contact{Email: fmt.Sprintf("alone%d@example.com", i)})] = true
	}
	account.turn.Store(&turn{at: 1 << 40})
	acct := account.Account(t, func(c *cfchat.Config) { c.Server, c.HTTPClient = account.front.URL, account.front.Client() })
	for i := range 20 {
		file := cfchat.File{Name: "a.txt", Reader: strings.NewReader(fmt.Sprint("file ", i))}
		if _, err := acct.Messages.Send(t.Context(), int64(1+i%5), cfchat.MessageCreate{Files: []cfchat.File{file}}); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "export")
	phases := map[archive.Phase]bool{}
	killed := 0
	for account.export(t, dir, 3+account.chance(18)+int64(killed/4), syscall.SIGKILL, "--files", "--format", "csv") != 0 {
		killed++
		if m, err := archive.Read(dir); err == nil {
			phases[m.Position.Phase] = true
		}
	}
	t.Logf("killed %d times", killed)
	if !phases[archive.Contacts] || !phases[archive.Attachments] {
		t.Errorf("it was only killed in %v", phases)
	}
	account.check(t, dir)
	if files := rowsIn(t, dir, archive.StoredFile); len(files) != 20 {
		t.Errorf("%d files", len(files))
	}
	if m, err := archive.Read(dir); err != nil || len(m.Files) != 19 {
		t.Errorf("%v, %+v", err, m)
	}
}

// turn is one run of the program.
type turn struct {
	how       syscall.Signal
	at        int64 // the request at which it gets the signal
	requests  atomic.Int64
	due, over chan struct{}
}

// ServeHTTP answers a request of the program.
func (b *busyAccount) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := b.turn.Load()
	switch n := now.requests.Add(1); {
	case n == now.at:
		close(now.due) // the request is answered, so that the program may be writing when the signal arrives
	case n > now.at && now.how == syscall.SIGKILL:
		<-now.over // so that the program does not finish before
		return
	}
	b.happens()
	b.Server.ServeHTTP(w, r)
}

// export runs the program as a separate process and sends it a signal at a request. It returns its exit status, -1 if it was
// killed.
func (b *busyAccount) export(t *testing.T, dir string, at int64, how syscall.Signal, flags ...string) int {
	t.Helper()
	return b.command(t, at, how, append([]string{"export", "--out", dir}, flags...)...)
}

// command runs a command of the program in the same way as export.
func (b *busyAccount) command(t *testing.T, at int64, how syscall.Signal, args ...string) int {
	t.Helper()
	now := &turn{how: how, at: at, due: make(chan struct{}), over: make(chan struct{})}
	b.turn.Store(now)
	defer close(now.over)
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	command.Env = append(os.Environ(), asProgram+"=1", "CFCHAT_SERVER="+b.front.URL, "CFCHAT_USER_API_KEY="+b.AdminKey(),
		"CFCHAT_ACCOUNT_ID="+strconv.FormatInt(b.AccountID(), 10))
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended, stop := context.WithCancel(t.Context())
	go func() {
		select {
		case <-now.due:
			_ = command.Process.Signal(how)
		case <-ended.Done():
		}
	}()
	err := command.Wait()
	stop()
	status := command.ProcessState.ExitCode()
	if status != -1 && status != 0 && status != 3 && status != 143 {
		t.Fatalf("%v: %s", err, &out)
	}
	return status
}

// check compares a folder with what existed all the time.
func (b *busyAccount) check(t *testing.T, dir string) {
	t.Helper()
	m, err := archive.Verify(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	conversations, contacts := map[int64]bool{}, map[int64]bool{}
	for _, row := range rowsIn(t, dir, archive.Conversation) {
		conversations[row.ID] = true
	}
	for _, row := range rowsIn(t, dir, archive.Contact) {
		contacts[row.ID] = true
	}
	messages := map[int64]map[int64]string{}
	for _, row := range rowsIn(t, dir, archive.Message) {
		if messages[row.ConversationID] == nil {
			messages[row.ConversationID] = map[int64]string{}
		}
		messages[row.ConversationID][row.ID] = row.Content
	}
	unread := map[string]int{}
	for _, u := range m.Unreadable {
		unread[fmt.Sprint(u.What, " ", max(u.MessageID, u.ConversationID*(1-min(u.MessageID, 1))))]++
	}
	for id, contents := range b.contents {
		if conversations[id] == b.broken[id] || unread[fmt.Sprint("conversation ", id)] == 1 != b.broken[id] {
			t.Errorf("conversation %d: there %t, broken %t, named %v", id, conversations[id], b.broken[id], unread[fmt.Sprint("conversation ", id)])
		}
		for message, content := range contents {
			there, ok := messages[id][message]
			isUnseen := b.broken[id] || b.unseen[message]
			if ok == isUnseen || ok && there != content || unread[fmt.Sprint("message ", message)] == 1 != b.unseen[message] {
				t.Errorf("message %d of conversation %d: %q, want %q; unseen %t", message, id, there, content, isUnseen)
			}
		}
	}
	for id := range b.contacts {
		if !contacts[id] {
			t.Errorf("contact %d is missing", id)
		}
	}
}

// exportedRow holds the fields of a row that the test checks.
type exportedRow struct {
	ID             int64
	ConversationID int64 `json:"conversation_id"`
	Content        string
}

// rowsIn reads a file of rows.
func rowsIn(t *testing.T, dir, name string) (rows []exportedRow) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row exportedRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}
