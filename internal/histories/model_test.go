package histories_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
)

// TestModelFilters reads the pages of random filters on quiet accounts without equal times, and checks that they have what
// the caller means: the two are evaluated independently.
func TestModelFilters(t *testing.T) {
	matched := 0
	for seed := range uint64(80) {
		bubble(t, fmt.Sprint(seed), func(t *testing.T) {
			h := &history{rnd: rand.New(rand.NewPCG(seed, 3)), server: newServer(seed)}
			h.version()
			if h.populate(); len(h.server.convs) > 1_000 {
				return // that means many pages, without other kinds of rules
			}
			for i, c := range h.server.convs {
				c.activity = h.server.byCreated[0].created + int64(i*997)
			}
			for range 5 {
				h.server.rules = append(someRules(h.rnd, h.server), rule{key: "status", op: "equal_to", texts: []string{"all"}})
				if h.server.rules[0].key == "tier" {
					slices.Reverse(h.server.rules)
				}
				matched += h.compare(t)
			}
			if len(h.server.sent.foreign) > 0 {
				t.Error(h.server.sent.foreign[0])
			}
		})
	}
	if matched < 10_000 {
		t.Errorf("got %d matches, want 10,000 or more", matched)
	}
}

// compare checks that the pages of the filter have exactly the matching conversations, and returns their number.
func (h *history) compare(t *testing.T) int {
	t.Helper()
	var got, want []int64
	for c, err := range h.server.account(t).Conversations.FilterAll(t.Context(), filterOf(h.server.rules)) {
		if err != nil {
			t.Error(filterOf(h.server.rules), err)
			return 0
		}
		got = append(got, c.ID)
	}
	for _, c := range h.server.convs {
		if h.server.means(c) {
			want = append(want, c.id)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("%v: got %d conversations, want %d", filterOf(h.server.rules), len(got), len(want))
	}
	return len(want)
}

// TestModelRequests checks the answers to handwritten requests.
func TestModelRequests(t *testing.T) {
	bubble(t, "", func(t *testing.T) {
		s := newServer(1)
		s.fill(1, 60, 1, 3_600) // the last one at 15 o'clock, so 16 of them today
		s.byID[7].labels, s.byID[7].status = []string{"a", "b"}, "resolved"
		s.byID[9].broken = true
		s.byID[60].drops = true
		today := time.Now().UTC().Format(time.DateOnly)
		for _, c := range []struct {
			name, body string
			page       int
			want       string
		}{
			{"a window", rules(`"display_id","equal_to",[1,2,3,4,5,99]`), 1, "5 of 5"},
			{"a window that cannot be rendered", rules(`"display_id","equal_to",[8,9,10]`), 1, "500"},
			{"its count", rules(`"display_id","equal_to",[8,9,10]`), 1 << 20, "0 of 3"},
			{"one that kills", rules(`"display_id","equal_to",[59,60]`), 1, "reset"},
			{"its count", rules(`"display_id","equal_to",[59,60]`), 1 << 20, "0 of 2"},
			{"the rest", rules(`"display_id","not_equal_to",[1,2,3,9,60]`), 3, "5 of 55"},
			{"today", rules(`"created_at","is_less_than",["`+today+`"]`, `"display_id","not_equal_to",[9]`), 2, "18 of 43"},
			{"after today", rules(`"created_at","is_greater_than",["` + today + `"]`), 1, "0 of 0"},
			{"after the day before yesterday", rules(`"created_at","is_greater_than",["` + time.Now().Add(-48*time.Hour).UTC().Format(time.DateOnly) + `"]`), 2, "15 of 40"},
			{"two inboxes", rules(`"inbox_id","equal_to",[2,1]`, `"status","equal_to",["resolved"]`), 1, "1 of 1"},
			{"its labels", rules(`"labels","equal_to",["a","b"]`), 1, "1 of 1"},
			{"not the label", rules(`"labels","not_equal_to",["a"]`, `"display_id","equal_to",[6,7,8]`), 1, "2 of 2"},
			{"no values", rules(`"display_id","equal_to",[]`), 1, "422"},
			{"an unknown attribute", rules(`"id","equal_to",[1]`), 1, "422"},
			{"no such operator", rules(`"created_at","equal_to",["` + today + `"]`), 1, "422"},
			{"no rules", `{"payload":[]}`, 1, "500"},
			{"a trailing AND", strings.Replace(rules(`"display_id","equal_to",[1]`), "null", `"AND"`, 1), 1, "500"},
		} {
			if got := s.send(t, http.MethodPost, fmt.Sprint("/conversations/filter?page=", c.page), c.body); got != c.want {
				t.Errorf("%s: got %s, want %s", c.name, got, c.want)
			}
		}
		s.byID[9].broken, s.byID[60].drops = false, false
		for _, c := range []struct{ path, want string }{
			{"/conversations?status=all&page=3", "10 of 60"},
			{"/conversations?page=3", "9 of 59"},
			{"/conversations?status=all&page=4", "0 of 60"},
			{"/conversations?status=all&inbox_id=5", "0 of 0"},
			{"/conversations/meta?status=all", "0 of 60"},
			{"/conversations/99", "404"},
		} {
			if got := s.send(t, http.MethodGet, c.path, ""); got != c.want {
				t.Errorf("%s: got %s, want %s", c.path, got, c.want)
			}
		}
		s.old()
		if got := s.send(t, http.MethodPost, "/conversations/filter", rules(`"display_id","equal_to",[7]`)); got != "2 of 2" {
			t.Errorf("rows per label: got %s, want 2 of 2", got)
		}
	})
}

// rules returns a filter whose rules are all joined by AND.
func rules(each ...string) string {
	for i, text := range each {
		part := strings.SplitN(text, ",", 3)
		join := `"AND"`
		if i == len(each)-1 {
			join = "null"
		}
		each[i] = fmt.Sprintf(`{"attribute_key":%s,"filter_operator":%s,"values":%s,"query_operator":%s}`, part[0], part[1], part[2], join)
	}
	return `{"payload":[` + strings.Join(each, ",") + `]}`
}

// send returns the number of rows received of the number counted, or the failure.
func (s *server) send(t *testing.T, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://chat.test/api/v1/accounts/1"+path, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.RoundTrip(req)
	if err != nil {
		return "reset"
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Sprint(resp.StatusCode)
	}
	type page struct {
		Meta struct {
			All int `json:"all_count"`
		} `json:"meta"`
		Payload []cfchat.Conversation `json:"payload"`
	}
	var answer struct {
		page
		Data *page `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if answer.Data != nil {
		answer.page = *answer.Data
	}
	return fmt.Sprintf("%d of %d", len(answer.Payload), answer.Meta.All)
}
