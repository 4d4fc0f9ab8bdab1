package cfchat_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
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
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// The histories of TestScanLosesNothing. A failure prints the command that plays its history again.
var (
	scanSeed      = flag.Uint64("scan.seed", 0, "play this history of TestScanLosesNothing, and no other")
	scanHistories = flag.Int("scan.histories", 120, "how many histories TestScanLosesNothing plays")
)

// busyAccount is an account in which things happen between any two requests, and between a count and the page that goes
// with it: it answers list, counts and filter as the servers do, and knows which conversations a scan has to yield.
//
// Every answer takes its own time, which follows from the seed and the request, so that on virtual time a history plays
// the same way each time, however many requests run at once.
type busyAccount struct {
	rowPerLabel bool           // as before 3.1.1
	listPage    int            // rows
	filterPage  int            // rows, 25 everywhere
	listSees    map[int64]bool // the inboxes that the list shows, nil for all: an agent's key before 4.1.0
	busy        int            // how many things may happen between two requests
	creations   int            // how many conversations may still be created
	gap         int            // how many ids a creation may leave out
	whole       bool           // every conversation can be rendered
	slow        time.Duration  // how long an answer may take
	between     func()         // what happens between the count and the rows of a filter, besides

	mu            sync.Mutex
	random        *rand.Rand
	seed          uint64
	conversations []*busyConversation // in order of id
	filter        []busyRule          // the scan's, as this side understands it
	clock         int64               // counts what happened
	requests      int
	rows          int // that filter has answered
	underWay      int
	mostUnderWay  int
	foreign       []string // requests that nobody should send
}

type busyConversation struct {
	id       int64
	status   string
	assignee int64 // 0 for nobody
	inbox    int64
	labels   []string
	activity int64
	created  int64 // see day
	broken   bool  // it cannot be rendered: a page with it is a 500
	size     int   // bytes of its attributes

	before                   bool // it was there when the scan began
	always, ever             bool // it has matched since then at all times, at any time
	alwaysBroken, everBroken bool
}

// busyRule is one rule of a filter. This side evaluates its own rules and, for the answers, those that came over the wire.
type busyRule struct {
	or        bool // joined to the rules before by OR
	attribute string
	operator  string
	texts     []string
	numbers   []int64
	from, to  int64 // numbers, when they are a range
}

// widestGap is how many ids may be missing in a row, as a power of two. Deleted conversations leave gaps, and so do those
// that a key does not see: an agent may see ten conversations of an account with 100,000.
const widestGap = 13

var (
	busyStatuses = []string{"open", "resolved", "pending", "snoozed"}
	busyLabels   = []string{"vip", "billing", "refund", "bug"}
)

// newBusyAccount makes an account of a seed.
func newBusyAccount(seed uint64) *busyAccount {
	random := rand.New(rand.NewPCG(seed, 1))
	b := &busyAccount{
		seed: seed, random: random, rowPerLabel: random.IntN(3) == 0, busy: random.IntN(7), creations: random.IntN(60),
		listPage: 25, filterPage: 25, slow: time.Millisecond << random.IntN(10),
	}
	if random.IntN(4) == 0 {
		b.listPage = []int{1, 10, 50, 100}[random.IntN(4)]
	}
	if random.IntN(8) == 0 {
		b.listSees = map[int64]bool{1: true}
	}
	if random.IntN(3) == 0 {
		b.gap = 1 << random.IntN(widestGap+1)
	}
	brokenOf := 0 // one of so many
	if random.IntN(2) == 0 {
		brokenOf = 2 << random.IntN(7)
	}
	manyLabels := random.IntN(3) == 0
	id := int64(0)
	for range random.IntN(1 + 1<<random.IntN(9)) {
		id += 1 + b.skip()
		c := &busyConversation{id: id, inbox: 1 + random.Int64N(3), created: id}
		if random.IntN(20) == 0 { // imported
			c.created = random.Int64N(id + 200)
		}
		c.status, c.assignee = busyStatuses[random.IntN(4)], random.Int64N(3)
		c.labels = b.someLabels()
		if manyLabels && random.IntN(10) == 0 {
			for n := range 30 {
				c.labels = append(c.labels, fmt.Sprintf("topic-%d", n))
			}
		}
		c.broken = brokenOf > 0 && random.IntN(brokenOf) == 0
		c.activity = b.tick()
		b.conversations = append(b.conversations, c)
	}
	random.Shuffle(len(b.conversations), func(i, j int) {
		x, y := b.conversations[i], b.conversations[j]
		x.activity, y.activity = y.activity, x.activity
	})
	b.filter = b.someFilter()
	return b
}

// skip is how many ids nobody has, before the next: mostly none, once in a while many.
func (b *busyAccount) skip() int64 {
	if b.gap == 0 || b.random.IntN(8) > 0 {
		return 0
	}
	return b.random.Int64N(int64(b.gap))
}

func (b *busyAccount) tick() int64 {
	b.clock++
	return b.clock
}

func (b *busyAccount) someLabels() []string {
	var labels []string
	for _, label := range busyLabels {
		if b.random.IntN(4) == 0 {
			labels = append(labels, label)
		}
	}
	return labels
}

// someFilter makes a filter of up to four rules.
func (b *busyAccount) someFilter() []busyRule {
	rules := make([]busyRule, b.random.IntN(5))
	for i := range rules {
		r := busyRule{or: i > 0 && b.random.IntN(3) == 0}
		r.operator = []string{"equal_to", "not_equal_to"}[b.random.IntN(2)]
		switch b.random.IntN(5) {
		case 0:
			r.attribute, r.texts = "status", []string{busyStatuses[b.random.IntN(4)]}
		case 1:
			r.attribute, r.numbers = "assignee_id", []int64{1 + b.random.Int64N(2)}
		case 2:
			r.attribute, r.numbers = "inbox_id", []int64{1 + b.random.Int64N(3), 1 + b.random.Int64N(3)}
		case 3:
			r.attribute, r.texts = "labels", []string{busyLabels[b.random.IntN(4)]}
		case 4:
			r.attribute = "display_id"
			for range 1 + b.random.IntN(60) {
				r.numbers = append(r.numbers, 1+b.random.Int64N(int64(len(b.conversations))+1))
			}
		}
		if r.attribute == "labels" || r.attribute == "assignee_id" {
			if b.random.IntN(3) == 0 {
				r.operator = []string{"is_present", "is_not_present"}[b.random.IntN(2)]
				r.texts, r.numbers = nil, nil
			}
		}
		rules[i] = r
	}
	return rules
}

// filterOf writes rules as a caller would.
func filterOf(rules []busyRule) cfchat.Filter {
	var f cfchat.Filter
	for _, r := range rules {
		var values []any
		for _, text := range r.texts {
			values = append(values, text)
		}
		for _, number := range r.numbers {
			values = append(values, number)
		}
		var rule cfchat.Rule
		switch r.operator {
		case "equal_to":
			rule = cfchat.Equal(cfchat.Attribute(r.attribute), values...)
		case "not_equal_to":
			rule = cfchat.NotEqual(cfchat.Attribute(r.attribute), values...)
		case "is_present":
			rule = cfchat.Present(cfchat.Attribute(r.attribute))
		case "is_not_present":
			rule = cfchat.Absent(cfchat.Attribute(r.attribute))
		}
		if r.or {
			f = f.Or(rule)
		} else {
			f = f.And(rule)
		}
	}
	return f
}

// rowsOf counts the rows that a filter answers for a conversation: one at most, or before 3.1.1 one for each of its labels
// with which it matches.
func (b *busyAccount) rowsOf(rules []busyRule, c *busyConversation) int {
	if !b.rowPerLabel {
		return count(c.matches(rules, nil))
	}
	if len(c.labels) == 0 {
		return count(c.matches(rules, []string{}))
	}
	rows := 0
	for i := range c.labels {
		rows += count(c.matches(rules, c.labels[i:i+1]))
	}
	return rows
}

func count(holds bool) int {
	if holds {
		return 1
	}
	return 0
}

// matches puts the rules together, AND before OR. The row is one label or none, nil for all labels at once.
func (c *busyConversation) matches(rules []busyRule, row []string) bool {
	branch := true
	for _, r := range rules {
		if r.or {
			if branch {
				return true
			}
			branch = true
		}
		branch = branch && c.holds(r, row)
	}
	return branch
}

// day is the day on which it was created. The clock of creations counts in steps of ten minutes.
func (c *busyConversation) day() string {
	return time.Unix(c.created*600, 0).UTC().Format(time.DateOnly)
}

func (c *busyConversation) holds(r busyRule, row []string) bool {
	equal, known := false, true
	switch r.attribute {
	case "status":
		equal = slices.Contains(r.texts, c.status) || slices.Contains(r.texts, "all")
	case "assignee_id":
		equal, known = slices.Contains(r.numbers, c.assignee), c.assignee != 0
	case "inbox_id":
		equal = slices.Contains(r.numbers, c.inbox)
	case "created_at":
		return r.operator == "is_greater_than" && c.day() > r.texts[0] || r.operator == "is_less_than" && c.day() < r.texts[0]
	case "display_id":
		equal = c.id >= r.from && c.id <= r.to
		if r.to == 0 {
			equal = slices.Contains(r.numbers, c.id)
		}
	case "labels":
		labels := row
		if row == nil { // from 3.1.1 on no label is unequal to any
			labels = c.labels
			known = len(labels) > 0 || r.operator == "not_equal_to"
		} else {
			known = len(labels) > 0
		}
		equal = slices.ContainsFunc(labels, func(l string) bool { return slices.Contains(r.texts, l) })
	}
	switch r.operator {
	case "equal_to":
		return known && equal
	case "not_equal_to":
		return known && !equal
	case "is_present":
		return known
	}
	return !known
}

// begin starts to watch: from here on a conversation that ceases to match, or is not there yet, may be yielded or not.
func (b *busyAccount) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.conversations {
		matches := b.rowsOf(b.filter, c) > 0
		c.before, c.always, c.ever = true, matches, matches
		c.alwaysBroken, c.everBroken = c.broken, c.broken
	}
}

// changed notes what a change means for the scan.
func (b *busyAccount) changed(c *busyConversation) {
	matches := b.rowsOf(b.filter, c) > 0
	c.always, c.ever = c.always && matches, c.ever || matches
	c.alwaysBroken, c.everBroken = c.alwaysBroken && c.broken, c.everBroken || c.broken
}

// happen lets some things happen.
func (b *busyAccount) happen(most int) {
	if most == 0 {
		return
	}
	for range b.random.IntN(most + 1) {
		if b.random.IntN(6) == 0 {
			b.create()
		} else if n := len(b.conversations); n > 0 {
			b.change(b.conversations[b.random.IntN(n)])
		}
	}
}

// create adds a conversation.
func (b *busyAccount) create() {
	if b.creations == 0 {
		return
	}
	b.creations--
	now := b.tick()
	c := &busyConversation{
		id: b.last() + 1 + b.skip(), status: "open", inbox: 1 + b.random.Int64N(3), activity: now, labels: b.someLabels(),
	}
	c.created = 10_000_000 + now
	b.conversations = append(b.conversations, c)
	b.changed(c)
}

// change is what people do to a conversation. All of it is an activity.
func (b *busyAccount) change(c *busyConversation) {
	switch b.random.IntN(10) {
	case 0, 1:
		c.status = "resolved"
	case 2:
		c.status = "open"
	case 3:
		c.status = busyStatuses[b.random.IntN(4)]
	case 4:
		c.labels = b.someLabels()
	case 5:
		c.assignee = b.random.Int64N(3)
	case 6:
		if b.random.IntN(10) == 0 && !b.whole { // its contact is deleted, or whatever was wrong is mended
			c.broken = !c.broken
		}
	}
	c.activity = b.tick() // and a reply is nothing but that
	b.changed(c)
}

// RoundTrip answers one request, after a while and before another.
func (b *busyAccount) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	name := crc32.Update(crc32.ChecksumIEEE([]byte(req.URL.RequestURI())), crc32.IEEETable, body)
	latency := rand.New(rand.NewPCG(b.seed, uint64(name)))
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
	b.happen(b.busy)
	page, _ := strconv.Atoi(cmp.Or(req.URL.Query().Get("page"), "1"))
	switch path := req.URL.Path; {
	case strings.HasSuffix(path, "/conversations/filter"):
		return b.answerFilter(page, body)
	case strings.HasSuffix(path, "/conversations/meta"):
		return jsonReply(`{"meta":{"mine_count":0,"assigned_count":0,"unassigned_count":0,"all_count":%d}}`, len(b.listed(req)))
	case strings.HasSuffix(path, "/conversations"):
		return b.answerList(page, req)
	}
	b.foreign = append(b.foreign, req.Method+" "+req.URL.RequestURI())
	return trial.Reply(http.StatusNotFound, "application/json", `{"error":"Resource could not be found"}`)
}

func jsonReply(format string, args ...any) *http.Response {
	return trial.Reply(http.StatusOK, "application/json; charset=utf-8", fmt.Sprintf(format, args...))
}

func internalError() *http.Response {
	return trial.Reply(http.StatusInternalServerError, "application/json; charset=utf-8", `{"status":500,"error":"Internal Server Error"}`)
}

// listed are the conversations of a list, in its order.
func (b *busyAccount) listed(req *http.Request) []*busyConversation {
	query := req.URL.Query()
	var all []*busyConversation
	for _, c := range b.conversations {
		if (b.listSees == nil || b.listSees[c.inbox]) && (query.Get("status") == "all" || c.status == cmp.Or(query.Get("status"), "open")) {
			all = append(all, c)
		}
	}
	if query.Get("sort_by") == "sort_on_created_at" {
		slices.SortFunc(all, func(x, y *busyConversation) int { return cmp.Compare(x.created, y.created) })
	} else {
		slices.SortFunc(all, latestFirst)
	}
	return all
}

func latestFirst(x, y *busyConversation) int { return cmp.Compare(y.activity, x.activity) }

func (b *busyAccount) answerList(page int, req *http.Request) *http.Response {
	total := len(b.listed(req))
	b.happen(b.busy / 3)
	rows, ok := render(b.listed(req), page, b.listPage)
	if !ok {
		return internalError()
	}
	return jsonReply(`{"data":{"meta":{"all_count":%d},"payload":[%s]}}`, total, rows)
}

func (b *busyAccount) answerFilter(page int, body []byte) *http.Response {
	rules, err := parseRules(body)
	if err != nil {
		b.foreign = append(b.foreign, err.Error())
		return internalError()
	}
	total := len(b.matching(rules))
	b.happen(b.busy / 3)
	if b.between != nil {
		b.between()
	}
	matching := b.matching(rules)
	slices.SortStableFunc(matching, latestFirst)
	rows, ok := render(matching, page, b.filterPage)
	if !ok {
		return internalError()
	}
	b.rows += strings.Count(rows, `"id"`)
	return jsonReply(`{"meta":{"mine_count":0,"unassigned_count":0,"all_count":%d},"payload":[%s]}`, total, rows)
}

// matching are the rows of a filter, in order of id.
func (b *busyAccount) matching(rules []busyRule) []*busyConversation {
	var rows []*busyConversation
	for _, c := range b.conversations {
		for range b.rowsOf(rules, c) {
			rows = append(rows, c)
		}
	}
	return rows
}

// render writes a page, if it can be.
func render(all []*busyConversation, page, size int) (string, bool) {
	from := min(max(page-1, 0)*size, len(all))
	var rows []string
	for _, c := range all[from:min(from+size, len(all))] {
		if c.broken {
			return "", false
		}
		row := fmt.Sprintf(`{"id":%d,"status":%q,"inbox_id":%d,"created_at":%d}`, c.id, c.status, c.inbox, c.created*600)
		if c.size > 0 {
			row = fmt.Sprintf(`{"id":%d,"status":%q,"inbox_id":%d,"created_at":%d,"additional_attributes":{"text":%q}}`, c.id, c.status, c.inbox, c.created*600, strings.Repeat("x", c.size))
		}
		rows = append(rows, row)
	}
	return strings.Join(rows, ","), true
}

// parseRules reads the body of a filter. A window of ids is kept as a range, because there are thousands of them.
func parseRules(body []byte) ([]busyRule, error) {
	var sent struct {
		Payload []struct {
			Key      string  `json:"attribute_key"`
			Operator string  `json:"filter_operator"`
			Join     *string `json:"query_operator"`
			Values   json.RawMessage
		}
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return nil, err
	}
	var rules []busyRule
	or := false
	for i, r := range sent.Payload {
		rule := busyRule{or: or, attribute: r.Key, operator: r.Operator}
		if last := i == len(sent.Payload)-1; last != (r.Join == nil) {
			return nil, fmt.Errorf("the query operator of rule %d is out of place: %s", i+1, body)
		}
		or = r.Join != nil && *r.Join == "OR"
		if err := rule.parseValues(r.Values); err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func (r *busyRule) parseValues(values []byte) error {
	if len(values) == 0 || string(values) == "[]" {
		return nil
	}
	if bytes.HasPrefix(values, []byte(`["`)) {
		return json.Unmarshal(values, &r.texts)
	}
	for number := range bytes.SplitSeq(bytes.Trim(values, "[]"), []byte(",")) {
		n, err := strconv.ParseInt(string(number), 10, 64)
		if err != nil {
			return err
		}
		r.numbers = append(r.numbers, n)
	}
	r.from, r.to = r.numbers[0], r.numbers[len(r.numbers)-1]
	if r.to-r.from+1 != int64(len(r.numbers)) || !slices.IsSorted(r.numbers) {
		r.from, r.to = 0, 0
	}
	return nil
}

// history is one run against one account.
type history struct {
	*busyAccount
	account  *cfchat.Account
	problems []string
	walked   []walked // what came, in order
	scans    int
	broken   int // conversations that a scan has isolated
}

// walked is a conversation that came, or one that was reported as one that the server cannot render.
type walked struct {
	id     int64
	broken bool
}

func newHistory(t *testing.T, seed uint64) *history {
	b := newBusyAccount(seed)
	retry := cfchat.Retry{MaxTries: []int{0, 1}[b.random.IntN(2)]}
	chat := trial.Chat(t, b, func(c *cfchat.Config) { c.Retry = retry })
	return &history{busyAccount: b, account: chat.Account(1)}
}

func (h *history) problem(format string, args ...any) {
	h.problems = append(h.problems, fmt.Sprintf(format, args...))
}

// scan scans, and lets the loop do something to the account with everything that comes. It ends early when stop says so.
func (h *history) scan(ctx context.Context, options cfchat.ConversationScanOptions, stop func(walked) bool) {
	h.scans++
	if options.Concurrency == 0 {
		options.Concurrency = h.random.IntN(7)
	}
	h.mostUnderWay = 0
	told := options.Progress
	last := cfchat.ScanProgress{LastID: options.After}
	options.Progress = func(p cfchat.ScanProgress) {
		if p.LastID < last.LastID || p.End < last.End || p.Requests < last.Requests {
			h.problem("progress went back from %+v to %+v", last, p)
		}
		last = p
		if told != nil {
			told(p)
		}
	}
	requests, rows, broken, creations := h.requests, h.rows, h.broken, h.creations
	for c, err := range h.account.Conversations.Scan(ctx, filterOf(h.filter), options) {
		e, blamed := errors.AsType[*cfchat.Error](err)
		if err != nil && (!blamed || e.ConversationID == 0) {
			h.problem("the scan ended: %v", err)
			break
		}
		w := walked{}
		if blamed {
			w = walked{e.ConversationID, true}
			h.broken++
		} else {
			w = walked{c.ID, false}
		}
		if stop != nil && stop(w) {
			break
		}
		h.walked = append(h.walked, w)
		h.react(w.id)
	}
	requests, rows, broken, creations = h.requests-requests, h.rows-rows, h.broken-broken, creations-h.creations
	if bound := h.bound(rows, broken, creations); requests > bound {
		h.problem("%d requests for %d rows, %d broken conversations and %d new ones; the bound is %d", requests, rows, broken, creations, bound)
	}
	if most := cmp.Or(options.Concurrency, 4); h.mostUnderWay > most {
		h.problem("%d requests at once, asked for %d", h.mostUnderWay, most)
	}
}

// bound is how many requests a scan may send, by what it meets:
//
//   - 15 to find the end: the first page, the counts and three last pages, three tries each;
//   - 15 to start with windows of 25 ids and grow to 10,000, at the start and behind the end, four windows of each size;
//   - one for each 10,000 ids, divided among the branches of Or, because each of them has the whole window;
//   - one for three rows: it aims at 15 in a window, a full one is asked for again in smaller ones, and behind rows that
//     are close together come windows that are too small;
//   - 30 for each conversation that cannot be rendered, and for one at which it was stopped: 14 halvings leave 14 halves,
//     and there is a control request, and the windows grow again;
//   - 8 for each conversation that is created meanwhile, because it has the scan look behind the end once more.
func (h *history) bound(rows, broken, created int) int {
	branches := 1
	for _, r := range h.filter {
		branches += count(r.or)
	}
	return 15 + 15 + int(h.last())*branches/10_000 + rows/3 + 30*(broken+count(broken > 0)) + 8*created
}

// react is what the ranging loop does: resolve what it was given, for one.
func (h *history) react(id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conversations {
		if c.id == id && h.busy > 0 && h.random.IntN(2) == 0 {
			h.change(c)
		}
	}
	h.happen(h.busy / 2)
}

// check holds what came against what had to come.
func (h *history) check() {
	if !slices.IsSortedFunc(h.walked, func(x, y walked) int { return cmp.Compare(x.id, y.id) }) {
		h.problem("out of order: %v", h.walked)
	}
	came := map[int64]int{}
	broken := map[int64]int{}
	for _, w := range h.walked {
		came[w.id]++
		broken[w.id] += count(w.broken)
		if came[w.id] > 1 {
			h.problem("conversation %d came twice", w.id)
		}
	}
	for _, c := range h.conversations {
		switch n := came[c.id]; {
		case c.before && c.always && n == 0:
			h.problem("conversation %d of %d was lost", c.id, len(h.conversations))
		case !c.ever && n > 0:
			h.problem("conversation %d came, and never matched", c.id)
		case n > 0 && c.alwaysBroken && broken[c.id] == 0:
			h.problem("conversation %d came, and cannot be rendered", c.id)
		case !c.everBroken && broken[c.id] > 0:
			h.problem("conversation %d is blamed for nothing", c.id)
		}
		delete(came, c.id)
	}
	if len(came) > 0 {
		h.problem("came and does not exist: %v", came)
	}
	for _, request := range h.foreign {
		h.problem("asked for %s", request)
	}
	if h.underWay != 0 {
		h.problem("%d requests are still under way", h.underWay)
	}
}

// plays are the ways to use Scan.
var plays = []struct {
	name string
	play func(*history, context.Context)
}{
	{"whole", func(h *history, ctx context.Context) {
		h.scan(ctx, cfchat.ConversationScanOptions{}, nil)
	}},
	// Stopped somewhere, and resumed behind the last id.
	{"resumed", func(h *history, ctx context.Context) {
		left := h.random.IntN(len(h.conversations) + 1)
		h.scan(ctx, cfchat.ConversationScanOptions{}, func(walked) bool { left--; return left < 0 })
		last := int64(0)
		if n := len(h.walked); n > 0 {
			last = h.walked[n-1].id
		}
		h.wait()
		h.scan(ctx, cfchat.ConversationScanOptions{After: last}, nil)
	}},
	// Stopped somewhere, and resumed behind what Progress told last.
	{"resumed by progress", func(h *history, ctx context.Context) {
		left := h.random.IntN(len(h.conversations) + 1)
		last := int64(0)
		tell := func(p cfchat.ScanProgress) { last = p.LastID }
		h.scan(ctx, cfchat.ConversationScanOptions{Progress: tell}, func(walked) bool { left--; return left < 0 })
		h.walked = slices.DeleteFunc(h.walked, func(w walked) bool { return w.id > last })
		h.wait()
		h.scan(ctx, cfchat.ConversationScanOptions{After: last}, nil)
	}},
	// Cut into parts, as for several machines.
	{"in parts", func(h *history, ctx context.Context) {
		after := int64(0)
		for range h.random.IntN(4) {
			until := after + h.random.Int64N(int64(len(h.conversations)+2))
			if until > 0 {
				h.scan(ctx, cfchat.ConversationScanOptions{After: after, Until: until}, nil)
			}
			after = until
		}
		h.scan(ctx, cfchat.ConversationScanOptions{After: after}, nil)
	}},
}

// wait lets a while go by between two scans. What is created in it has to come in the second.
func (h *history) wait() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.happen(4 * h.busy)
	for _, c := range h.conversations {
		c.before = true
	}
}

// figures are sums over histories.
type figures struct {
	histories, conversations, scans, broken int
	events                                  int64
	requests, rows                          int
	lost                                    int // histories, in which Scan broke a promise
	matchingLost, matchingRepeated          int
	matchingRequests                        int
}

// playHistory plays one history with Scan, and one of the same account with Matching.
func playHistory(t *testing.T, seed uint64, sum *figures) (problems []string) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, seed)
		play := plays[h.random.IntN(len(plays))]
		h.begin()
		begun, from := h.clock, len(h.conversations)
		play.play(h, t.Context())
		synctest.Wait()
		h.check()
		sum.histories++
		sum.conversations += from
		sum.scans += h.scans
		sum.broken += h.broken
		sum.events += h.clock - begun
		sum.requests += h.requests
		sum.rows += h.rows
		sum.lost += count(len(h.problems) > 0)
		if len(h.problems) > 0 {
			problems = append([]string{h.String() + ", " + play.name}, h.problems...)
		}
	})
	return problems
}

// playMatching plays a history of the same account with Matching, which every conversation that cannot be rendered would
// end: here all can be.
func playMatching(t *testing.T, seed uint64, sum *figures) {
	synctest.Test(t, func(t *testing.T) {
		h := newHistory(t, seed)
		h.whole = true
		for _, c := range h.conversations {
			c.broken = false
		}
		if len(h.filter) == 0 {
			h.filter = []busyRule{{attribute: "status", operator: "equal_to", texts: []string{"all"}}}
		}
		h.begin()
		came := map[int64]bool{}
		for c, err := range h.account.Conversations.FilterAll(t.Context(), filterOf(h.filter)) {
			if err != nil {
				t.Errorf("seed %d: Matching: %v", seed, err)
				break
			}
			came[c.ID] = true
			h.react(c.ID)
		}
		sum.matchingRequests += h.requests
		sum.matchingRepeated += h.rows - len(came)
		for _, c := range h.conversations {
			sum.matchingLost += count(c.before && c.always && !came[c.id])
		}
	})
}

// String is what a failing history was about.
func (b *busyAccount) String() string {
	broken := 0
	for _, c := range b.conversations {
		broken += count(c.broken)
	}
	return fmt.Sprintf("%d conversations, %d of them broken, up to %d; list by %d, sees inboxes %v; row per label: %t; filter %+v",
		len(b.conversations), broken, b.last(), b.listPage, b.listSees, b.rowPerLabel, b.filter)
}

// last is the last id.
func (b *busyAccount) last() int64 {
	if n := len(b.conversations); n > 0 {
		return b.conversations[n-1].id
	}
	return 0
}

func TestScanLosesNothing(t *testing.T) {
	if *scanSeed != 0 {
		for _, problem := range playHistory(t, *scanSeed, &figures{}) {
			t.Error(problem)
		}
		return
	}
	var mu sync.Mutex
	total := figures{}
	t.Run("histories", func(t *testing.T) {
		const shards = 4
		for shard := range shards {
			t.Run(strconv.Itoa(shard), func(t *testing.T) {
				t.Parallel()
				for seed := uint64(shard + 1); seed <= uint64(*scanHistories); seed += shards {
					sum := figures{}
					problems := playHistory(t, seed, &sum)
					playMatching(t, seed, &sum)
					mu.Lock()
					total.add(sum)
					mu.Unlock()
					if len(problems) > 0 {
						t.Errorf("play it again with: go test -run TestScanLosesNothing -scan.seed=%d .\n%s", seed, strings.Join(problems, "\n"))
					}
				}
			})
		}
	})
	t.Logf("%d histories of %d conversations, %d events; Scan: %d scans, %d requests, %d rows, %d broken conversations, "+
		"promises broken in %d histories; Matching, with nothing broken: %d requests, lost %d, repeated %d",
		total.histories, total.conversations, total.events, total.scans, total.requests, total.rows, total.broken, total.lost,
		total.matchingRequests, total.matchingLost, total.matchingRepeated)
}

func (f *figures) add(g figures) {
	f.histories += g.histories
	f.conversations += g.conversations
	f.scans += g.scans
	f.broken += g.broken
	f.events += g.events
	f.requests += g.requests
	f.rows += g.rows
	f.lost += g.lost
	f.matchingLost += g.matchingLost
	f.matchingRepeated += g.matchingRepeated
	f.matchingRequests += g.matchingRequests
}
