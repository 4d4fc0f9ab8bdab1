package cfchat_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

var messageHistories = flag.Int("message-histories", part(30), "how many random histories of a conversation TestMessageScanHistories plays")

// messageHistory is a series of events in a conversation while it is scanned.
type messageHistory struct {
	r       *rand.Rand
	server  *longConversations
	of      *longConversation
	options cfchat.MessageScanOptions

	begun   []int64 // the messages that exist when the scan begins
	nextID  int64
	pending []pendingMessage // have an id but are not stored yet
	outage  bool             // the scan may end with an error
}

type pendingMessage struct {
	storedMessage
	at time.Time
}

// newMessageHistory makes up a history.
func newMessageHistory(seed uint64) *messageHistory {
	r := rand.New(rand.NewPCG(seed, 17))
	h := &messageHistory{r: r}
	ids := shapes[pick(r, shapes)](r, []int{0, 1, 2, 30, 999, 1_000, 1_001, 2_500, 6_000}[r.IntN(9)])
	h.nextID = 1 + slices.Max(append(ids, 5))
	h.server = oneConversation(orders[pick(r, orders)](r, ids)...)
	h.of, h.server.dated = h.server.conversations[42], true
	h.server.most = 1_000
	for i := range h.of.messages {
		m := &h.of.messages[i]
		m.kind, m.size = r.IntN(4), r.IntN(20)
		if r.IntN(3) == 0 && r.IntN(len(ids)) < 3 {
			m.broken, m.drops = r.IntN(2) == 0, r.IntN(3) == 0
		}
	}
	h.begun = h.of.ids()
	h.options.WithoutActivity = r.IntN(4) == 0
	if len(h.begun) > 3 && r.IntN(3) == 0 {
		h.options.After = h.begun[r.IntN(len(h.begun))]
	}
	h.happens()
	return h
}

// pick returns a random key.
func pick[V any](r *rand.Rand, of map[string]V) string {
	var keys []string
	for key := range of {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys[r.IntN(len(keys))]
}

// happens sets up the events that occur before requests are answered.
func (h *messageHistory) happens() {
	creates, limits, stumbles, fails := h.r.IntN(2) == 0, h.r.IntN(4) == 0, h.r.IntN(4) == 0, h.r.IntN(8) == 0
	gone := h.r.IntN(8) == 0
	h.outage = fails || gone || stumbles
	h.server.before = func(a asked) {
		if creates {
			h.create()
		}
		h.of.contactGone = gone && a.n > 4
	}
	h.server.instead = func(a asked) *http.Response {
		switch {
		case limits && h.r.IntN(5) == 0:
			return trial.Reply(http.StatusTooManyRequests, "text/plain", "Retry later\n")
		case stumbles && h.r.IntN(12) == 0:
			return internalError()
		case fails && a.n > 3:
			return trial.Reply(http.StatusServiceUnavailable, "text/plain", "")
		}
		return nil
	}
}

// create assigns ids to messages, and stores those that have waited long enough.
func (h *messageHistory) create() {
	now := time.Now()
	for range h.r.IntN(3) {
		h.nextID += 1 + h.r.Int64N(3)
		m := storedMessage{id: h.nextID, created: now.UnixMicro()}
		h.pending = append(h.pending, pendingMessage{m, now.Add(time.Duration(h.r.IntN(500)) * time.Millisecond)})
	}
	h.pending = slices.DeleteFunc(h.pending, func(p pendingMessage) bool {
		if p.at.After(now) {
			return false
		}
		h.of.messages = append(h.of.messages, p.storedMessage)
		return true
	})
}

// storeAll stores every message that has been created.
func (h *messageHistory) storeAll() {
	for _, p := range h.pending {
		h.of.messages = append(h.of.messages, p.storedMessage)
	}
	h.pending = nil
	h.server.before, h.server.instead, h.of.contactGone = nil, nil, false
}

// wants reports whether a message must be yielded or blamed, and whether it is unreadable.
func (h *messageHistory) wants(id int64) (wanted, cannot bool) {
	m := h.of.one(id)
	cannot = m.broken || m.drops
	return id > h.options.After && (cannot || !h.options.WithoutActivity || m.kind != int(cfchat.MessageTypeActivity)), cannot
}

// judge returns what is wrong with what a scan yielded.
func (h *messageHistory) judge(s *readMessages) (wrong []string) {
	came := slices.Concat(s.ids, s.blamed)
	slices.Sort(came)
	if !slices.IsSorted(s.ids) || !slices.IsSorted(s.blamed) || len(slices.Compact(slices.Clone(came))) != len(came) {
		wrong = append(wrong, "out of order or repeated")
	}
	last := int64(0)
	if len(came) > 0 {
		last = came[len(came)-1]
	}
	for _, id := range h.begun {
		wanted, _ := h.wants(id)
		if _, found := slices.BinarySearch(came, id); wanted != found && (s.end == nil || id <= last) {
			wrong = append(wrong, fmt.Sprintf("%d: yielded %t, want %t", id, found, wanted))
		}
	}
	for _, id := range s.blamed {
		if _, cannot := h.wants(id); !cannot {
			wrong = append(wrong, fmt.Sprintf("%d is blamed", id))
		}
	}
	return wrong
}

// judgeResumed returns which of the messages that exist in the end are lost when a scan is resumed.
func (h *messageHistory) judgeResumed(first, rest *readMessages) (wrong []string) {
	if rest.end != nil {
		return nil // nothing readable was left to compare with
	}
	for _, id := range h.of.ids() {
		wanted, _ := h.wants(id)
		if wanted && !slices.Contains(first.ids, id) && !slices.Contains(first.blamed, id) && !slices.Contains(rest.ids, id) && !slices.Contains(rest.blamed, id) {
			wrong = append(wrong, fmt.Sprintf("%d is lost when resuming after %d", id, rest.told[0].LastID))
		}
	}
	return wrong
}

// readable counts the readable messages.
func (h *messageHistory) readable() (n int) {
	for _, m := range h.of.messages {
		if !m.broken && !m.drops {
			n++
		}
	}
	return n
}

// TestMessageScanHistories plays random histories of a conversation. Whatever happens, every message that existed when the
// scan started is yielded once or reported as unreadable, and a message that is created meanwhile is yielded now or after
// LastID.
func TestMessageScanHistories(t *testing.T) {
	t.Parallel()
	ended, blamed, requests := 0, 0, 0
	for seed := range *messageHistories {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			h := newMessageHistory(uint64(seed))
			account := h.server.account(t, retries)
			s := scanMessages(t, account, h.options)
			wrong := h.judge(s)
			if s.end != nil {
				if ended++; !h.outage && h.readable() > 2 && h.options.After == 0 {
					wrong = append(wrong, fmt.Sprintf("ended with %v", s.end))
				}
			}
			blamed, requests = blamed+len(s.blamed), requests+h.server.requests()
			h.storeAll()
			options := h.options
			if len(s.told) > 0 {
				options.After = s.told[len(s.told)-1].LastID
			}
			wrong = append(wrong, h.judgeResumed(s, scanMessages(t, account, options))...)
			if len(wrong) > 0 {
				t.Errorf("history %d, %d messages, after %d, end %v: %q", seed, len(h.begun), h.options.After, s.end, wrong[:min(len(wrong), 4)])
			}
		})
	}
	t.Logf("%d histories, %d requests, %d ended by an error, %d messages blamed", *messageHistories, requests, ended, blamed)
}

// part returns how many of n histories, recordings or rows are played: all of them, or a third with the race detector, which
// makes them ten times as slow. The test target also plays them all without it.
func part(n int) int {
	if withRaceDetector {
		return n / 3
	}
	return n
}
