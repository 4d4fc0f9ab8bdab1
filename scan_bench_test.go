package cfchat_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"iter"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

var scanSpeed = flag.Bool("scan.speed", false, "run TestScanSpeed: what a scan of 100,000 conversations takes, on virtual time")

// vastAccount has conversations 1 to n, of which every step-th is open, and answers each request in a fixed time. It keeps
// nothing, so that the memory is the scan's; cfchattest keeps every conversation.
type vastAccount struct {
	n, step  int64
	latency  time.Duration
	requests atomic.Int64
}

// vastConversation is about as large as they are, with one message twice, as the servers have it.
const vastConversation = `{"meta":{"sender":{"additional_attributes":{},"availability_status":"offline","email":"jo@example.com","id":%[1]d,` +
	`"name":"Jo","phone_number":null,"identifier":null,"thumbnail":"","custom_attributes":{},"last_activity_at":1681800000,"created_at":1681700000},` +
	`"channel":"Channel::Api","hmac_verified":false},"id":%[1]d,"messages":[%[2]s],"account_id":1,"uuid":"00000000-0000-4000-8000-000000000001",` +
	`"additional_attributes":{},"agent_last_seen_at":0,"assignee_last_seen_at":0,"can_reply":true,"contact_last_seen_at":0,` +
	`"custom_attributes":{"tier":"gold","seats":3},"inbox_id":5,"labels":["vip"],"muted":false,"snoozed_until":null,"status":"open",` +
	`"created_at":%[3]d,"timestamp":1681800000,"first_reply_created_at":0,"unread_count":1,"last_non_activity_message":%[2]s,` +
	`"last_activity_at":1681800000,"priority":null,"waiting_since":1681700000,"sla_policy_id":null}`

const vastMessage = `{"id":%[1]d,"content":"Where is my order? It was to be here on Friday, and nobody has told me anything since.","account_id":1,` +
	`"inbox_id":5,"conversation_id":%[1]d,"message_type":0,"created_at":1681800000,"updated_at":"2023-04-18T06:40:00.123Z","private":false,` +
	`"status":"sent","source_id":null,"content_type":"text","content_attributes":{},"sender_type":"Contact","sender_id":11,` +
	`"external_source_ids":{},"additional_attributes":{},"conversation":{"assignee_id":7,"unread_count":1}}`

func (v *vastAccount) RoundTrip(req *http.Request) (*http.Response, error) {
	v.requests.Add(1)
	if v.latency > 0 {
		if err := pause(req.Context(), v.latency); err != nil {
			return nil, err
		}
	}
	var page int64
	_, _ = fmt.Sscan(req.URL.Query().Get("page"), &page)
	if req.Body == nil {
		first := 25*(page-1) + 1
		resp := v.page(v.n, upTo(first, min(first+24, v.n)))
		body, err := io.ReadAll(resp.Body)
		return jsonReply(`{"data":%s}`, body), err
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	rules, err := parseRules(body)
	if err != nil {
		return nil, err
	}
	return v.answerFilter(rules), nil
}

// answerFilter answers a filter: whole, or of the open ones; of a window, or of days without some ids.
func (v *vastAccount) answerFilter(rules []busyRule) *http.Response {
	step, lo, hi, out := int64(1), int64(1), v.n, []int64(nil)
	if slices.ContainsFunc(rules, func(r busyRule) bool { return slices.Contains(r.texts, "open") }) {
		step = v.step
	}
	for _, r := range rules {
		switch {
		case r.attribute == "created_at" && r.operator == "is_less_than":
			hi = min(hi, (v.day(r.texts[0])-vastFrom)/vastApart-1)
		case r.attribute == "created_at":
			lo = max(lo, (v.day(r.texts[0])+24*60*60-vastFrom)/vastApart)
		case r.attribute == "display_id" && r.operator == "not_equal_to":
			out = r.numbers
		case r.attribute == "display_id":
			return v.answerWindow(r.numbers, step)
		}
	}
	total := int64(0)
	var shown []int64
	for id := hi / step * step; id >= lo; id -= step { // the latest first
		if len(out) > 0 {
			if _, left := slices.BinarySearch(out, id); left {
				continue
			}
		}
		if total++; total <= 25 {
			shown = append(shown, id)
		}
	}
	return v.page(total, shown)
}

// answerWindow answers a window of ids.
func (v *vastAccount) answerWindow(ids []int64, step int64) *http.Response {
	found := slices.DeleteFunc(ids, func(id int64) bool { return id > v.n || id%step > 0 })
	return v.page(int64(len(found)), found[max(len(found)-25, 0):])
}

// Conversations were created every ten minutes, from some day on.
const (
	vastFrom  = 1_600_041_600 // a midnight of UTC
	vastApart = 600
)

func (v *vastAccount) day(date string) int64 {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	return day.Unix()
}

// page writes conversations as a page of a filter.
func (v *vastAccount) page(total int64, ids []int64) *http.Response {
	var rows []string
	for _, id := range ids {
		rows = append(rows, fmt.Sprintf(vastConversation, id, fmt.Sprintf(vastMessage, id), vastFrom+id*vastApart))
	}
	return jsonReply(`{"meta":{"all_count":%d},"payload":[%s]}`, total, strings.Join(rows, ","))
}

// measured is what one walk took.
type measured struct {
	came, requests int64
	took           time.Duration
	heap           int64 // bytes that were live during the walk, beyond those before it
}

// measure walks on virtual time.
func measure(t *testing.T, step int64, start func(context.Context, *cfchat.Account) iter.Seq2[*cfchat.Conversation, error]) (m measured) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := &vastAccount{n: 100_000, step: step, latency: 50 * time.Millisecond}
		account := trial.Chat(t, v).Account(1)
		before, begun := liveHeap(), time.Now()
		for _, err := range start(t.Context(), account) {
			if err != nil {
				t.Fatal(err)
			}
			if m.came++; m.came%(40_000/step) == 0 {
				m.heap = max(m.heap, liveHeap()-before)
			}
		}
		m.took, m.requests = time.Since(begun), v.requests.Load()
	})
	return m
}

func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestScanSpeed holds a scan of 100,000 conversations at 50 ms a request against its aims: a quarter of the time that
// sequential pages take, 3 requests where 50 conversations match, and 32 MiB.
func TestScanSpeed(t *testing.T) {
	if !*scanSpeed {
		t.Skip("only with -scan.speed: it walks 200,000 conversations")
	}
	scan := func(filter cfchat.Filter) func(context.Context, *cfchat.Account) iter.Seq2[*cfchat.Conversation, error] {
		return func(ctx context.Context, a *cfchat.Account) iter.Seq2[*cfchat.Conversation, error] {
			return a.Conversations.Scan(ctx, filter, cfchat.ConversationScanOptions{Concurrency: 4})
		}
	}
	all := measure(t, 1, func(ctx context.Context, a *cfchat.Account) iter.Seq2[*cfchat.Conversation, error] {
		return a.Conversations.ListAll(ctx, cfchat.ConversationListOptions{Status: cfchat.StatusAll})
	})
	whole, few := measure(t, 1, scan(cfchat.Filter{})), measure(t, 2_000, scan(openOnes))
	tenth := measure(t, 10, scan(openOnes))
	t.Logf("All:                  %6d conversations, %4d requests, %s, %.1f MiB", all.came, all.requests, all.took, float64(all.heap)/(1<<20))
	t.Logf("Scan:                 %6d conversations, %4d requests, %s, %.1f MiB", whole.came, whole.requests, whole.took, float64(whole.heap)/(1<<20))
	t.Logf("Scan, a tenth match:  %6d conversations, %4d requests, %s", tenth.came, tenth.requests, tenth.took)
	t.Logf("Scan, 50 match:       %6d conversations, %4d requests, %s", few.came, few.requests, few.took)
	ratio := float64(whole.took) / float64(all.took)
	t.Logf("Scan takes %.4f of the time of All", ratio)
	if all.came != 100_000 || whole.came != 100_000 || tenth.came != 10_000 || few.came != 50 {
		t.Error("conversations are missing")
	}
	if ratio > 0.254 { // four requests at once, and one for each 2,000 conversations that proves the end
		t.Errorf("Scan takes %.4f of the time of All, want a quarter", ratio)
	}
	if few.requests > 3 || tenth.requests > 450 {
		t.Errorf("%d requests for 50 conversations, want 3; %d for 10,000, want 450", few.requests, tenth.requests)
	}
	if whole.heap > 32<<20 {
		t.Errorf("%d bytes of heap, want 32 MiB", whole.heap)
	}
}

// BenchmarkScan is what a scan costs this side: the server answers at once, in the same process.
func BenchmarkScan(b *testing.B) {
	for name, c := range map[string]struct{ n, step, want int64 }{
		"of 2,000 that match":            {2_000, 1, 2_000},
		"of 10 that match among 100,000": {100_000, 10_000, 10},
	} {
		b.Run(name, func(b *testing.B) {
			v := &vastAccount{n: c.n, step: c.step}
			chat, err := cfchat.New(cfchat.Config{
				Keys: auth.Keys{User: auth.NewKey("user-key")}, Server: "https://chat.test", HTTPClient: &http.Client{Transport: v},
			})
			if err != nil {
				b.Fatal(err)
			}
			account := chat.Account(1)
			b.ReportAllocs()
			for b.Loop() {
				came := int64(0)
				for _, err := range account.Conversations.Scan(b.Context(), openOnes, cfchat.ConversationScanOptions{}) {
					if err != nil {
						b.Fatal(err)
					}
					came++
				}
				if came != c.want {
					b.Fatalf("%d came, want %d", came, c.want)
				}
			}
			b.ReportMetric(float64(v.requests.Load())/float64(b.N), "requests/op")
		})
	}
}
