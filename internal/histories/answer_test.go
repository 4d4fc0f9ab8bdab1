package histories_test

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// answer is an answer before it is sent. An error needs only the status.
type answer struct {
	status     int
	kind, body string
	reset, cut bool // the connection is lost before the answer, or in it
	took       time.Duration
}

var errReset = errors.New("read tcp: connection reset by peer")

// respond returns an answer in the form in which net/http returns it.
func (s *server) respond(a *answer) (*http.Response, error) {
	if a.reset {
		return nil, errReset
	}
	if a.body == "" {
		a.kind, a.body = "text/html", fmt.Sprintf("<html><body><h1>%d</h1><hr>nginx</body></html>", a.status)
		if a.status == http.StatusInternalServerError {
			a.kind, a.body = "application/json; charset=utf-8", `{"status":500,"error":"Internal Server Error"}`
		}
	}
	var body io.Reader = strings.NewReader(a.body)
	if a.cut {
		body = io.MultiReader(strings.NewReader(a.body[:len(a.body)/2]), lost{})
	}
	resp := &http.Response{
		StatusCode: a.status, Status: strconv.Itoa(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {cmp.Or(a.kind, "application/json; charset=utf-8")}},
		Body:   io.NopCloser(body), ContentLength: int64(len(a.body)),
	}
	if !s.noDate {
		resp.Header.Set("Date", time.Now().Add(s.skew).UTC().Format(http.TimeFormat))
	}
	return resp, nil
}

// lost is the end of a truncated body.
type lost struct{}

// Read fails as net/http does at the end of a truncated body.
func (lost) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// answer returns the application's answer.
func (s *server) answer(n int, req *http.Request, body []byte) *answer {
	page, _ := strconv.Atoi(req.URL.Query().Get("page"))
	page = max(page, 1)
	switch what := path(req); {
	case what == "POST conversations/filter":
		return s.answerFilter(n, page, body)
	case what == "GET conversations":
		return s.answerList(n, page, req.URL.Query())
	case what == "GET conversations/meta":
		s.mu.Lock()
		defer s.mu.Unlock()
		if a := s.fails(n, nil); a != nil {
			return a
		}
		return &answer{status: 200, body: fmt.Sprintf(`{"meta":{"mine_count":0,"assigned_count":0,"unassigned_count":0,"all_count":%d}}`, len(s.listed(req.URL.Query())))}
	case strings.HasPrefix(what, "GET conversations/"):
		return s.answerShow(n, strings.TrimPrefix(what, "GET conversations/"))
	case what == "GET /api":
		return &answer{status: 404, body: `{"error":"Resource could not be found"}`}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.foreign(req.Method + " " + req.URL.RequestURI())
	return &answer{status: 404, body: `{"error":"Resource could not be found"}`}
}

// answerFilter counts, then selects: it looks at the database twice.
func (s *server) answerFilter(n, page int, body []byte) *answer {
	f, status := s.parse(body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if status != 0 {
		s.foreign(fmt.Sprintf("a filter that is answered %d: %.300s", status, body))
		return &answer{status: status, body: `{"error":"Invalid filter"}`}
	}
	count := len(s.matching(f))
	s.look()
	found := s.matching(f)
	rows := s.page(found, page, 25, byActivity)
	a := s.rendered(n, rows, `{"meta":{"mine_count":0,"unassigned_count":0,"all_count":%d},"payload":[%s]}`, count)
	a.took = time.Duration(f.ids) * s.faults.perID
	if s.sent.logging {
		s.sent.log = append(s.sent.log, fmt.Sprintf("filter %s page %d: %d rows of %d, %d", f, page, len(rows), count, a.status))
	}
	return a
}

// answerList does the same for the list, whose deep pages may fail.
func (s *server) answerList(n, page int, query url.Values) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := len(s.listed(query))
	s.look()
	rows := s.page(s.listed(query), page, s.listPage, s.order(query.Get("sort_by")))
	a := s.rendered(n, rows, `{"data":{"meta":{"mine_count":0,"assigned_count":0,"unassigned_count":0,"all_count":%d},"payload":[%s]}}`, count)
	if deep := s.faults.deepList; deep > 0 && page > deep {
		a = &answer{status: 500}
	}
	if s.sent.logging {
		s.sent.log = append(s.sent.log, fmt.Sprintf("list page %d: %d rows of %d, %d", page, len(rows), count, a.status))
	}
	return a
}

// answerShow returns the answer for one conversation.
func (s *server) answerShow(n int, text string) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, _ := strconv.ParseInt(text, 10, 64)
	c := s.byID[id]
	if c == nil || c.gone || !s.sees(c) {
		return &answer{status: 404, body: `{"error":"Resource could not be found"}`}
	}
	return s.rendered(n, []*conversation{c}, `%.0d%s`, 0)
}

// look lets events happen between two looks at the database.
func (s *server) look() {
	if s.happens != nil {
		s.happens()
	}
}

// sees reports whether the key's person is a member of the conversation's inbox.
func (s *server) sees(c *conversation) bool { return s.inboxes == nil || s.inboxes[c.inbox] }

// listed returns the conversations of a list, in any order. Parameters that the model does not know are recorded as foreign.
func (s *server) listed(query url.Values) []*conversation {
	for key := range query {
		if !slices.Contains([]string{"status", "inbox_id", "page", "sort_by", "assignee_type"}, key) {
			s.foreign("list with " + key)
		}
	}
	status := "open"
	if query.Has("status") {
		status = query.Get("status")
	}
	inbox, _ := strconv.ParseInt(query.Get("inbox_id"), 10, 64)
	found := make([]*conversation, 0, len(s.convs))
	for _, c := range s.byCreated {
		if !c.gone && s.sees(c) && (status == "all" || status == c.status) && (!query.Has("inbox_id") || inbox == c.inbox) {
			found = append(found, c)
		}
	}
	return found
}

func byActivity(x, y *conversation) int { return cmp.Compare(y.activity, x.activity) }
func byCreated(x, y *conversation) int  { return cmp.Compare(x.created, y.created) }

// order returns the order of a sort_by; an unknown one means latest activity first.
func (s *server) order(sortBy string) func(x, y *conversation) int {
	switch {
	case sortBy == "sort_on_created_at", s.sortsByName && sortBy == "created_at_asc":
		return byCreated
	case s.sortsByName && sortBy == "created_at_desc":
		return func(x, y *conversation) int { return byCreated(y, x) }
	case s.sortsByName && sortBy == "last_activity_at_asc":
		return func(x, y *conversation) int { return byActivity(y, x) }
	}
	return byActivity
}

// page returns a page of all rows. Equal rows have no order, so unless there are too many they are shuffled.
func (s *server) page(all []*conversation, page, size int, order func(x, y *conversation) int) []*conversation {
	from, to := min((page-1)*size, len(all)), min(page*size, len(all))
	if from == to {
		return nil
	}
	if len(all) < 5_000 {
		s.rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	slices.SortStableFunc(all, order)
	return all[from:to]
}

// rendered returns an answer with rows, or a failure, such as that of a conversation that cannot be rendered.
func (s *server) rendered(n int, rows []*conversation, format string, count int) *answer {
	if a := s.fails(n, rows); a != nil {
		return a
	}
	var b strings.Builder
	for i, c := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		c.render(&b)
	}
	return &answer{status: 200, body: fmt.Sprintf(format, count, b.String())}
}

// render writes the fields that every version has.
func (c *conversation) render(b *strings.Builder) {
	labels := "[]"
	if len(c.labels) > 0 {
		labels = `["` + strings.Join(c.labels, `","`) + `"]`
	}
	fmt.Fprintf(b, `{"id":%d,"status":%q,"inbox_id":%d,"account_id":1,"created_at":%d,"timestamp":%d,"labels":%s,"additional_attributes":{},`,
		c.id, c.status, c.inbox, c.created, c.activity, labels)
	fmt.Fprintf(b, `"custom_attributes":{"tier":%q},"meta":{"sender":{"id":1,"name":"x"}},"messages":[]}`, c.tier)
}
