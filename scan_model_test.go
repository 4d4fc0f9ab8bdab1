package cfchat_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// busyAccount answers list and filter requests as the servers do, for an account that may change between any two requests.
// Each response takes its own time, which depends on the request, so that on virtual time a test runs the same way each
// time, however many requests are concurrent.
//
// It is small on purpose. internal/histories has a model of everything that the servers do.
type busyAccount struct {
	rowPerLabel bool          // as before 3.1.1
	filterPage  int           // rows, 25 on every version
	slow        time.Duration // how long a response may take
	dated       bool          // responses have a Date
	before      func()        // called before each response
	between     func()        // called between the count and the rows of a filter

	mu            sync.Mutex
	conversations []*busyConversation // in order of id
	latest        []*busyConversation // the latest activity first, as of inOrder
	inOrder       int64
	clock         int64 // counts events
	requests      int
	underWay      int
	mostUnderWay  int
}

type busyConversation struct {
	id       int64
	status   string
	inbox    int64
	labels   []string
	activity int64
	created  int64 // in seconds; 0 is not shown
	broken   bool  // it cannot be rendered: a page with it is a 500
	size     int   // bytes of its attributes
}

// busyRule is one rule of a filter as received over the wire.
type busyRule struct {
	or        bool // joined to the preceding rules by OR
	attribute string
	operator  string
	texts     []string
	numbers   []int64 // in order
	day       int64   // the start, in seconds, of the day named by its first text
}

// quietAccount returns an account of open conversations in which nothing happens. Each was created ten minutes after the
// previous one, from 1970 on.
func quietAccount(ids ...int64) *busyAccount {
	b := &busyAccount{filterPage: 25, slow: time.Millisecond}
	for i, id := range ids {
		b.add(id).created = int64(i+1) * 600
	}
	return b
}

// recentAccount returns an account with 100 conversations a day up to the day before the bubble's.
func recentAccount(ids ...int64) *busyAccount {
	b := quietAccount(ids...)
	yesterday := time.Now().Truncate(24*time.Hour).Unix() - 1
	for i, c := range b.conversations {
		c.created = yesterday - int64(len(ids)-i)*864
	}
	return b
}

// add adds an open conversation with the highest id.
func (b *busyAccount) add(id int64) *busyConversation {
	c := &busyConversation{id: id, status: "open", inbox: 1, activity: b.tick()}
	b.conversations = append(b.conversations, c)
	return c
}

// breaks makes the given conversations unrenderable.
func (b *busyAccount) breaks(ids ...int64) *busyAccount {
	for _, c := range b.conversations {
		c.broken = c.broken || slices.Contains(ids, c.id)
	}
	return b
}

// last returns the last id.
func (b *busyAccount) last() int64 { return b.conversations[len(b.conversations)-1].id }

func (b *busyAccount) tick() int64 {
	b.clock++
	return b.clock
}

// rowsOf counts the rows that a filter returns for a conversation: at most one, or before 3.1.1 one for each of its labels
// if it matches.
func (b *busyAccount) rowsOf(rules []busyRule, c *busyConversation) int {
	if !b.rowPerLabel || len(c.labels) == 0 {
		return count(c.matches(rules))
	}
	return len(c.labels) * count(c.matches(rules))
}

func count(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

// matches combines the rules, AND before OR.
func (c *busyConversation) matches(rules []busyRule) bool {
	branch := true
	for i := range rules {
		r := &rules[i]
		if r.or {
			if branch {
				return true
			}
			branch = true
		}
		branch = branch && c.holds(r)
	}
	return branch
}

func (c *busyConversation) holds(r *busyRule) bool {
	equal := false
	switch r.attribute {
	case "status":
		equal = slices.Contains(r.texts, c.status) || slices.Contains(r.texts, "all")
	case "inbox_id":
		equal = r.names(c.inbox)
	case "display_id":
		equal = r.names(c.id)
	case "created_at":
		return r.operator == "is_greater_than" && c.created >= r.day+86_400 || r.operator == "is_less_than" && c.created < r.day
	}
	switch r.operator {
	case "equal_to":
		return equal
	case "not_equal_to":
		return !equal
	}
	return r.operator == "is_not_present" // no conversation is assigned
}

// names reports whether a number is among the rule's.
func (r *busyRule) names(number int64) bool {
	_, found := slices.BinarySearch(r.numbers, number)
	return found
}

// RoundTrip answers one request, with a pause before and after.
func (b *busyAccount) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	name := crc32.Update(crc32.ChecksumIEEE([]byte(req.URL.RequestURI())), crc32.IEEETable, body)
	latency := rand.New(rand.NewPCG(1, uint64(name)))
	b.enter(1)
	defer b.enter(-1)
	if err := pause(req.Context(), time.Duration(1+latency.Int64N(int64(b.slow)))); err != nil {
		return nil, err
	}
	resp := b.answer(req, body)
	if err := pause(req.Context(), time.Duration(1+latency.Int64N(int64(b.slow)))); err != nil {
		return nil, err
	}
	return resp, nil
}

func (b *busyAccount) enter(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.underWay += n
	b.mostUnderWay = max(b.mostUnderWay, b.underWay)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *busyAccount) answer(req *http.Request, body []byte) *http.Response {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	if b.before != nil {
		b.before()
	}
	page, _ := strconv.Atoi(cmp.Or(req.URL.Query().Get("page"), "1"))
	resp := trial.Reply(http.StatusNotFound, "application/json", `{"error":"Resource could not be found"}`)
	switch path := req.URL.Path; {
	case strings.HasSuffix(path, "/conversations/filter"):
		resp = b.answerFilter(page, body)
	case strings.HasSuffix(path, "/conversations"):
		resp = b.answerList(page, req)
	}
	if b.dated {
		resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	return resp
}

func jsonReply(format string, args ...any) *http.Response {
	return trial.Reply(http.StatusOK, "application/json; charset=utf-8", fmt.Sprintf(format, args...))
}

func internalError() *http.Response {
	return trial.Reply(http.StatusInternalServerError, "application/json; charset=utf-8", `{"status":500,"error":"Internal Server Error"}`)
}

// latestFirst orders conversations as a filter does, those with the same time by id.
func latestFirst(x, y *busyConversation) int {
	if x.activity != y.activity {
		return cmp.Compare(y.activity, x.activity)
	}
	return cmp.Compare(x.id, y.id)
}

func (b *busyAccount) answerList(page int, req *http.Request) *http.Response {
	query := req.URL.Query()
	var all []*busyConversation
	for _, c := range b.conversations {
		if query.Get("status") == "all" || c.status == cmp.Or(query.Get("status"), "open") {
			all = append(all, c)
		}
	}
	if query.Get("sort_by") == "sort_on_created_at" {
		slices.SortFunc(all, func(x, y *busyConversation) int { return cmp.Compare(x.created, y.created) })
	} else {
		slices.SortFunc(all, latestFirst)
	}
	rows, ok := render(all, page, 25)
	if !ok {
		return internalError()
	}
	return jsonReply(`{"data":{"meta":{"all_count":%d},"payload":[%s]}}`, len(all), rows)
}

func (b *busyAccount) answerFilter(page int, body []byte) *http.Response {
	rules, err := parseRules(body)
	if err != nil {
		return trial.Reply(http.StatusUnprocessableEntity, "application/json", `{"error":"the model cannot read the filter"}`)
	}
	matching := b.matching(rules)
	total := len(matching)
	if b.between != nil {
		b.between()
		matching = b.matching(rules)
	}
	rows, ok := render(matching, page, b.filterPage)
	if !ok {
		return internalError()
	}
	return jsonReply(`{"meta":{"mine_count":0,"unassigned_count":0,"all_count":%d},"payload":[%s]}`, total, rows)
}

// matching returns the rows of a filter, in its order. The order is kept, because little changes from one request to the
// next.
func (b *busyAccount) matching(rules []busyRule) []*busyConversation {
	if b.inOrder != b.clock {
		b.latest, b.inOrder = append(b.latest, b.conversations[len(b.latest):]...), b.clock
		slices.SortFunc(b.latest, latestFirst)
	}
	var rows []*busyConversation
	for _, c := range b.latest {
		for range b.rowsOf(rules, c) {
			rows = append(rows, c)
		}
	}
	return rows
}

// render writes a page, or reports that it cannot be rendered.
func render(all []*busyConversation, page, size int) (string, bool) {
	var rows []string
	for _, c := range pageOf(all, page, size) {
		if c.broken {
			return "", false
		}
		row := fmt.Sprintf(`{"id":%d,"status":%q,"inbox_id":%d`, c.id, c.status, c.inbox)
		if c.created > 0 {
			row += fmt.Sprintf(`,"created_at":%d`, c.created)
		}
		if c.size > 0 {
			row += fmt.Sprintf(`,"additional_attributes":{"text":%q}`, strings.Repeat("x", c.size))
		}
		rows = append(rows, row+"}")
	}
	return strings.Join(rows, ","), true
}

// parseRules reads the body of a filter. It removes numbers first, of which there may be thousands, because encoding/json is
// slow on them.
func parseRules(body []byte) ([]busyRule, error) {
	const values = `"values":[`
	parts := strings.Split(string(body), values)
	rules := make([]busyRule, len(parts)-1)
	for i := range rules {
		list, rest, _ := strings.Cut(parts[i+1], "]")
		if list == "" || list[0] == '"' {
			continue
		}
		if err := rules[i].parseNumbers(list); err != nil {
			return nil, err
		}
		parts[i+1] = "]" + rest
	}
	var sent struct {
		Payload []struct {
			Key      string  `json:"attribute_key"`
			Operator string  `json:"filter_operator"`
			Join     *string `json:"query_operator"`
			Values   []string
		}
	}
	if err := json.Unmarshal([]byte(strings.Join(parts, values)), &sent); err != nil {
		return nil, err
	}
	if len(sent.Payload) != len(rules) {
		return nil, fmt.Errorf("%d rules have %d lists of values: %.200s", len(sent.Payload), len(rules), body)
	}
	or := false
	for i, r := range sent.Payload {
		rule := &rules[i]
		if last := i == len(rules)-1; last != (r.Join == nil) {
			return nil, fmt.Errorf("the query operator of rule %d is out of place: %.200s", i+1, body)
		}
		rule.or, rule.attribute, rule.operator, rule.texts = or, r.Key, r.Operator, r.Values
		or = r.Join != nil && *r.Join == "OR"
		if r.Key == "created_at" || r.Key == "last_activity_at" {
			day, err := time.Parse(time.DateOnly, r.Values[0])
			if err != nil {
				return nil, err
			}
			rule.day = day.Unix()
		}
	}
	return rules, nil
}

// parseNumbers reads the values of a rule, and sorts them.
func (r *busyRule) parseNumbers(list string) error {
	r.numbers = make([]int64, 0, 1+strings.Count(list, ","))
	for number := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return err
		}
		r.numbers = append(r.numbers, n)
	}
	slices.Sort(r.numbers)
	return nil
}
