package cfchat_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// endless returns a transport that serves a conversation of messages with the ids from 1 to n without keeping any of them.
func endless(n int64) trial.RoundTripper {
	text := strings.Repeat("x", 1_000)
	return func(req *http.Request) (*http.Response, error) {
		var after, before int64
		_, _ = fmt.Sscan(req.URL.Query().Get("after")+" "+req.URL.Query().Get("before"), &after, &before)
		var body strings.Builder
		body.WriteString(`{"meta":{},"payload":[`)
		last := min(before-1, n, after+999)
		for id := after; id <= last; id++ {
			fmt.Fprintf(&body, `{"id":%d,"conversation_id":42,"content":"%s","content_type":"text","message_type":1,"private":false,"created_at":%d}`, id, text, id)
			if id < last {
				body.WriteByte(',')
			}
		}
		body.WriteString("]}")
		return trial.Reply(200, "application/json", body.String()), nil
	}
}

// TestMessageScanMemory checks that a scan keeps only one response and what it knows about ids, however many messages there
// are.
func TestMessageScanMemory(t *testing.T) {
	n := int64(8_000)
	if *messageCosts {
		n = 1_000_000
	}
	messages := trial.Chat(t, endless(n)).Account(trial.AccountID).Messages
	var before, early, late uint64
	came := int64(0)
	for _, err := range messages.Scan(t.Context(), 42, cfchat.MessageScanOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		switch came++; {
		case came == 1:
			before = alive()
		case came%(n/8) == 500 && came < n/2:
			early = max(early, alive())
		case came%(n/8) == 500:
			late = max(late, alive())
		}
	}
	t.Logf("%d messages: %d bytes were alive at the first, at most %d in the first half and %d in the second", came, before, early, late)
	if came != n || early == 0 || late > early+1<<20 {
		t.Errorf("%d messages yielded; %d bytes in the first half, %d in the second", came, early, late)
	}
}
