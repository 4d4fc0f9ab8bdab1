package cfchat_test

import (
	"cmp"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// longConversations answers windows of messages as the servers do, according to the contract (1.1). Each response takes its
// own time, which depends on the request.
//
// It is small on purpose, and knows nothing about why the messages are requested.
type longConversations struct {
	most    int           // rows per response, 1000 on every version
	slow    time.Duration // how long a response may take
	before  func(r asked) // called before each response
	instead func(r asked) *http.Response
	dated   bool // responses have a Date

	mu            sync.Mutex
	conversations map[int64]*longConversation
	asked         []asked
	underWay      int
	mostUnderWay  int
}

type longConversation struct {
	messages    []storedMessage
	inOrder     int  // how many messages are in order of time
	contactGone bool // every request fails
}

type storedMessage struct {
	id      int64
	created int64 // in microseconds
	kind    int
	broken  bool // it cannot be rendered: a response with it is a 500
	drops   bool // it makes the server drop the connection
	size    int  // bytes of its content
}

// asked is a request for messages.
type asked struct {
	n            int // counts all requests, from 1
	conversation int64
	after        int64
	before       int64
	query        string
}

// empty reports whether the response can only be empty.
func (a asked) empty() bool { return a.after >= a.before }

// oneConversation returns a model with conversation 42, whose messages were stored in the given order.
func oneConversation(ids ...int64) *longConversations {
	l := &longConversations{most: 1000, slow: time.Millisecond, conversations: map[int64]*longConversation{}}
	l.add(42, ids...)
	return l
}

// add adds a conversation, or adds messages to an existing one.
func (l *longConversations) add(conversation int64, ids ...int64) *longConversation {
	c := l.conversations[conversation]
	if c == nil {
		c = &longConversation{}
		l.conversations[conversation] = c
	}
	for _, id := range ids {
		created := int64(900_000_000_000_000) // in 1998, before the bubble's time begins
		if n := len(c.messages); n > 0 {
			created = c.messages[n-1].created + 1
		}
		c.messages = append(c.messages, storedMessage{id: id, created: created})
	}
	return c
}

// one returns a message of a conversation.
func (c *longConversation) one(id int64) *storedMessage {
	i := slices.IndexFunc(c.messages, func(m storedMessage) bool { return m.id == id })
	return &c.messages[i]
}

// ids returns the ids of its messages, in order.
func (c *longConversation) ids() (ids []int64) {
	for _, m := range c.messages {
		ids = append(ids, m.id)
	}
	slices.Sort(ids)
	return ids
}

// account returns a client for the model's account.
func (l *longConversations) account(t *testing.T, options ...func(*cfchat.Config)) *cfchat.Account {
	return trial.Chat(t, l, options...).Account(1)
}

// RoundTrip answers one request, with a pause before and after.
func (l *longConversations) RoundTrip(req *http.Request) (*http.Response, error) {
	latency := rand.New(rand.NewPCG(1, uint64(crc32.ChecksumIEEE([]byte(req.URL.RequestURI())))))
	l.enter(1)
	defer l.enter(-1)
	if err := pause(req.Context(), time.Duration(1+latency.Int64N(int64(l.slow)))); err != nil {
		return nil, err
	}
	resp, err := l.answer(req)
	if err != nil {
		return nil, err
	}
	if l.dated {
		resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	if err := pause(req.Context(), time.Duration(1+latency.Int64N(int64(l.slow)))); err != nil {
		return nil, err
	}
	return resp, nil
}

func (l *longConversations) enter(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.underWay += n
	l.mostUnderWay = max(l.mostUnderWay, l.underWay)
}

func (l *longConversations) requests() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.asked)
}

// notFound returns the response for something that does not exist.
func notFound() *http.Response {
	return trial.Reply(http.StatusNotFound, "application/json", `{"error":"Resource could not be found"}`)
}

// answer answers a request for messages.
func (l *longConversations) answer(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	steps := strings.Split(req.URL.Path, "/")
	if steps[len(steps)-1] != "messages" {
		return notFound(), nil
	}
	r := asked{n: len(l.asked) + 1, query: req.URL.RawQuery}
	r.conversation, _ = strconv.ParseInt(steps[len(steps)-2], 10, 64)
	var bad [2]error
	r.after, bad[0] = strconv.ParseInt(req.URL.Query().Get("after"), 10, 64)
	r.before, bad[1] = strconv.ParseInt(req.URL.Query().Get("before"), 10, 64)
	l.asked = append(l.asked, r)
	if l.before != nil {
		l.before(r)
	}
	if l.instead != nil {
		if resp := l.instead(r); resp != nil {
			return resp, nil
		}
	}
	c := l.conversations[r.conversation]
	switch {
	case c == nil:
		return notFound(), nil
	case c.contactGone, bad != [2]error{}: // not a 64-bit integer
		return internalError(), nil
	}
	return c.window(r, l.most)
}

// byTime orders messages by time.
func byTime(x, y storedMessage) int { return cmp.Compare(x.created, y.created) }

// window returns the messages from after to before, the oldest by time if there are too many.
func (c *longConversation) window(r asked, most int) (*http.Response, error) {
	if c.inOrder != len(c.messages) {
		slices.SortStableFunc(c.messages, byTime)
		c.inOrder = len(c.messages)
	}
	in := make([]*storedMessage, 0, most)
	size := 0
	for i := range c.messages {
		if m := &c.messages[i]; m.id >= r.after && m.id < r.before {
			in = append(in, m)
			if size += 200 + m.size; len(in) == most {
				break
			}
		}
	}
	answer := append(make([]byte, 0, 30+size), `{"meta":{},"payload":[`...)
	for i, m := range in {
		switch {
		case m.drops:
			return nil, errors.New("connection reset by peer")
		case m.broken:
			return internalError(), nil
		case i > 0:
			answer = append(answer, ',')
		}
		answer = m.appendTo(answer, r.conversation)
	}
	return trial.Reply(http.StatusOK, "application/json; charset=utf-8", string(append(answer, "]}"...))), nil
}

// appendTo appends the message as a row. It does without fmt, on which tests of long conversations would spend most of their
// time.
func (m *storedMessage) appendTo(answer []byte, conversation int64) []byte {
	answer = strconv.AppendInt(append(answer, `{"id":`...), m.id, 10)
	answer = strconv.AppendInt(append(answer, `,"conversation_id":`...), conversation, 10)
	answer = strconv.AppendInt(append(answer, `,"message_type":`...), int64(m.kind), 10)
	answer = strconv.AppendInt(append(answer, `,"content_type":"text","created_at":`...), m.created/1_000_000, 10)
	answer = append(answer, `,"content":"`...)
	answer = append(answer, strings.Repeat("x", m.size)...)
	return append(answer, `"}`...)
}
