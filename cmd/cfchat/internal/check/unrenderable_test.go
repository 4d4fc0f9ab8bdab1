package check

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// broken starts a server with conversations, with ids from 1 on, some of which cannot be rendered.
func broken(t *testing.T, size int, ids []int64, opts ...cfchattest.Option) *cfchattest.Server {
	t.Helper()
	srv := cfchattest.New(t, opts...)
	for i := range size {
		contact := srv.AddContact(cfchattest.Contact{Name: canary})
		id := srv.AddConversation(cfchattest.Conversation{
			CreatedAt: time.Now().Add(time.Duration(i-size) * time.Hour), Contact: contact, Labels: []string{canary, "b", "c"},
		})
		srv.AddMessage(id, cfchattest.Message{Content: canary})
		if slices.Contains(ids, id) {
			srv.DeleteContact(contact)
		}
	}
	return srv
}

// TestUnrenderable checks that conversations that cannot be rendered are identified, wherever they are requested, and are
// not drift.
func TestUnrenderable(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "4.7.0"} {
		for _, c := range []struct {
			size int
			ids  []int64
			text string
		}{
			{60, []int64{53}, "  Conversation 53: getting it is a 500, and so is each page with it:\n"},
			{60, []int64{5, 53, 54}, "  Conversations 5, 53 and 54: getting one is a 500, and so is each page with one:\n"},
			{3, []int64{1}, "  Conversation 1: getting it is a 500, and so is each page with it:\n"},
		} {
			srv := broken(t, c.size, c.ids, cfchattest.Version(version))
			r, err := checkedJSON(t, srv.URL(), srv.AdminKey())
			if err != nil || r.Result != resultOK || !slices.Equal(r.Unrenderable, c.ids) || r.Requests > maxRequests {
				t.Errorf("%s, %d of %d: %v, %+v", version, c.ids, c.size, err, r)
			}
			text, _ := checkedText(t, srv.URL(), srv.AdminKey())
			if !strings.Contains(text, c.text) || !strings.Contains(text, "the latest conversations") || !strings.Contains(text, "Everything that is rendered is as") {
				t.Errorf("%s: no %q in\n%s", version, c.text, text)
			}
		}
	}
}

// TestManyUnrenderable checks that only some of many such conversations are identified, that they are not drift, and that
// the search ends.
func TestManyUnrenderable(t *testing.T) {
	t.Parallel()
	ids := []int64{40, 42, 44, 46, 48, 50, 52, 54, 56, 58}
	srv := broken(t, 60, ids)
	r, err := checkedJSON(t, srv.URL(), srv.AdminKey())
	if err != nil || len(r.Unrenderable) != maxUnrenderable || r.Requests > maxRequests {
		t.Errorf("%v: %+v", err, r)
	}
	if text, _ := checkedText(t, srv.URL(), srv.AdminKey()); !strings.Contains(text, " and maybe others: getting one is a 500") {
		t.Errorf("it does not say that there may be others:\n%s", text)
	}
}

// TestUnrenderableUnknown checks that an unidentified conversation is not drift either: a page after the failing one is
// answered, and no filter has its order.
func TestUnrenderableUnknown(t *testing.T) {
	t.Parallel()
	srv := broken(t, 60, nil)
	address := failing(t, srv, func(a asked) bool {
		return a.list() && strings.Contains(a.query, "sort_by") && !strings.Contains(a.query, "page=2")
	})
	text, err := checkedText(t, address, srv.AdminKey())
	for _, want := range []string{
		"  An unidentified conversation: each page with it is a 500:\n    conversation_list  the oldest conversations\n",
		" as the contract says, where rendered (",
	} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("%v: no %q in\n%s", err, want, text)
		}
	}
}

// TestNothingRendered checks that an account in which nothing is rendered counts as not checked.
func TestNothingRendered(t *testing.T) {
	t.Parallel()
	srv := broken(t, 1, []int64{1})
	r, err := checkedJSON(t, srv.URL(), srv.AdminKey())
	if exit.Status(err) != 2 || !strings.Contains(r.Error, "can render none of the account's conversations") || !slices.Equal(r.Unrenderable, []int64{1}) {
		t.Errorf("%v: %+v", err, r)
	}
}

// TestFailsEverywhere checks that 500s that no conversation explains are drift.
func TestFailsEverywhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fails func(asked) bool
		ops   []string
	}{
		"every request":        {func(asked) bool { return true }, []string{opCounts, opList, opFilter, opGet}},
		"every list":           {func(a asked) bool { return a.list() }, []string{opList}},
		"every list with rows": {func(a asked) bool { return a.list() && a.rows() }, []string{opList}},
		"the list's first page": {func(a asked) bool {
			return a.list() && (a.query == "" || a.query == "status=all" || strings.HasSuffix(a.query, "page=1"))
		}, []string{opList}},
		"every filter":           {func(a asked) bool { return a.filter() }, []string{opFilter}},
		"every filter with rows": {func(a asked) bool { return a.filter() && a.rows() }, []string{opFilter}},
		"all that is rendered":   {func(a asked) bool { return a.rows() }, []string{opList, opFilter}},
		"a page beyond the last": {func(a asked) bool { return a.list() && strings.Contains(a.query, "page="+strconv.Itoa(farPage)) }, []string{opList}},
		"one kind of filter":     {func(a asked) bool { return strings.Contains(a.body, `"created_at"`) }, []string{opFilter}},
	} {
		srv := broken(t, 60, nil)
		r, err := printedJSON(t, failing(t, srv, c.fails), srv.AdminKey())
		if exit.Status(err) != 1 || r.Result != resultDrift || len(r.Unrenderable) > 0 || r.Requests > maxRequests {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
		if r.Version.Contradictory || strings.Contains(r.Error, "this key sees no conversation") {
			t.Errorf("%s: a 500 was taken for a sign of the version, or of an empty account: %+v", name, r)
		}
		for _, op := range r.Operations {
			if drifted := slices.Contains(c.ops, op.ID); drifted != (op.Result == resultDrift) || len(op.Unrendered) > 0 {
				t.Errorf("%s: %+v", name, op)
			}
		}
	}
}

// TestFailsBesides checks that 500s that an unrenderable conversation does not explain are drift.
func TestFailsBesides(t *testing.T) {
	t.Parallel()
	for id, fails := range map[string]func(asked) bool{
		opList:   func(a asked) bool { return a.list() && a.rows() },
		opFilter: func(a asked) bool { return strings.Contains(a.body, `"created_at"`) },
	} {
		srv := broken(t, 60, []int64{53})
		r, err := printedJSON(t, failing(t, srv, fails), srv.AdminKey())
		if exit.Status(err) != 1 || r.of(id).Result != resultDrift || !slices.Equal(r.Unrenderable, []int64{53}) {
			t.Errorf("%s: %v, %+v", id, err, r)
		}
	}
}

// TestSearchedEnough checks that the search ends when it has used its requests.
func TestSearchedEnough(t *testing.T) {
	t.Parallel()
	c := &checker{report: newReport(Options{})}
	if c.watch.requests = maxSearch - 1; c.searchedEnough() {
		t.Error("the search ends too early")
	}
	if c.watch.requests = maxSearch; !c.searchedEnough() {
		t.Error("the search continues beyond its limit")
	}
}

// asked is an exchange as seen by a server in front of another.
type asked struct{ path, query, body, answer string }

func (a asked) list() bool   { return strings.HasSuffix(a.path, "/conversations") }
func (a asked) filter() bool { return strings.HasSuffix(a.path, "/filter") }
func (a asked) rows() bool   { return strings.Contains(a.answer, `"messages":`) }

// failing starts a server in front of another, which answers 500 to some requests.
func failing(t *testing.T, srv *cfchattest.Server, fails func(asked) bool) string {
	t.Helper()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		recorder := httptest.NewRecorder()
		srv.ServeHTTP(recorder, r)
		maps.Copy(w.Header(), recorder.Header())
		answer, status := recorder.Body.String(), recorder.Code
		if fails(asked{r.URL.Path, r.URL.RawQuery, string(body), answer}) {
			answer, status = `{"status":500,"error":"Internal Server Error"}`, http.StatusInternalServerError
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}
