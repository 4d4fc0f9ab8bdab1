package cfchat_test

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
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

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// The histories of TestChangedLosesNothing and TestChangedKeepsACopy.
var (
	changedSeed      = flag.Uint64("changed.seed", 0, "play only this history in the tests of Changed")
	changedHistories = flag.Int("changed.histories", part(50), "number of histories played by the tests of Changed")
)

// livingAccount is an account as the contract describes it (1.2, 5 and 6, and section 7 on what moves what): list, counts and
// filter. Changes get their times, to the microsecond, before they are stored, by several servers and out of order.
type livingAccount struct {
	version      string        // that it reports; "" if it reports none
	old          bool          // before 3.6.0: updated_within is ignored, and updated_at and last_activity_at are not sent
	rowPerLabel  bool          // before 3.1.1
	noDate       bool          // of its answers
	skew         time.Duration // of its clock
	slow         time.Duration // the longest time that a request takes
	listTakes    time.Duration // the extra time for one with updated_within
	lag          time.Duration // the longest time between a change and its being stored
	first        int64         // the first id; 1 if unset
	bodyLimit    int           // the largest request body, in bytes
	refusal      int           // the status for a larger one; 413 if unset
	unordered    bool          // filters return rows in no order
	ignoresRules bool          // filters return every row
	filterPage   int           // rows per page; 25 on every real server
	between      func()        // called between the counts and the rows of a filter
	before       func(request string)
	fault        func(request string) *http.Response

	mu      sync.Mutex
	random  *rand.Rand
	seed    uint64
	all     []*living // in order of id
	ordered []*living // the latest activity first; nil if it must be rebuilt
	commits []livingCommit
	asked   map[string]int
	wholes  int      // number of filters without a rule for ids
	largest int      // the largest request body, in bytes
	foreign []string // requests that Changed must not send
}

// living is a conversation.
type living struct {
	id              int64
	labels          int
	created         time.Time
	active, updated time.Time
	broken, deleted bool
	messages        int // stored messages, which are activities
	updates         int // stored updates without an activity

	due, dueUpdated bool // the walk must yield it
	everBroken      bool
	everSince       bool // the walk may yield it
}

// livingCommit is a change that has its time already and is stored later.
type livingCommit struct {
	at    time.Time
	store func()
}

func newLivingAccount(seed uint64) *livingAccount {
	return &livingAccount{version: "4.7.0", filterPage: 25, random: rand.New(rand.NewPCG(seed, 7)), seed: seed, slow: time.Millisecond, asked: map[string]int{}}
}

// scanned reports whether a single walk continued with a scan: a walk requests everything that was active once, and a scan
// starts with the same request.
func (a *livingAccount) scanned() bool { return a.wholes > 1 }

// now returns the time by the server's clock.
func (a *livingAccount) now() time.Time {
	return time.Now().Add(a.skew).UTC().Truncate(time.Microsecond)
}

// add adds a conversation that was last active at the given time.
func (a *livingAccount) add(active time.Time) *living {
	c := &living{id: max(a.first, 1), created: active, active: active, updated: active, messages: 1, labels: a.random.IntN(4)}
	if n := len(a.all); n > 0 {
		c.id = a.all[n-1].id + 1
	}
	a.all, a.ordered = append(a.all, c), nil
	return c
}

// fill adds n conversations, the newest last active at newest and each of the others apart before the next.
func (a *livingAccount) fill(n int, newest time.Time, apart time.Duration) *livingAccount {
	for i := range n {
		a.add(newest.Add(-time.Duration(n-1-i) * apart))
	}
	return a
}

// stamped gives a change the current time and stores it after a random lag.
func (a *livingAccount) stamped(store func(at time.Time)) {
	at, lag := a.now(), time.Duration(0)
	if a.lag > 0 {
		lag = time.Duration(a.random.Int64N(int64(a.lag)))
	}
	a.commits = append(a.commits, livingCommit{time.Now().Add(lag), func() { store(at) }})
}

// settle stores the changes that are due.
func (a *livingAccount) settle() {
	slices.SortStableFunc(a.commits, func(x, y livingCommit) int { return x.at.Compare(y.at) })
	for len(a.commits) > 0 && !a.commits[0].at.After(time.Now()) {
		a.commits[0].store()
		a.commits = a.commits[1:]
	}
}

// write adds a message to a conversation. The last message stored decides the conversation's times, whatever its own time.
func (a *livingAccount) write(c *living) {
	a.stamped(func(at time.Time) { c.active, c.updated, c.messages, a.ordered = at, at, c.messages+1, nil })
}

// update changes an attribute, which is not an activity.
func (a *livingAccount) update(c *living) {
	a.stamped(func(at time.Time) { c.updated, c.updates = at, c.updates+1 })
}

// happen makes up to most random changes. One in harm of those that can delete or break a conversation does so; none if harm
// is 0.
func (a *livingAccount) happen(most, harm int) {
	for range a.random.IntN(most + 1) {
		c := &living{}
		if len(a.all) > 0 {
			c = a.all[a.random.IntN(len(a.all))]
		}
		switch kind := a.random.IntN(10); {
		case kind == 0 || len(a.all) == 0:
			a.stamped(func(at time.Time) { a.add(at) })
		case kind < 4:
			a.update(c)
		case kind == 4 && harm > 0 && a.random.IntN(harm) == 0:
			c.deleted, a.ordered = true, nil
		case kind == 5 && harm > 0 && a.random.IntN(harm) == 0:
			c.broken = !c.broken
			c.everBroken = true
		default:
			a.write(c)
		}
	}
}

// RoundTrip answers a request with the state in the middle of the time that it takes.
func (a *livingAccount) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	name := crc32.Update(crc32.ChecksumIEEE([]byte(req.URL.RequestURI())), crc32.IEEETable, body)
	takes := time.Duration(1 + rand.New(rand.NewPCG(a.seed, uint64(name))).Int64N(int64(a.slow)))
	wait := takes
	if req.URL.Query().Has("updated_within") {
		wait += a.listTakes
	}
	if err := pause(req.Context(), wait); err != nil {
		return nil, err
	}
	resp := a.answer(req, body)
	if resp.StatusCode == 0 {
		return nil, errors.New("connection reset by peer")
	}
	if !a.noDate {
		resp.Header.Set("Date", a.now().Format(http.TimeFormat))
	}
	if err := pause(req.Context(), takes); err != nil {
		return nil, err
	}
	return resp, nil
}

func (a *livingAccount) answer(req *http.Request, body []byte) *http.Response {
	a.mu.Lock()
	defer a.mu.Unlock()
	query, request := req.URL.Query(), req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
	if query.Has("updated_within") {
		request = "updated"
	}
	a.asked[request]++
	a.largest = max(a.largest, len(body))
	a.settle()
	if a.before != nil {
		a.before(request)
	}
	if a.fault != nil {
		if resp := a.fault(request); resp != nil {
			return resp
		}
	}
	if a.bodyLimit > 0 && len(body) > a.bodyLimit {
		return trial.Reply(cmp.Or(a.refusal, http.StatusRequestEntityTooLarge), "text/html", "<html>")
	}
	page, _ := strconv.Atoi(cmp.Or(query.Get("page"), "1"))
	switch {
	case request == "api" && a.version != "":
		return jsonReply(`{"version":%q}`, a.version)
	case request == "filter":
		return a.answerFilter(page, body)
	case request == "updated" && query.Get("status") == "all":
		return a.answerUpdated(query.Get("updated_within"))
	case request != "api":
		a.foreign = append(a.foreign, req.Method+" "+req.URL.RequestURI())
	}
	return trial.Reply(http.StatusNotFound, "application/json", `{"error":"Resource could not be found"}`)
}

func livingCounts(all int) string {
	return fmt.Sprintf(`{"mine_count":0,"assigned_count":0,"unassigned_count":0,"all_count":%d}`, all)
}

// latest returns the conversations that are not deleted, the latest activity first.
func (a *livingAccount) latest() []*living {
	if a.ordered == nil {
		a.ordered = make([]*living, 0, len(a.all))
		for _, c := range a.all {
			if !c.deleted {
				a.ordered = append(a.ordered, c)
			}
		}
		slices.SortStableFunc(a.ordered, func(x, y *living) int { return y.active.Compare(x.active) })
	}
	return a.ordered
}

func pageOf[T any](rows []T, page, size int) []T {
	from := min((max(page, 1)-1)*size, len(rows))
	return rows[from:min(from+size, len(rows))]
}

// answerUpdated answers a list with updated_within: without pages, or with a page of everything if the server does not know
// the parameter.
func (a *livingAccount) answerUpdated(within string) *http.Response {
	rows := a.latest()
	if a.old {
		return a.answerList(len(rows), pageOf(rows, 1, 25))
	}
	seconds, _ := strconv.Atoi(within)
	from := a.now().Add(-time.Duration(seconds) * time.Second)
	var updated []*living
	for _, c := range rows {
		if c.updated.After(from) {
			updated = append(updated, c)
		}
	}
	return a.answerList(len(rows), updated)
}

func (a *livingAccount) answerList(count int, rows []*living) *http.Response {
	text, ok := a.render(rows)
	if !ok {
		return internalError()
	}
	return jsonReply(`{"data":{"meta":%s,"payload":[%s]}}`, livingCounts(count), text)
}

func (a *livingAccount) render(rows []*living) (string, bool) {
	var texts []string
	for _, c := range rows {
		if c.broken {
			return "", false
		}
		text := fmt.Sprintf(`{"id":%d,"status":"open","created_at":%d,"timestamp":%d,"custom_attributes":{"messages":%d,"updates":%d}`,
			c.id, c.created.Unix(), c.active.Unix(), c.messages, c.updates)
		if !a.old {
			text += fmt.Sprintf(`,"last_activity_at":%d,"updated_at":%d.%06d`, c.active.Unix(), c.updated.Unix(), c.updated.Nanosecond()/1000)
		}
		texts = append(texts, text+"}")
	}
	return strings.Join(texts, ","), true
}

func (a *livingAccount) answerFilter(page int, body []byte) *http.Response {
	a.wholes += count(namesNone(body))
	keeps, err := livingRules(body)
	if err != nil {
		a.foreign = append(a.foreign, err.Error())
		return internalError()
	}
	rows := a.filtered(keeps)
	all := len(rows)
	if a.between != nil {
		a.between()
		rows = a.filtered(keeps)
	}
	text, ok := a.render(pageOf(rows, page, a.filterPage))
	if !ok {
		return internalError()
	}
	return jsonReply(`{"meta":%s,"payload":[%s]}`, livingCounts(all), text)
}

// filtered returns the rows that match a filter.
func (a *livingAccount) filtered(keeps func(*living) bool) (rows []*living) {
	for _, c := range a.latest() {
		if !a.ignoresRules && !keeps(c) {
			continue
		}
		rows = append(rows, c)
		for i := 1; a.rowPerLabel && i < c.labels; i++ {
			rows = append(rows, c)
		}
	}
	if a.unordered {
		a.random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	return rows
}

// namesNone reports whether a filter has no rule for ids.
func namesNone(body []byte) bool { return !bytes.Contains(body, []byte(`"display_id"`)) }

// livingRules parses a filter, in which AND binds more tightly than OR.
func livingRules(body []byte) (keeps func(*living) bool, err error) {
	rules, err := parseRules(body)
	if err != nil {
		return nil, err
	}
	for _, r := range rules {
		if err := r.known(); err != nil {
			return nil, err
		}
	}
	return func(c *living) bool {
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
	}, nil
}

// known returns an error for a rule that Changed never sends.
func (r *busyRule) known() error {
	switch r.attribute {
	case "display_id", "last_activity_at", "created_at", "status":
		return nil
	}
	return fmt.Errorf("a rule on %s", r.attribute)
}

// holds reports whether a rule holds for a conversation.
func (c *living) holds(r *busyRule) bool {
	switch r.attribute {
	case "display_id":
		return r.names(c.id) == (r.operator == "equal_to")
	case "status":
		return slices.Equal(r.texts, []string{"all"})
	}
	at := c.active.Unix()
	if r.attribute == "created_at" {
		at = c.created.Unix()
	}
	return r.operator == "is_greater_than" && at >= r.day+86_400 || r.operator == "is_less_than" && at < r.day
}

// stored returns the numbers of stored messages, and of updates without an activity, that a row reports.
func stored(c *cfchat.Conversation) (messages, updates int) {
	m, _ := c.CustomAttributes.Int("messages")
	u, _ := c.CustomAttributes.Int("updates")
	return int(m), int(u)
}
