package cfchat_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// readMessages holds what a scan of messages yielded.
type readMessages struct {
	t      *testing.T
	ids    []int64
	blamed []int64
	blames []*cfchat.Error
	end    error
	told   []cfchat.ScanProgress
}

// scanMessages scans conversation 42 of an account to the end.
func scanMessages(t *testing.T, account *cfchat.Account, options cfchat.MessageScanOptions) *readMessages {
	t.Helper()
	return scanMessagesOf(t.Context(), t, account, 42, options)
}

func scanMessagesOf(ctx context.Context, t *testing.T, account *cfchat.Account, conversation int64, options cfchat.MessageScanOptions) *readMessages {
	t.Helper()
	r := &readMessages{t: t}
	if options.Progress == nil {
		options.Progress = func(p cfchat.ScanProgress) { r.told = append(r.told, p) }
	}
	r.take(account.Messages.Scan(ctx, conversation, options))
	return r
}

// take records what a scan yields.
func (r *readMessages) take(all func(func(*cfchat.Message, error) bool)) {
	r.t.Helper()
	for m, err := range all {
		e, ok := errors.AsType[*cfchat.Error](err)
		switch {
		case r.end != nil:
			r.t.Errorf("%v, %v was yielded after the final error", m, err)
		case err == nil:
			r.ids = append(r.ids, m.ID)
		case ok && e.MessageID != 0:
			r.blamed, r.blames = append(r.blamed, e.MessageID), append(r.blames, e)
		default:
			r.end = err
		}
	}
}

// came fails the test unless exactly these messages were yielded, these were blamed, and the scan ended without an error.
func (r *readMessages) came(ids []int64, blamed ...int64) {
	r.t.Helper()
	if r.end != nil {
		r.t.Errorf("the scan ended with %v", r.end)
	}
	if !slices.Equal(r.ids, ids) {
		r.t.Errorf("%d messages were yielded, want %d", len(r.ids), len(ids))
	}
	if !slices.Equal(r.blamed, blamed) {
		r.t.Errorf("%v are blamed, want %v", r.blamed, blamed)
	}
}

// endsWith fails the test unless the scan ended with an error, blamed no message, and yielded the first of the ids up to
// that point.
func (r *readMessages) endsWith(is error, ids []int64) {
	r.t.Helper()
	if !errors.Is(r.end, is) {
		r.t.Errorf("ended with %v, want %v", r.end, is)
	}
	if len(r.blamed) > 0 || !slices.Equal(r.ids, ids[:min(len(r.ids), len(ids))]) {
		r.t.Errorf("%v were yielded, %v are blamed", r.ids, r.blamed)
	}
}

// shapes are the ways in which ids are distributed.
var shapes = map[string]func(r *rand.Rand, n int) []int64{
	"consecutive": func(_ *rand.Rand, n int) []int64 { return upTo(4_000_001, 4_000_000+int64(n)) },
	"from 1":      func(_ *rand.Rand, n int) []int64 { return upTo(1, int64(n)) },
	"random": func(r *rand.Rand, n int) []int64 {
		ids := map[int64]bool{}
		for len(ids) < n {
			ids[1+r.Int64N(int64(n)*200)] = true
		}
		return inOrder(ids)
	},
	"bursts": func(r *rand.Rand, n int) (ids []int64) {
		for id := int64(1_000_000); len(ids) < n; id += r.Int64N(2_000_000) {
			for range min(1+r.IntN(400), n-len(ids)) {
				id++
				ids = append(ids, id)
			}
		}
		return ids
	},
	"large bursts": func(r *rand.Rand, n int) (ids []int64) {
		for id := int64(1); len(ids) < n; id += r.Int64N(20_000_000) {
			for range min(1+r.IntN(5_000), n-len(ids)) {
				id += 1 + r.Int64N(4)
				ids = append(ids, id)
			}
		}
		return ids
	},
}

func inOrder(ids map[int64]bool) []int64 {
	var all []int64
	for id := range ids {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}

// orders are the orders in which messages were stored, given their ids in order.
var orders = map[string]func(r *rand.Rand, ids []int64) []int64{
	"as stored": func(_ *rand.Rand, ids []int64) []int64 { return ids },
	"shuffled": func(r *rand.Rand, ids []int64) []int64 {
		r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		return ids
	},
	"backwards": func(_ *rand.Rand, ids []int64) []int64 { slices.Reverse(ids); return ids },
	"imported": func(_ *rand.Rand, ids []int64) []int64 { // the last tenth has the earliest times
		at := len(ids) - len(ids)/10
		return slices.Concat(ids[at:], ids[:at])
	},
}

var messageCosts = flag.Bool("message-costs", false, "count requests on 100,000 messages and memory on a million, instead of a part of it")

// TestMessageScanRequests checks that a scan takes no more than these numbers of requests, however the ids are distributed
// and in whatever order the messages were stored.
func TestMessageScanRequests(t *testing.T) {
	t.Parallel()
	size, part := 5_000, 20
	if *messageCosts {
		size, part = 100_000, 1
	}
	for _, c := range []struct {
		n      int
		shape  string
		orders map[string]int
	}{
		{0, "from 1", map[string]int{"as stored": 1}},
		{1, "random", map[string]int{"as stored": 1}},
		{20, "random", map[string]int{"as stored": 1, "shuffled": 1, "backwards": 1}},
		{999, "bursts", map[string]int{"as stored": 1, "shuffled": 1}},
		{1_000, "consecutive", map[string]int{"as stored": 5, "shuffled": 5}},
		{1_100, "consecutive", map[string]int{"as stored": 5, "shuffled": 5, "imported": 5}},
		{1_100, "from 1", map[string]int{"as stored": 5, "shuffled": 5, "imported": 5, "backwards": 6}},
		{1_100, "random", map[string]int{"as stored": 5, "shuffled": 5, "imported": 5, "backwards": 40}},
		{1_100, "bursts", map[string]int{"as stored": 5, "shuffled": 5, "imported": 5, "backwards": 40}},
		{size, "from 1", map[string]int{"as stored": 105, "shuffled": 105, "imported": 106, "backwards": 130}},
		{size, "consecutive", map[string]int{"as stored": 105, "shuffled": 105, "imported": 106, "backwards": 130}},
		{size, "random", map[string]int{"as stored": 130, "shuffled": 130, "imported": 130, "backwards": 150}},
		{size, "bursts", map[string]int{"as stored": 210, "shuffled": 210, "imported": 250, "backwards": 900}},
		{size, "large bursts", map[string]int{"as stored": 210, "shuffled": 210, "imported": 250, "backwards": 900}},
	} {
		if withRaceDetector && c.n == size && c.shape != "bursts" {
			continue // the race detector only makes these slow: the counts are the same
		}
		for order, most := range c.orders {
			if c.n == size && part > 1 { // the first guesses weigh more
				most = most/part + 6 + count(order == "imported" || order == "backwards")*40
			}
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(7, uint64(c.n)))
				ids := shapes[c.shape](r, c.n)
				l := oneConversation(orders[order](r, slices.Clone(ids))...)
				scanMessages(t, l.account(t), cfchat.MessageScanOptions{}).came(ids)
				if n := l.requests(); n > most {
					t.Errorf("%d messages, %s, %s: %d requests, want at most %d", c.n, c.shape, order, n, most)
				} else {
					t.Logf("%d messages, %s, %s: %d requests", c.n, c.shape, order, n)
				}
			})
		}
	}
}

// TestMessageScanRange checks that the messages after After and up to Until are read, and that no request is made for an
// empty range.
func TestMessageScanRange(t *testing.T) {
	for _, c := range []struct {
		after, until int64
		want         []int64
		requests     int
	}{
		{0, 0, upTo(1, 30), 1},
		{10, 0, upTo(11, 30), 1},
		{10, 20, upTo(11, 20), 1},
		{30, 0, nil, 1},
		{29, 30, upTo(30, 30), 1},
		{10, 10, nil, 0},
		{math.MaxInt64, 0, nil, 0},
		{math.MaxInt64 - 1, math.MaxInt64, nil, 0},
		{math.MaxInt64 - 2, 0, nil, 1},
		{20, math.MaxInt64, upTo(21, 30), 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := oneConversation(upTo(1, 30)...)
			s := scanMessages(t, l.account(t), cfchat.MessageScanOptions{After: c.after, Until: c.until})
			if s.came(c.want); l.requests() != c.requests {
				t.Errorf("%d to %d: requested %v", c.after, c.until, l.asked)
			}
			if at := s.told[len(s.told)-1]; at.LastID != max(c.after, at.LastID) || at.Requests != c.requests {
				t.Errorf("%d to %d: last progress %+v", c.after, c.until, at)
			}
		})
	}
}

// TestMessageScanInput checks that invalid input is refused before anything is sent.
func TestMessageScanInput(t *testing.T) {
	l := oneConversation(1)
	messages := l.account(t).Messages
	var response cfchat.Response
	for want, all := range map[string]func(func(*cfchat.Message, error) bool){
		"conversationID": messages.Scan(t.Context(), 0, cfchat.MessageScanOptions{}),
		"After":          messages.Scan(t.Context(), 42, cfchat.MessageScanOptions{After: -1}),
		"Until":          messages.Scan(t.Context(), 42, cfchat.MessageScanOptions{After: 5, Until: 4}),
		"WithResponse":   messages.Scan(t.Context(), 42, cfchat.MessageScanOptions{}, cfchat.WithResponse(&response)),
		"account":        cfchat.MessagesService{}.Scan(t.Context(), 42, cfchat.MessageScanOptions{}),
	} {
		r := &readMessages{t: t}
		r.take(all)
		e, ok := errors.AsType[*cfchat.Error](r.end)
		if !ok || !errors.Is(r.end, cfchat.ErrInvalidInput) || len(e.Fields) != 1 || e.Fields[0].Field != want || len(r.ids) > 0 {
			t.Errorf("%s: %v", want, r.end)
		}
	}
	noKey := l.account(t, func(c *cfchat.Config) { c.Keys = auth.Keys{AgentBot: auth.NewKey("bot-key")} })
	if s := scanMessages(t, noKey, cfchat.MessageScanOptions{}); !errors.Is(s.end, auth.ErrNoKey) {
		t.Errorf("without a user's key: %v", s.end)
	}
	if l.requests() > 0 {
		t.Errorf("requested %v", l.asked)
	}
}

// TestMessageScanWithoutActivity checks that the client itself leaves out activities, because the server would leave out
// notes with them.
func TestMessageScanWithoutActivity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := oneConversation(upTo(1, 30)...)
		l.conversations[42].one(3).kind = int(cfchat.MessageTypeActivity)
		l.conversations[42].one(30).kind = int(cfchat.MessageTypeActivity)
		s := scanMessages(t, l.account(t), cfchat.MessageScanOptions{WithoutActivity: true})
		s.came(without(upTo(1, 30), 3, 30))
		if strings.Contains(l.asked[0].query, "internal") || s.told[len(s.told)-1].LastID != 30 {
			t.Errorf("requested %v, progress %+v", l.asked, s.told)
		}
	})
}

// TestMessageScanBroken checks that the unreadable messages are blamed, and no others, wherever they are.
func TestMessageScanBroken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ids    []int64
		broken []int64
		most   int // requests
	}{
		{upTo(1, 30), []int64{1}, 100},
		{upTo(1, 30), []int64{30}, 100},
		{upTo(1, 30), []int64{7, 8, 9}, 150},
		{upTo(4_000_001, 4_000_030), []int64{4_000_001}, 100},
		{upTo(1, 2_500), []int64{1, 1_000, 1_001, 2_500}, 250},
		{upTo(1, 3), []int64{1, 2}, 150},
		{[]int64{5, 1 << 40, math.MaxInt64 - 1}, []int64{1 << 40}, 200},
	} {
		for _, drops := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				l := oneConversation(c.ids...)
				for _, id := range c.broken {
					m := l.conversations[42].one(id)
					m.broken, m.drops = !drops, drops
				}
				s := scanMessages(t, l.account(t), cfchat.MessageScanOptions{})
				if s.came(without(c.ids, c.broken...), c.broken...); l.requests() > c.most {
					t.Errorf("%v: %d requests, want at most %d", c.broken, l.requests(), c.most)
				}
				for i, e := range s.blames {
					if want := fmt.Sprintf("message %d of conversation 42 of account 1 cannot be read", c.broken[i]); !strings.Contains(e.Error(), want) || e.ConversationID != 42 {
						t.Errorf("%v, want %s", e, want)
					}
				}
				if last := s.told[len(s.told)-1].LastID; last != c.ids[len(c.ids)-1] {
					t.Errorf("LastID is %d, want %d", last, c.ids[len(c.ids)-1])
				}
				t.Logf("%v of %d, drops: %t: %d requests", c.broken, len(c.ids), drops, l.requests())
			})
		}
	}
}

// TestMessageScanHalves checks that a window that failed is halved, and that none is requested twice, although reads are
// retried.
func TestMessageScanHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := oneConversation(upTo(1, 500)...)
		l.conversations[42].one(400).broken = true
		scanMessages(t, l.account(t, retries), cfchat.MessageScanOptions{}).came(without(upTo(1, 500), 400), 400)
		seen := map[[2]int64]bool{}
		for i, r := range l.asked {
			if i == 1 && !r.empty() {
				t.Errorf("after the first failure the scan requested %+v", r)
			}
			w := [2]int64{r.after, r.before}
			if seen[w] && r.before-r.after > 1 {
				t.Errorf("requested %v twice", w)
			}
			seen[w] = true
		}
	})
}

// TestMessageScanNothingReadable checks that no message is blamed if nothing can be read.
func TestMessageScanNothingReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its contact is gone: even an empty window fails
		l := oneConversation(upTo(1, 30)...)
		l.conversations[42].contactGone = true
		if scanMessages(t, l.account(t), cfchat.MessageScanOptions{}).endsWith(cfchat.ErrServer, nil); l.requests() != 2 || !l.asked[1].empty() {
			t.Errorf("requested %v", l.asked)
		}
	})
	synctest.Test(t, func(t *testing.T) { // there is no such conversation
		l := oneConversation()
		delete(l.conversations, 42)
		if scanMessages(t, l.account(t), cfchat.MessageScanOptions{}).endsWith(cfchat.ErrNotFound, nil); l.requests() != 1 {
			t.Errorf("requested %v", l.asked)
		}
	})
	synctest.Test(t, func(t *testing.T) { // the only message fails
		l := oneConversation(7)
		l.conversations[42].one(7).broken = true
		scanMessages(t, l.account(t), cfchat.MessageScanOptions{}).endsWith(cfchat.ErrServer, nil)
	})
	synctest.Test(t, func(t *testing.T) { // the contact is deleted during the scan
		l := oneConversation(upTo(1, 5_000)...)
		l.before = func(r asked) { l.conversations[42].contactGone = r.n > 3 }
		s := scanMessages(t, l.account(t), cfchat.MessageScanOptions{})
		if s.endsWith(cfchat.ErrServer, upTo(1, 5_000)); len(s.ids) < 1_000 || l.requests() != 5 {
			t.Errorf("%d messages were yielded in %d requests", len(s.ids), l.requests())
		}
	})
}

// TestMessageScanOutage checks that an outage is not blamed on a message.
func TestMessageScanOutage(t *testing.T) {
	t.Parallel()
	for _, status := range []int{500, 503} {
		for from := 1; from <= 40; from += 3 {
			synctest.Test(t, func(t *testing.T) {
				l := oneConversation(upTo(1, 1_300)...)
				l.conversations[42].one(1_170).broken = true
				l.instead = func(r asked) *http.Response {
					if r.n < from {
						return nil
					}
					return trial.Reply(status, "text/plain", "")
				}
				s := scanMessages(t, l.account(t), cfchat.MessageScanOptions{})
				if len(s.blamed) > 0 && l.requests() > from {
					s.blamed = without(s.blamed, 1_170)
				}
				if s.end != nil || l.requests() >= from {
					s.endsWith(cfchat.ErrServer, without(upTo(1, 1_300), 1_170))
				}
			})
		}
	}
}

// TestMessageScanForeign checks that the scan ends if the server returns a message that was not requested.
func TestMessageScanForeign(t *testing.T) {
	l := oneConversation()
	l.instead = func(asked) *http.Response {
		return jsonReply(`{"payload":[{"id":31,"conversation_id":42,"content_type":"text"}]}`)
	}
	s := scanMessages(t, l.account(t), cfchat.MessageScanOptions{Until: 30})
	if s.endsWith(cfchat.ErrDecode, nil); s.end == nil || !strings.Contains(s.end.Error(), "messages 1 to 30 were requested, but the server returned 31") {
		t.Errorf("ended with %v", s.end)
	}
}

// TestMessageScanTooLarge checks that fewer messages are requested if a response is too large for the client, and that a
// message is blamed if it alone is too large.
func TestMessageScanTooLarge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := oneConversation(upTo(1, 400)...)
		for _, id := range upTo(1, 400) {
			l.conversations[42].one(id).size = 1_000
		}
		l.conversations[42].one(300).size = 200_000
		s := scanMessages(t, l.account(t, func(c *cfchat.Config) { c.MaxBody = 100 << 10 }), cfchat.MessageScanOptions{})
		if s.came(without(upTo(1, 400), 300), 300); !errors.Is(s.blames[0], cfchat.ErrTooLarge) || l.requests() > 120 {
			t.Errorf("%d requests, %v", l.requests(), s.blames)
		}
	})
}

// TestMessageScanRateLimit checks that the scan waits for the rate limit, and reports that it is waiting.
func TestMessageScanRateLimit(t *testing.T) {
	t.Parallel()
	for _, dated := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			limit := &rateLimited{next: oneConversation(upTo(1, 9_000)...), most: 4, dated: dated}
			last, waited := time.Now(), 0
			account := trial.Chat(t, limit, retries).Account(1)
			scanMessages(t, account, cfchat.MessageScanOptions{Progress: func(p cfchat.ScanProgress) {
				if pause := time.Since(last); pause > time.Minute {
					t.Errorf("no progress was reported for %s", pause)
				}
				if last = time.Now(); !p.WaitingUntil.IsZero() {
					waited++
				}
			}}).came(upTo(1, 9_000))
			if limit.denied == 0 || waited == 0 {
				t.Errorf("%d requests were denied, waited %d times", limit.denied, waited)
			}
		})
	}
}

// TestMessageScanStops checks that the scan stops immediately when the loop is broken off or the context ends.
func TestMessageScanStops(t *testing.T) {
	t.Parallel()
	for _, after := range []int{1, 999, 1_000, 2_500} {
		synctest.Test(t, func(t *testing.T) {
			l := oneConversation(upTo(1, 5_000)...)
			l.slow = 10 * time.Second
			came := 0
			for _, err := range l.account(t).Messages.Scan(t.Context(), 42, cfchat.MessageScanOptions{}) {
				if err != nil {
					t.Fatal(err)
				}
				if came++; came == after {
					break
				}
			}
			sent := l.requests()
			time.Sleep(time.Hour)
			if l.underWay != 0 || l.requests() != sent {
				t.Errorf("%d requests under way, %d more sent", l.underWay, l.requests()-sent)
			}
		})
	}
	for _, after := range []time.Duration{0, time.Second, 20 * time.Second, 100 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			l := oneConversation(upTo(1, 20_000)...)
			l.conversations[42].one(1_500).broken = true
			l.slow = 10 * time.Second
			ctx, cancel := context.WithCancel(t.Context())
			ended := time.Now().Add(after)
			time.AfterFunc(after, cancel)
			s := scanMessagesOf(ctx, t, l.account(t), 42, cfchat.MessageScanOptions{})
			if s.endsWith(context.Canceled, without(upTo(1, 20_000), 1_500)); !time.Now().Equal(ended) {
				t.Errorf("canceled after %s, ended %s late", after, time.Since(ended))
			}
		})
	}
}

// TestMessageScanGoexit checks that the loop's goroutine ends if an editor ends its own, as t.FailNow does.
func TestMessageScanGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := oneConversation(upTo(1, 30)...)
		edit := cfchat.RequestEditorFn(func(context.Context, *http.Request) error { runtime.Goexit(); return nil })
		left, ended := make(chan bool), false
		go func() {
			defer close(left)
			for range l.account(t).Messages.Scan(t.Context(), 42, cfchat.MessageScanOptions{}, edit) {
			}
			ended = true
		}()
		if <-left; ended {
			t.Error("the loop went on")
		}
	})
}

// TestMessageScanSnapshots reads every message of the recorded accounts, among them a conversation of 1,100 messages and one
// whose ids and times disagree.
func TestMessageScanSnapshots(t *testing.T) {
	t.Parallel()
	snapshots, err := filepath.Glob("testdata/recordings-whole/*/_snapshot.json.gz")
	if err != nil || len(snapshots) == 0 {
		t.Fatal("there is no snapshot: ", err)
	}
	for _, name := range snapshots {
		data := recordings.Snapshot(t, name)
		var recorded struct {
			Messages map[int64][]cfchat.Message `json:"messages"`
		}
		if err := json.Unmarshal(data, &recorded); err != nil {
			t.Fatal(err)
		}
		server := cfchattest.New(t)
		if err := server.LoadSnapshot(data); err != nil {
			t.Fatal(err)
		}
		most, disagree := 0, false
		for conversation, messages := range recorded.Messages {
			slices.SortFunc(messages, func(x, y cfchat.Message) int { return cmp.Compare(x.ID, y.ID) })
			var ids []int64
			for i, m := range messages {
				if ids = append(ids, m.ID); i > 0 && m.ID == messages[i-1].ID { // the newest 20 were requested repeatedly
					ids = ids[:len(ids)-1]
				}
				disagree = disagree || i > 0 && m.CreatedAt.Before(messages[i-1].CreatedAt.Time)
			}
			most = max(most, len(ids))
			scanMessagesOf(t.Context(), t, server.Account(t), conversation, cfchat.MessageScanOptions{}).came(ids)
		}
		if most < 1_100 || !disagree {
			t.Errorf("%s: the longest has %d messages; ids and times disagree: %t", name, most, disagree)
		}
	}
}
