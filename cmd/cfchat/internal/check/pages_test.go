package check

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// TestPages checks that pages with too few conversations, in the wrong order, or with a duplicate are reported.
func TestPages(t *testing.T) {
	t.Parallel()
	onList, onFilter := isList, func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/filter") }
	first := func(rows []any) []any { return rows[:min(10, len(rows))] }
	backwards := func(rows []any) []any { slices.Reverse(rows); return rows }
	twice := func(rows []any) []any {
		if len(rows) > 1 {
			rows[1] = rows[0]
		}
		return rows
	}
	twenty := func(rows []any) []any { return rows[:min(20, len(rows))] }
	none := func([]any) []any { return []any{} }
	for want, c := range map[string]struct {
		on   func(*http.Request) bool
		edit func([]any) []any
	}{
		"conversation_list: the latest conversations: its first page has 10 of 60 conversations, and the pages after it lack the rest": {onList, first},
		"conversation_list: the latest conversations: its first page has 20 of 60 conversations, and the pages after it lack the rest": {onList, twenty},
		"conversation_list: the latest conversations: its first page has 0 of 60 conversations, and the pages after it lack the rest":  {onList, none},
		"conversation_filter: a filter by status: its first page has 10 of 60 conversations, and should have 25":                       {onFilter, first},
		"conversation_list: the latest conversations: the latest activity does not come first":                                         {onList, backwards},
		"conversation_list: the oldest conversations: they are not in the order of their creation":                                     {onList, backwards},
		"conversation_filter: a filter by days: the latest activity does not come first":                                               {onFilter, backwards},
		"conversation_list: the default page: it has a conversation more than once":                                                    {onList, twice},
		"conversation_list: the oldest conversations: it has a conversation more than once":                                            {onList, twice},
		"conversation_filter: a filter by status: it has a conversation more than once":                                                {onFilter, twice},
	} {
		srv := accountOf(t, 60, nil)
		address := edited(t, srv, func(r *http.Request, answer any) any {
			if c.on(r) {
				rows(answer, c.edit)
			}
			return answer
		})
		if text, err := checkedText(t, address, srv.AdminKey()); exit.Status(err) != 1 || !strings.Contains(text, "  ! "+want+"\n") {
			t.Errorf("no %q, %v:\n%s", want, err, text)
		}
	}
}

// rows edits the conversations of a page.
func rows(answer any, edit func([]any) []any) {
	page, _ := answer.(map[string]any)
	if inner, ok := page["data"].(map[string]any); ok {
		page = inner
	}
	if all, ok := page["payload"].([]any); ok {
		page["payload"] = edit(all)
	}
}

// accountOf starts a server with the given number of conversations, each with the labels; the oldest has the earliest
// activity.
func accountOf(t *testing.T, size int, labels []string, opts ...cfchattest.Option) *cfchattest.Server {
	t.Helper()
	srv := cfchattest.New(t, opts...)
	for i := range size {
		srv.AddConversation(cfchattest.Conversation{CreatedAt: time.Now().Add(time.Duration(i-size) * time.Hour), Labels: labels})
	}
	return srv
}

// TestRowsPerLabel checks that one row per label is right before 3.1.1, and a contradiction later.
func TestRowsPerLabel(t *testing.T) {
	t.Parallel()
	labels := []string{"a", "b"}
	srv := accountOf(t, 5, labels, cfchattest.Version("2.16.0"))
	r, err := checkedJSON(t, srv.URL(), srv.AdminKey())
	because := func(s sign) bool { return s.Because == "a filter lists conversations once for each of their labels" }
	if i := slices.IndexFunc(r.Version.Signs, because); err != nil || i < 0 || r.Version.Signs[i].Before != (version{3, 1, 1}) {
		t.Errorf("%v: %+v", err, r.Version)
	}
	srv = accountOf(t, 60, labels)
	address := edited(t, srv, func(r *http.Request, answer any) any {
		if strings.HasSuffix(r.URL.Path, "/filter") {
			rows(answer, func(rows []any) []any {
				if len(rows) > 1 {
					rows[1] = rows[0]
				}
				return rows
			})
		}
		return answer
	})
	r, err = checkedJSON(t, address, srv.AdminKey())
	if exit.Status(err) != 1 || !r.Version.isEmpty() || r.Version.Before != (version{3, 1, 1}) {
		t.Errorf("%v: %+v", err, r.Version)
	}
}

// TestPageSize checks that another page size, which can be configured from 3.4.0 on, is not drift then, even if the last
// page is not rendered.
func TestPageSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		version, notRendered string
		size, exit           int
	}{{"4.7.0", "none", 10, 0}, {"4.7.0", "page=6", 10, 0}, {"2.16.0", "none", 10, 1}, {"4.7.0", "none", 60, 0}} {
		srv := accountOf(t, 60, nil, cfchattest.Version(c.version))
		address := edited(t, srv, func(r *http.Request, answer any) any {
			if isList(r) {
				rows(answer, func([]any) []any { return sliced(t, srv, r, c.size) })
			}
			return answer
		})
		to, _ := url.Parse(address)
		before := httputil.NewSingleHostReverseProxy(to)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isList(r) && strings.Contains(r.URL.RawQuery, c.notRendered) {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			before.ServeHTTP(w, r)
		}))
		text, err := checkedText(t, proxy.URL, srv.AdminKey())
		r, _ := printedJSON(t, proxy.URL, srv.AdminKey())
		proxy.Close()
		if exit.Status(err) != c.exit || r.PageSize != int64(c.size) || len(r.of(opList).Problems) > 0 || r.Version.isEmpty() != (c.exit == 1) {
			t.Errorf("%+v: %v, %+v", c, err, r)
		}
		if want := fmt.Sprintf("  Pages of the list have %d conversations, because the server is configured so", c.size); !strings.Contains(text, want) {
			t.Errorf("%+v: no %q in\n%s", c, want, text)
		}
	}
}

// sliced returns the conversations of a page of another size.
func sliced(t *testing.T, srv *cfchattest.Server, r *http.Request, size int) []any {
	t.Helper()
	page := []any{}
	query := r.URL.Query()
	number, _ := strconv.Atoi(query.Get("page"))
	from := (max(number, 1) - 1) * size
	for at := from; at < from+size; at++ {
		query.Set("page", strconv.Itoa(at/pageSize+1))
		rows(answered(t, srv, r, query.Encode()), func(rows []any) []any {
			if at%pageSize < len(rows) {
				page = append(page, rows[at%pageSize])
			}
			return rows
		})
	}
	return page
}
