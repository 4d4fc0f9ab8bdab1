package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// browser is a user of the form, on a stand-in.
type browser struct {
	*cfchattest.Server

	t    *testing.T
	file string
	form *form
}

func newBrowser(t *testing.T, server *cfchattest.Server) *browser {
	b := &browser{Server: server, t: t, file: filepath.Join(t.TempDir(), "filters.json")}
	var err error
	if b.form, err = newForm(t.Context(), server.Account(t), &store{file: b.file}); err != nil {
		t.Fatal(err)
	}
	return b
}

// find requests a page, and save stores a filter, as the form's two buttons do.
func (b *browser) find(fields url.Values) (status int, page string) {
	w := b.send(httptest.NewRequestWithContext(b.t.Context(), http.MethodGet, "/?"+fields.Encode(), nil))
	return w.Code, w.Body.String()
}

func (b *browser) save(fields url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "/", strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.send(r)
}

func (b *browser) send(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.form.ServeHTTP(w, r)
	return w
}

// fields returns the form fields that rows of join, attribute, operator and values send.
func fields(rows ...[4]string) url.Values {
	sent := url.Values{}
	for _, r := range rows {
		for i, name := range []string{"join", "attribute", "operator", "values"} {
			sent.Add(name, r[i])
		}
	}
	return sent
}

// empty is a row that is not filled in.
var empty = [4]string{and, "", "equal_to", ""}

// listed returns the ids of the conversations on a page, and filled the contents of its rows.
func listed(page string) (ids []string) {
	for _, row := range regexp.MustCompile(`(?m)^<tr><td>(\d+)<td>`).FindAllStringSubmatch(page, -1) {
		ids = append(ids, row[1])
	}
	return ids
}

func filled(page string) (picked, values []string) {
	for _, option := range regexp.MustCompile(`<option(?: value="([^"]*)")? selected>([^<]*)`).FindAllStringSubmatch(page, -1) {
		if option[1] != "" {
			picked = append(picked, option[1])
		} else {
			picked = append(picked, option[2])
		}
	}
	for _, area := range regexp.MustCompile(`(?s)<textarea [^>]*>\n(.*?)</textarea>`).FindAllStringSubmatch(page, -1) {
		values = append(values, area[1])
	}
	return picked, values
}

// TestFind checks that the page lists the matching conversations, and shows the rows as they were sent.
func TestFind(t *testing.T) {
	b := newBrowser(t, standIn())
	t.Cleanup(b.Close)
	status, page := b.find(nil)
	if picked, values := filled(page); status != 200 || len(picked) != 0 || len(values) != 1 || strings.Contains(page, "latest activity first") || len(b.Requests()) != 5 {
		t.Errorf("the first page is %d with %d requests and %s", status, len(b.Requests()), page)
	}
	for _, c := range []struct {
		rows [][4]string
		want []string
	}{
		{[][4]string{{and, "status", "equal_to", "open\r\npending"}, empty, {and, "labels", "is_present", ""}}, []string{"2", "5", "8"}},
		{[][4]string{{and, "tier", "equal_to", "gold"}, {and, "status", "equal_to", "open"}, {or, "labels", "equal_to", "vip"}}, []string{"1", "3", "6"}},
		{[][4]string{{and, "labels", "equal_to", "vip"}, {or, "status", "equal_to", "open"}, {and, "tier", "equal_to", "gold"}}, []string{"1", "3", "6"}},
		{[][4]string{{and, "display_id", "equal_to", " 7 \n\n"}, {and, "created_at", "is_greater_than", "2020-01-31"}}, []string{"7"}},
	} {
		status, page := b.find(fields(c.rows...))
		got := listed(page)
		slices.Sort(got)
		if status != 200 || !slices.Equal(got, c.want) {
			t.Errorf("%v finds %v, want %v; %d %s", c.rows, got, c.want, status, page)
		}
	}
	_, page = b.find(fields([4]string{and, "labels", "equal_to", "vip\n</textarea>"}, [4]string{or, "status", "not_equal_to", "open"}))
	picked, values := filled(page)
	if !slices.Equal(picked, []string{"labels", "equal_to", "OR", "status", "not_equal_to"}) || !slices.Equal(values, []string{"vip\n&lt;/textarea&gt;", "open", ""}) {
		t.Errorf("the page shows %q and %q", picked, values)
	}
}

// TestOwner checks that the page names people and bots.
func TestOwner(t *testing.T) {
	server := cfchattest.New(t, cfchattest.Version("4.16.2"))
	ada, _ := server.AddAgent(cfchattest.Agent{Name: "Ada"})
	router, _ := server.AddBot(cfchattest.Bot{Name: "Router"})
	server.AddConversation(cfchattest.Conversation{Assignee: ada})
	server.AddConversation(cfchattest.Conversation{Bot: router})
	server.AddConversation(cfchattest.Conversation{})
	_, page := newBrowser(t, server).find(fields([4]string{and, "status", "equal_to", "all"}))
	for _, want := range []string{"<td>API inbox<td>Ada<td>", "<td>API inbox<td>Router (bot)<td>", "<td>API inbox<td><td>"} {
		if strings.Count(page, want) != 1 {
			t.Errorf("no %s in %s", want, page)
		}
	}
}

// TestWrong checks that an error is shown at its row, and that nothing is stored.
func TestWrong(t *testing.T) {
	for _, c := range []struct {
		version string
		rows    [][4]string
		rule    int // the row that is marked, from 1; 0 for none
		says    string
	}{
		{"4.7.0", [][4]string{empty, {and, "labels", "is_present", ""}, {and, "status", "equal_to", "opne"}}, 2, `&#34;opne&#34; is not a status`},
		{"4.7.0", [][4]string{{and, "status", "contains", "open"}}, 1, "it supports only Equal, NotEqual"},
		{"4.7.0", [][4]string{{and, "", "equal_to", "open"}}, 1, "there is no attribute"},
		{"4.7.0", [][4]string{{and, "labels", "equal_to", "a"}, {or, "teir", "equal_to", "gold"}}, 2, "the account has no such attribute"},
		{"4.7.0", [][4]string{{and, "size", "equal_to", "9"}}, 1, "the account has no such attribute"}, // this is an attribute of contacts
		{"4.7.0", [][4]string{{and, "labels", "", "a"}}, 1, "the server does not know this operator"},
		{"2.16.0", [][4]string{{and, "labels", "equal_to", "a"}, {and, "priority", "equal_to", "urgent"}}, 2, "servers know it from 4.0.4 on, and this is 2.16.0"},
		{"4.7.0", [][4]string{{and, "tier", "equal_to", "gold"}, {and, "status", "equal_to", "open\npending"}}, 2, "put custom rules last"},
		{"4.7.0", nil, 0, "it has no rules"},
	} {
		server := cfchattest.New(t, cfchattest.Version(c.version))
		server.AddCustomAttribute(cfchattest.CustomAttribute{Key: "tier"})
		server.AddCustomAttribute(cfchattest.CustomAttribute{Key: "size", Contact: true})
		b := newBrowser(t, server)
		sent := fields(c.rows...)
		sent.Set("name", "one")
		w := b.save(sent)
		page := w.Body.String()
		if w.Code != 422 || strings.Count(page, `role="alert">`) != 1 || !strings.Contains(page, c.says) {
			t.Errorf("%v: %d %s", c.rows, w.Code, page)
		}
		for i, shown := range strings.Split(page, "<tr><td><")[1:] {
			if strings.Contains(shown, `aria-invalid="true"`) != (i+1 == c.rule) {
				t.Errorf("%v: row %d is %s", c.rows, i+1, shown)
			}
		}
		if _, err := os.Stat(b.file); err == nil {
			t.Errorf("%v was stored", c.rows)
		}
	}
}

// TestSave checks that filters are stored by name, that a restarted program shows them, and that other programs can read
// their file.
func TestSave(t *testing.T) {
	server := standIn()
	t.Cleanup(server.Close)
	b := newBrowser(t, server)
	rows := fields([4]string{and, "labels", "equal_to", "vip\nbilling"}, [4]string{or, "created_at", "days_before", "30"}, empty)
	if w := b.save(rows); w.Code != 422 || !strings.Contains(w.Body.String(), "Give the filter a name.") {
		t.Errorf("without a name the answer is %d %s", w.Code, w.Body)
	}
	for _, name := range []string{"Old & vip", "other", "Old & vip"} {
		rows.Set("name", name)
		w := b.save(rows)
		if at := w.Header().Get("Location"); w.Code != 303 || at != "/?"+(url.Values{"name": {name}}).Encode() {
			t.Fatalf("%q is %d %s %s", name, w.Code, at, w.Body)
		}
	}
	b.form, _ = newForm(t.Context(), server.Account(t), &store{file: b.file})
	status, page := b.find(url.Values{"name": {"Old & vip"}})
	picked, values := filled(page)
	if status != 200 || !slices.Equal(picked, []string{"labels", "equal_to", "OR", "created_at", "days_before"}) ||
		!slices.Equal(values, []string{"vip\nbilling", "30", ""}) || len(listed(page)) != 5 {
		t.Errorf("the stored filter is %d %q %q %s", status, picked, values, page)
	}
	if !strings.Contains(page, `<a href="/?name=Old%20%26%20vip">Old &amp; vip</a>: <code>labels equal_to`) || strings.Count(page, "<li>") != 2 {
		t.Errorf("the page lists %s", page)
	}
	data, err := os.ReadFile(b.file)
	var kept map[string]cfchat.Filter
	if err != nil || json.Unmarshal(data, &kept) != nil || kept["other"].String() != `labels equal_to ["vip","billing"] OR created_at days_before ["30"]` {
		t.Errorf("the file is %s, %v", data, err)
	}
	if _, page := b.find(url.Values{"name": {"x"}}); !strings.Contains(page, "There is no filter with this name.") {
		t.Errorf("for an unknown name the page is %s", page)
	}
}

// TestFailures checks that failures are shown, and that neither a filter that the server has not checked nor one from
// another site is stored.
func TestFailures(t *testing.T) {
	b := newBrowser(t, cfchattest.New(t))
	rows := fields([4]string{and, "labels", "is_present", ""})
	rows.Set("name", "one")
	b.FailNext("conversationFilter", cfchattest.Failure{Status: http.StatusForbidden})
	if w := b.save(rows); w.Code != 502 || !strings.Contains(w.Body.String(), "403 Forbidden") {
		t.Errorf("for a refused filter the answer is %d %s", w.Code, w.Body)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(rows.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := b.send(r); w.Code != 403 {
		t.Errorf("from another site the answer is %d %s", w.Code, w.Body)
	}
	rows.Set("name", strings.Repeat("a", 2<<20))
	if w := b.save(rows); w.Code != 400 {
		t.Errorf("for 2 MiB the answer is %d %s", w.Code, w.Body)
	}
	if _, err := os.Stat(b.file); err == nil {
		t.Error("a filter was stored")
	}
	if err := os.WriteFile(b.file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows.Set("name", "one")
	if w := b.save(rows); w.Code != 500 || !strings.Contains(w.Body.String(), "filters.json: ") {
		t.Errorf("with a broken file the answer is %d %s", w.Code, w.Body)
	}
	if _, err := newForm(t.Context(), b.Account(t), &store{file: b.file}); err == nil {
		t.Error("the program starts with a broken file")
	}
}

// TestRun checks that the form is served until the program is interrupted, and that wrong arguments are refused.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	in, out := io.Pipe()
	ended := make(chan error, 1)
	args := []string{"-listen", "localhost:0", "-file", filepath.Join(t.TempDir(), "f.json")}
	go func() { ended <- run(ctx, args, func(string) string { return "" }, out) }()
	var said strings.Builder
	for part := make([]byte, 200); !strings.Contains(said.String(), "The form is at http://"); {
		n, err := in.Read(part)
		if err != nil {
			t.Fatal(err)
		}
		said.Write(part[:n])
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for want, args := range map[string][]string{`unexpected argument "x"`: {"x"}, "flag provided but not defined": {"-x"}} {
		if err := run(t.Context(), args, func(string) string { return "" }, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
