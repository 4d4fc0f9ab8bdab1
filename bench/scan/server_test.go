package scan_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

const (
	day      = 24 * 60 * 60
	pageSize = 25
)

// server answers filters over one account, whose conversations were created a minute apart. Nothing happens in it. It is safe
// for concurrent use.
type server struct {
	ids     []int64           // in order
	mixed   bool              // whether the latest activity is independent of the id
	created func(int64) int64 // by id, later for higher ids
	rows    []string          // the JSON after the fields of an id, used in turn

	latency   latency       // of a request
	perMinute int           // requests that are answered in a minute of the server's clock; 0 for no limit
	behind    time.Duration // how far the server's clock is behind the local one
	noDate    bool
	limiter   cfchat.Limiter // the client's limiter, if any

	still sync.RWMutex // locked while nothing may be answered

	mu       sync.Mutex // guards the following fields
	random   *rand.Rand
	requests int
	refused  int // requests answered with 429
	minute   int64
	inMinute int
}

// brief is a conversation as small as it can be, so that as many as possible are read in a second.
const brief = `"status":"open","labels":[],"additional_attributes":{},"custom_attributes":{},"meta":{"sender":{"id":1,"name":"Jo"}},"messages":[]}`

// newServer returns a server with the ids up to last for which exists returns true.
func newServer(last int64, exists func(id int64) bool) *server {
	s := &server{rows: []string{brief}, latency: even(0), random: rand.New(rand.NewPCG(1, 1))}
	for id := int64(1); id <= last; id++ {
		if exists(id) {
			s.ids = append(s.ids, id)
		}
	}
	s.ids = slices.Clip(s.ids)
	start := time.Now().Unix() - 60*last
	s.created = func(id int64) int64 { return start + 60*id }
	return s
}

// recorded makes the server answer with conversations recorded from a 4.7.0, 3 kB each.
func (s *server) recorded(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile("../testdata/list.json")
	if err != nil {
		t.Fatal(err)
	}
	var exchange struct{ Response struct{ Body string } }
	var list struct {
		Data struct{ Payload []map[string]json.RawMessage }
	}
	if err := errors.Join(json.Unmarshal(data, &exchange), json.Unmarshal([]byte(exchange.Response.Body), &list)); err != nil {
		t.Fatal(err)
	}
	s.rows = nil
	for _, row := range list.Data.Payload {
		for _, own := range []string{"id", "inbox_id", "created_at", "timestamp"} {
			delete(row, own)
		}
		rest, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		s.rows = append(s.rows, strings.TrimPrefix(string(rest), "{"))
	}
}

// account returns the account, with a client as programs use it.
func (s *server) account(t *testing.T) *cfchat.Account {
	t.Helper()
	chat, err := cfchat.New(cfchat.Config{
		Keys: auth.Keys{User: auth.NewKey("a-key-of-a-user-0123456789")}, Server: "https://chat.test",
		HTTPClient: &http.Client{Transport: s}, Limiter: s.limiter,
	})
	if err != nil {
		t.Fatal(err)
	}
	return chat.Account(1)
}

// RoundTrip answers after the latency, and counts the request halfway through it. It writes the answer at the end, so that
// it holds no answers meanwhile.
func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	took := s.latency(s.random)
	s.mu.Unlock()
	if err := pause(req, took/2); err != nil {
		return nil, err
	}
	lets := s.lets()
	if err := pause(req, took-took/2); err != nil {
		return nil, err
	}
	s.still.RLock()
	defer s.still.RUnlock()
	status, kind, answer := http.StatusTooManyRequests, "text/plain", "Retry later\n"
	if lets {
		status, kind = http.StatusOK, "application/json; charset=utf-8"
		if answer, err = s.answer(req, body); err != nil {
			return nil, err
		}
	}
	resp := &http.Response{
		StatusCode: status, Status: strconv.Itoa(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(answer)), ContentLength: int64(len(answer)),
	}
	if !s.noDate {
		resp.Header.Set("Date", time.Now().Add(-s.behind).UTC().Format(http.TimeFormat))
	}
	return resp, nil
}

func pause(req *http.Request, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-req.Context().Done():
		return req.Context().Err()
	}
}

// lets counts a request, and reports whether it is within the limit.
func (s *server) lets() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	if minute := time.Now().Add(-s.behind).Unix() / 60; minute != s.minute {
		s.minute, s.inMinute = minute, 0
	}
	if s.inMinute++; s.perMinute > 0 && s.inMinute > s.perMinute {
		s.refused++
		return false
	}
	return true
}

// rules are the rules of a filter, all of which must match.
type rules struct {
	in, notIn      []int64 // ids, in order; in is nil for all
	inbox, inboxes []int64 // the inbox is one of inbox, and none of inboxes
	from, to       int64   // created at from or later, and before to
}

func parse(body []byte) (*rules, error) {
	var sent struct {
		Payload []struct {
			Key      string          `json:"attribute_key"`
			Operator string          `json:"filter_operator"`
			Join     *string         `json:"query_operator"`
			Values   json.RawMessage `json:"values"`
		} `json:"payload"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return nil, err
	}
	r := &rules{to: 1 << 40}
	for _, rule := range sent.Payload {
		var err error
		switch what := rule.Key + " " + rule.Operator; what {
		case "display_id equal_to":
			r.in, err = numbers(rule.Values)
		case "display_id not_equal_to":
			r.notIn, err = numbers(rule.Values)
		case "inbox_id equal_to":
			r.inbox, err = numbers(rule.Values)
		case "inbox_id not_equal_to":
			r.inboxes, err = numbers(rule.Values)
		case "created_at is_greater_than", "created_at is_less_than":
			var values []string
			err = json.Unmarshal(rule.Values, &values)
			if err != nil || len(values) != 1 {
				return nil, fmt.Errorf("%s %s", what, rule.Values)
			}
			var at time.Time
			at, err = time.Parse(time.DateOnly, values[0])
			if rule.Operator == "is_less_than" {
				r.to = min(r.to, at.Unix())
			} else {
				r.from = max(r.from, at.Unix()+day)
			}
		case "status equal_to":
			if string(rule.Values) != `["all"]` {
				err = fmt.Errorf("%s %s", what, rule.Values)
			}
		default:
			err = errors.New("the server does not support the rule " + what)
		}
		if err == nil && rule.Join != nil && *rule.Join != "AND" {
			err = errors.New("the server joins rules only with AND")
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// numbers reads a list of ids, which may have thousands, faster than encoding/json, and sorts it.
func numbers(list []byte) ([]int64, error) {
	text := strings.Trim(string(list), "[]")
	all := make([]int64, 0, 1+strings.Count(text, ","))
	for text != "" {
		var one string
		one, text, _ = strings.Cut(text, ",")
		n, err := strconv.ParseInt(strings.Trim(one, ` "`), 10, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return all, nil
}

// answer returns a page of a filter's matches, the latest activity first.
func (s *server) answer(req *http.Request, body []byte) (string, error) {
	if !strings.HasSuffix(req.URL.Path, "/conversations/filter") {
		return "", errors.New("the server does not support " + req.URL.Path)
	}
	page, err := strconv.Atoi(req.URL.Query().Get("page"))
	if err != nil {
		return "", err
	}
	r, err := parse(body)
	if err != nil {
		return "", err
	}
	found := s.find(r)
	if s.mixed {
		found = slices.Clone(found)
		slices.SortFunc(found, func(x, y int64) int { return cmp.Compare(scattered(x), scattered(y)) })
	}
	from := min((page-1)*pageSize, len(found))
	to := min(from+pageSize, len(found))
	var b strings.Builder
	b.Grow(100 + (to-from)*(80+len(s.rows[0])))
	fmt.Fprintf(&b, `{"meta":{"all_count":%d},"payload":[`, len(found))
	for i := from; i < to; i++ {
		if i > from {
			b.WriteByte(',')
		}
		id := found[len(found)-1-i]
		at := s.created(id)
		fmt.Fprintf(&b, `{"id":%d,"inbox_id":%d,"created_at":%d,"timestamp":%d,`, id, inbox(id), at, at)
		b.WriteString(s.rows[id%int64(len(s.rows))])
	}
	b.WriteString("]}")
	return b.String(), nil
}

// find returns the ids of a filter's matches, in order.
func (s *server) find(r *rules) []int64 {
	lo := sort.Search(len(s.ids), func(i int) bool { return s.created(s.ids[i]) >= r.from })
	hi := sort.Search(len(s.ids), func(i int) bool { return s.created(s.ids[i]) >= r.to })
	found := s.ids[lo:max(lo, hi)]
	if r.in != nil {
		found = common(found, r.in)
	}
	if r.notIn == nil && r.inbox == nil && r.inboxes == nil {
		return found
	}
	without := r.notIn
	var left []int64
	for _, id := range found {
		for len(without) > 0 && without[0] < id {
			without = without[1:]
		}
		if (len(without) == 0 || without[0] != id) && (r.inbox == nil || slices.Contains(r.inbox, inbox(id))) && !slices.Contains(r.inboxes, inbox(id)) {
			left = append(left, id)
		}
	}
	return left
}

// common returns the elements that two sorted lists have in common.
func common(all, some []int64) []int64 {
	if len(all) == 0 || len(some) == 0 {
		return nil
	}
	lo, _ := slices.BinarySearch(all, some[0])
	hi, _ := slices.BinarySearch(all, some[len(some)-1]+1)
	all = all[lo:hi]
	both := make([]int64, 0, min(len(all), len(some)))
	for len(all) > 0 && len(some) > 0 {
		switch {
		case all[0] < some[0]:
			all = all[1:]
		case all[0] > some[0]:
			some = some[1:]
		default:
			both = append(both, all[0])
			all, some = all[1:], some[1:]
		}
	}
	return both
}

// inbox returns the inbox of a conversation.
func inbox(id int64) int64 { return 1 + id%4 }

// scattered returns a number that is unrelated to those of neighboring ids.
func scattered(id int64) uint64 {
	x := uint64(id) * 0x9e3779b97f4a7c15
	x ^= x >> 32
	x *= 0xd6e8feb86659fd93
	return x >> 20
}

// latency returns how long a request takes.
type latency = func(*rand.Rand) time.Duration

// even returns a latency that is always the same.
func even(d time.Duration) latency {
	return func(*rand.Rand) time.Duration { return d }
}

// exponential returns a latency of at least some time, plus an exponentially distributed time, as queues cause it.
func exponential(least, more time.Duration) latency {
	return func(r *rand.Rand) time.Duration { return least + time.Duration(r.ExpFloat64()*float64(more)) }
}

// stalling returns a latency that is much longer for one request in oneIn, at random.
func stalling(d, more time.Duration, oneIn int) latency {
	return func(r *rand.Rand) time.Duration {
		if r.IntN(oneIn) == 0 {
			return d + more
		}
		return d
	}
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
