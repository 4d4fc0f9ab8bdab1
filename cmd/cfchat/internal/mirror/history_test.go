package mirror_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/requests"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
	"github.com/cfchat/cfchat-go/webhook"
)

var (
	histories = flag.Int("sync.histories", 1, "how many random histories TestHistories goes through in each database")
	firstSeed = flag.Uint64("sync.first", 0, "the seed of the first of them")
)

// history is an account that changes with some of the program's requests, behind a network that fails.
type history struct {
	*cfchattest.Server
	t       *testing.T
	address string
	version string
	size    int64 // the number of conversations so far
	mu      sync.Mutex
	random  *rand.Rand
	admin   *cfchat.Account
	delay   time.Duration // of each request
	quiet   bool          // nothing happens
	steady  bool          // the network does not fail
	killAt  int           // the request at which the program is killed, by the end of its context
	kill    context.CancelCauseFunc
	outage  time.Time // until when nothing answers
	broken  map[int64]bool
	hints   *mirror.Hints // of the program that runs, nil for none
}

var errKilled = errors.New("killed")

// newHistory creates an account of 500 conversations and 10,000 messages. Some conversations have more messages than one
// answer, so that the program may be killed in the middle of one.
func newHistory(t *testing.T, seed uint64, address string) *history {
	h := &history{t: t, address: address, size: 500, random: rand.New(rand.NewPCG(seed, 23)), broken: map[int64]bool{}}
	versions := []string{"2.16.0", "3.0.0", "3.6.0", "3.16.0", "4.3.0", "4.7.0", "4.11.0", "4.12.0", "4.16.2"}
	h.version = versions[h.random.IntN(len(versions))]
	h.Server = cfchattest.New(t, cfchattest.Clock(time.Now), cfchattest.Version(h.version), cfchattest.RateLimits)
	h.delay = []time.Duration{time.Millisecond, 50 * time.Millisecond, time.Second}[h.random.IntN(3)]
	h.AddLabel(cfchattest.Label{Title: "vip"})
	for i := range 500 {
		named := cfchattest.Contact{}
		if i%2 == 0 { // the other half is in no list
			named.Email = fmt.Sprintf("contact%d@example.com", i)
		}
		id := h.AddConversation(cfchattest.Conversation{Contact: h.AddContact(named)})
		messages := 10
		if i%125 == 7 {
			messages = 1250
		}
		for range messages {
			h.AddMessage(id, cfchattest.Message{})
		}
	}
	for range h.random.IntN(3) {
		id := 1 + h.random.Int64N(500)
		h.broken[id] = true
		h.BreakConversation(id)
	}
	h.admin = h.Account(t, func(c *cfchat.Config) { c.Retry = cfchat.Retry{MaxTries: 1} })
	_, secret := h.AddWebhook(cfchattest.Webhook{URL: hook})
	if secret.IsZero() {
		secret = webhook.Unsigned
	}
	h.Receive(hook, webhook.Handler(webhook.Options{Secret: secret}, h.hinted))
	return h
}

// hinted passes a delivery to the running program, if it listens.
func (h *history) hinted(ctx context.Context, e webhook.Event) error {
	h.mu.Lock()
	hints := h.hints
	h.mu.Unlock()
	if hints == nil {
		return nil
	}
	return hints.Take(ctx, e)
}

// RoundTrip answers a request of the program while that waits for an answer: a request still sleeping when the test ends
// would fail it.
func (h *history) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(h.delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	h.mu.Lock()
	if h.killAt--; h.killAt == 0 {
		h.kill(errKilled)
	}
	isOut, isQuiet := time.Now().Before(h.outage), h.quiet
	h.mu.Unlock()
	if !isQuiet {
		h.happens(r.Context())
	}
	if isOut {
		return nil, errors.New("no route to host")
	}
	return h.Transport().RoundTrip(r)
}

// happens changes the account, as its users would meanwhile, and starts outages.
func (h *history) happens(ctx context.Context) {
	h.mu.Lock()
	id, what, fails := 1+h.random.Int64N(h.size), h.random.IntN(48), h.random.IntN(400) == 0
	if what == 3 {
		h.size++
	}
	n := h.random.IntN(1000)
	if fails && !h.steady {
		h.outage = time.Now().Add(time.Duration(n) * time.Second)
	}
	h.mu.Unlock()
	if h.broken[id] {
		return
	}
	ctx = context.WithoutCancel(ctx)
	switch what {
	case 0, 1, 2:
		if _, there := h.Conversation(id); there {
			h.AddMessage(id, cfchattest.Message{Content: fmt.Sprint("meanwhile ", n)})
		}
	case 3:
		h.AddMessage(h.AddConversation(cfchattest.Conversation{}), cfchattest.Message{})
	case 4:
		if _, there := h.Conversation(id); there {
			h.SetStatus(id, cfchat.StatusResolved)
		}
	case 5:
		h.deleteMessage(ctx, id, n)
	case 6:
		_ = h.admin.Conversations.Delete(ctx, id) // older versions have no such call
	case 7:
		_, _ = h.admin.Conversations.SetLabels(ctx, id, []string{"vip", "label" + strconv.Itoa(n%3)})
	case 8:
		_, _ = h.admin.Conversations.SetCustomAttributes(ctx, id, map[string]any{"n": n})
	case 9:
		if c, there := h.Conversation(id); there {
			_, _ = h.admin.Contacts.Update(ctx, c.Meta.Sender.ID, cfchat.ContactUpdate{Name: new(fmt.Sprint("renamed ", n))})
		}
	case 10:
		h.AddContact(cfchattest.Contact{Email: fmt.Sprintf("new%d-%d-%d@example.com", id, n, time.Now().UnixNano())})
	case 11:
		_, _ = h.admin.Conversations.MarkUnread(ctx, id)
	case 12:
		h.LoseDeliveries("", 1+n%3)
	case 13:
		h.RequeueDeliveries("", 1+n%3)
	}
}

// deleteMessage deletes one of the newest messages of a conversation.
func (h *history) deleteMessage(ctx context.Context, id int64, n int) {
	page, err := h.admin.Messages.List(ctx, id, cfchat.MessageListOptions{})
	if err == nil && len(page.Payload) > 0 {
		_, _ = h.admin.Messages.Delete(ctx, id, page.Payload[n%len(page.Payload)].ID)
	}
}

// open opens the database. The test's clock does not wait until PostgreSQL has noticed that a program was killed and
// released its locks, so open tries often.
func (h *history) open(ctx context.Context) *database.DB {
	h.t.Helper()
	for tries := 0; ; tries++ {
		db, err := database.Open(ctx, h.address, shards.Shard{Of: 1})
		if err == nil {
			return db
		}
		if tries == 1000 {
			h.t.Fatal(err)
		}
	}
}

// run runs the program until it ends, or is killed at the given request, 0 for never.
func (h *history) run(options mirror.Options, killAt int) error {
	h.t.Helper()
	ctx, kill := context.WithCancelCause(h.t.Context())
	defer kill(nil)
	h.killAt, h.kill = killAt, kill
	requests := new(requests.Counter)
	chat := h.Chat(h.t, func(c *cfchat.Config) { c.Limiter, c.HTTPClient = requests, &http.Client{Transport: h} })
	db := h.open(ctx)
	options.Server, options.Concurrency, options.Failed = "stand-in", 4, func(error) {}
	if options.Every > 0 {
		options.Hints = mirror.NewHints()
	}
	h.mu.Lock()
	h.hints = options.Hints
	h.mu.Unlock()
	err := mirror.Run(ctx, chat, chat.Account(h.AccountID()), db, options, requests, progress.New(io.Discard, progress.Quiet))
	if err := db.Close(); err != nil {
		h.t.Error(err)
	}
	return err
}

// TestHistories plays random histories of an account while a copy of it is kept current and killed. It checks that after a
// round every conversation is there with its last activity and all of its messages, and that after a repair the copy equals
// the account, row by row.
func TestHistories(t *testing.T) {
	count := *histories
	if withRaceDetector || testing.Short() {
		count = 1
	}
	for seed := *firstSeed; seed < *firstSeed+uint64(count); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			inEach(t, func(t *testing.T, address string) {
				synctest.Test(t, func(t *testing.T) { newHistory(t, seed, address).live() })
			})
		})
	}
}

// live plays a history.
func (h *history) live() {
	h.t.Logf("version %s, %s a request", h.version, h.delay)
	killed, ended, kills := 0, 0, 30
	if withRaceDetector {
		kills = 5
	}
	for killed < kills {
		options := mirror.Options{Repair: []time.Duration{time.Hour, 24 * time.Hour}[h.random.IntN(2)]}
		if h.random.IntN(2) == 0 {
			options.Every = time.Minute
		}
		err := h.run(options, 5+h.random.IntN(300))
		if err != nil {
			killed++
		}
		time.Sleep(time.Duration(h.random.IntN(2*3600)) * time.Second)
		if h.random.IntN(6) != 0 {
			continue
		}
		h.quiet = true
		time.Sleep(20 * time.Minute) // of outages too
		if err := h.run(mirror.Options{Repair: 1000 * time.Hour}, 0); err != nil {
			h.t.Fatal(err)
		}
		ended++
		h.quiet = false
		h.isCurrent()
		if h.t.Failed() {
			return
		}
	}
	h.quiet = true
	time.Sleep(time.Hour)
	for range 2 { // the second walk, in case the first had only resumed one
		if err := h.run(mirror.Options{Repair: time.Nanosecond}, 0); err != nil {
			h.t.Fatal(err)
		}
	}
	h.isWhole()
	h.t.Logf("killed %d times, %d rounds checked; %d conversations", killed, ended, len(h.Conversations()))
}

// TestRoundsBetween checks that what rounds in the middle of a repair have found is not overwritten by what the repair had
// read ahead.
func TestRoundsBetween(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, 2, address)
		h.quiet, h.delay = true, time.Millisecond
		if err := h.run(mirror.Options{Repair: never}, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(25 * time.Hour)
		h.quiet, h.delay, h.steady = false, 3*time.Second, true
		ended := make(chan error)
		go func() { ended <- h.run(mirror.Options{Repair: 24 * time.Hour, Every: time.Minute}, 0) }()
		for range 50 {
			time.Sleep(10 * time.Minute)
			if query(t, address, "select count(*) from cfchat_positions where phase = 'done' and begun_at > '2000-01-02'")[0] == "1" {
				break
			}
		}
		h.mu.Lock()
		h.quiet = true
		h.mu.Unlock()
		time.Sleep(30 * time.Minute)
		wants(t, address, "select phase from cfchat_positions", "done")
		h.isCurrent()
		h.kill(errKilled)
		if err := <-ended; err == nil {
			t.Error("it ended by itself")
		}
	})
}

// isCurrent checks what a round promises: the last activity of each conversation, and that all of its messages are there.
func (h *history) isCurrent() {
	there := map[string]bool{}
	for _, row := range query(h.t, h.address, "select id, status, "+inUTC(h.address, "last_activity_at")+" from conversations") {
		there[row] = true
	}
	messages := map[string]string{}
	for _, row := range query(h.t, h.address, "select conversation_id, max(id), count(*) from messages group by 1") {
		id, row, _ := strings.Cut(row, "|")
		messages[id] = row
	}
	all := map[int64][]int64{}
	for m, err := range h.admin.Messages.ScanAll(h.t.Context(), cfchat.Filter{}, cfchat.MessageScanAllOptions{}) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			continue
		}
		if err != nil {
			h.t.Fatal(err)
		}
		all[m.ConversationID] = append(all[m.ConversationID], m.ID)
	}
	for _, c := range h.Conversations() {
		if h.broken[c.ID] {
			continue
		}
		if row := fmt.Sprintf("%d|%s|%s", c.ID, c.Status, c.Timestamp.UTC().Format(time.RFC3339)); !there[row] {
			h.t.Errorf("after a round %s is missing", row)
		}
		if ids := all[c.ID]; len(ids) > 0 {
			if want, got := fmt.Sprintf("%d|%d", slices.Max(ids), len(ids)), messages[strconv.FormatInt(c.ID, 10)]; got != want {
				h.t.Errorf("after a round conversation %d has messages %s, want %s", c.ID, got, want)
			}
		}
	}
}

// isWhole compares all rows.
func (h *history) isWhole() {
	t, ctx, keep, patience := h.t, h.t.Context(), cfchat.KeepJSON(), cfchat.WithRetry(cfchat.Retry{MaxTries: 10, MaxWait: 2 * time.Minute})
	conversations, messages, contacts := map[int64]string{}, map[int64]string{}, map[int64]string{}
	options := cfchat.MessageScanAllOptions{Conversation: func(c *cfchat.Conversation) { conversations[c.ID] = string(c.JSON()) }}
	senders := map[int64]bool{}
	for m, err := range h.admin.Messages.ScanAll(ctx, cfchat.Filter{}, options, keep) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && h.broken[e.ConversationID] {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		messages[m.ID] = string(m.JSON())
	}
	for c, err := range h.admin.Contacts.ListAll(ctx, cfchat.ContactListOptions{}, keep, patience) {
		if err != nil {
			t.Fatal(err)
		}
		contacts[c.ID] = string(c.JSON())
	}
	for _, c := range h.Conversations() {
		senders[c.Meta.Sender.ID] = true
	}
	where := func(column string) string {
		var condition strings.Builder
		for id := range h.broken {
			_, _ = fmt.Fprintf(&condition, " and %s <> %d", column, id)
		}
		return condition.String()
	}
	same(t, "conversation", h.address, "select id, received from conversations where true"+where("id"), conversations)
	same(t, "message", h.address, "select id, received from messages where true"+where("conversation_id"), messages)
	same(t, "contact", h.address, "select id, received from contacts where listed", contacts)
	for _, row := range query(t, h.address, "select id from contacts where not listed") {
		id, _ := strconv.ParseInt(row, 10, 64)
		if !senders[id] {
			t.Errorf("contact %d is in neither the list nor a conversation", id)
		}
		contacts[id] = ""
	}
	for id := range senders {
		if _, there := contacts[id]; !there && id != 0 {
			t.Errorf("contact %d is missing", id)
		}
	}
	labels := 0
	for _, c := range h.Conversations() {
		if labels += len(c.Labels); h.broken[c.ID] {
			labels -= len(c.Labels)
		}
	}
	if got := query(t, h.address, "select count(*) from conversation_labels where true"+where("conversation_id"))[0]; got != strconv.Itoa(labels) {
		t.Errorf("got %s labels of conversations, want %d", got, labels)
	}
}

// same compares rows with the JSON received.
func same(t *testing.T, kind, address, text string, want map[int64]string) {
	t.Helper()
	got := map[int64]string{}
	for _, row := range query(t, address, text) {
		id, data, _ := strings.Cut(row, "|")
		n, err := strconv.ParseInt(id, 10, 64)
		if _, twice := got[n]; err != nil || twice {
			t.Errorf("%s %s is duplicated, or not a number: %v", kind, id, err)
		}
		got[n] = data
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		if data, there := got[id]; !there || data != want[id] {
			t.Errorf("%s %d, present %t, is\n%s\nwant\n%s", kind, id, there, data, want[id])
			return
		}
	}
	for id := range got {
		if _, there := want[id]; !there {
			t.Errorf("%s %d is in the copy, but gone from the account", kind, id)
			return
		}
	}
}
