package cfchattest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// rules returns a filter of rules "key operator values join", as in `status equal_to ["open"] AND`.
func rules(lines ...string) string {
	out := make([]string, len(lines))
	for i, line := range lines {
		f := strings.Fields(line)
		join := "null"
		if len(f) > 3 {
			join = `"` + f[3] + `"`
		}
		out[i] = fmt.Sprintf(`{"attribute_key":%q,"filter_operator":%q,"values":%s,"query_operator":%s}`, f[0], f[1], f[2], join)
	}
	return `{"payload":[` + strings.Join(out, ",") + `]}`
}

func TestFilter(t *testing.T) {
	srv, old := sales(t), sales(t, cfchattest.Version("2.16.0"))
	both, new470, old216 := []*cfchattest.Server{srv, old}, []*cfchattest.Server{srv}, []*cfchattest.Server{old}
	for _, c := range []struct {
		rules   []string
		servers []*cfchattest.Server
		want    []int64
	}{
		{nil, new470, []int64{5, 4, 3, 2, 1}},
		{nil, old216, []int64{5, 4, 3, 2, 1, 1}},
		{[]string{`status equal_to ["resolved","pending"]`}, both, []int64{4, 3}},
		{[]string{`status equal_to ["bogus"]`}, both, []int64{}},
		{[]string{`status not_equal_to ["bogus"]`}, both, []int64{}},
		{[]string{`status equal_to "all"`}, new470, []int64{5, 4, 3, 2, 1}},
		{[]string{`display_id equal_to [1,"3",5.0]`}, new470, []int64{5, 3, 1}},
		{[]string{`assignee_id not_equal_to [1]`}, both, []int64{2}},
		{[]string{`assignee_id is_not_present null`}, both, []int64{5, 4, 3}},
		{[]string{`status equal_to ["resolved"] OR`, `assignee_id equal_to [1,2] and`, `team_id is_present []`}, both, []int64{3, 2}},
		{[]string{`labels equal_to ["a"]`}, both, []int64{1}},
		{[]string{`labels equal_to ["a"] AND`, `labels equal_to ["b"]`}, new470, []int64{1}},
		{[]string{`labels equal_to ["a"] AND`, `labels equal_to ["b"]`}, old216, []int64{}},
		{[]string{`labels not_equal_to ["a"]`}, new470, []int64{5, 4, 3, 2}},
		{[]string{`labels not_equal_to ["a"]`}, old216, []int64{4, 2, 1}},
		{[]string{`labels contains ["A"]`}, old216, []int64{4, 1}},
		{[]string{`mail_subject contains ["Hello"]`}, new470, []int64{2}},
		{[]string{`mail_subject contains ["Hello"]`}, old216, []int64{}},
		{[]string{`mail_subject does_not_contain ["x","hello"]`}, new470, []int64{}},
		{[]string{`browser_language equal_to ["EN"]`}, both, []int64{}},
		{[]string{`browser_language eq "en"`}, old216, []int64{5}},
		{[]string{`browser_language eq ["en"]`}, old216, []int64{}},
		{[]string{`created_at is_greater_than ["2026-03-02"]`}, both, []int64{5, 4, 3}},
		{[]string{`created_at is_less_than ["2026-03-02T23:00:00Z"]`}, new470, []int64{1}},
		{[]string{`tier equal_to ["GOLD","silver"]`}, both, []int64{1, 1}},
		{[]string{`tier contains ["IL"]`}, both, []int64{3}},
		{[]string{`tier anything ["Gold"]`}, new470, []int64{1}},
		{[]string{`seats is_greater_than [4]`}, new470, []int64{1}},
		{[]string{`seats equal_to ["5.0"]`}, new470, []int64{1}},
		{[]string{`since is_less_than ["2026-01-03"]`}, new470, []int64{1}},
		{[]string{`paid equal_to ["true"]`}, both, []int64{3}},
		// not_equal_to of a custom attribute escapes from the rules before it
		{[]string{`status equal_to ["open"] AND`, `tier not_equal_to ["gold"]`}, new470, []int64{5, 4, 2}},
		// after a custom attribute, a list of texts loses all but the first
		{[]string{`tier is_not_present [] AND`, `inbox_id equal_to ["1","2"]`}, new470, []int64{5, 2}},
		{[]string{`tier is_not_present [] AND`, `inbox_id equal_to [1,2]`}, new470, []int64{5, 4, 2}},
		{[]string{`nothing equal_to ["x"] AND`, `status equal_to ["pending"]`}, old216, []int64{4}},
		{[]string{`priority equal_to ["urgent"]`}, new470, []int64{3}},
		// 2.16.0 does not know the attribute priority, whatever the values (contract, 5.2)
		{[]string{`priority equal_to [3] AND`, `status equal_to ["pending"]`}, old216, []int64{4}},
	} {
		for _, server := range c.servers {
			want := c.want
			if server == srv {
				want = slices.Compact(slices.Clone(want))
			}
			status, body := call(t, server, server.AdminKey(), "POST", conversations+"/filter", rules(c.rules...))
			if status != 200 || !slices.Equal(idsOf(t, body), want) {
				t.Errorf("%s: %d %v, want %v", c.rules, status, idsOf(t, body), want)
			}
		}
	}
}

// TestFilterDaysBefore counts days back from today, UTC, by the number that a text starts with (contract, 5.3). A value in
// place of a list is indexed as Ruby does it: a text's first letter, a number's lowest bit.
func TestFilterDaysBefore(t *testing.T) {
	noon := cfchattest.Clock(func() time.Time { return time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC) })
	for _, srv := range []*cfchattest.Server{sales(t, noon), sales(t, noon, cfchattest.Version("2.16.0"))} {
		for values, want := range map[string][]int64{
			`[1]`: {1}, `["1.9"]`: {1}, `["abc"]`: {2, 1}, `[-1]`: {3, 2, 1}, `"12"`: {1}, `3`: {1}, `2`: {2, 1},
		} {
			status, body := call(t, srv, srv.AdminKey(), "POST", conversations+"/filter", rules("created_at days_before "+values))
			if got := slices.Compact(idsOf(t, body)); status != 200 || !slices.Equal(got, want) {
				t.Errorf("%s: %d %v, want %v", values, status, got, want)
			}
		}
	}
}

func TestFilterSeesInboxes(t *testing.T) {
	for server, want := range map[*cfchattest.Server]int{sales(t): 4, sales(t, cfchattest.Version("2.16.0")): 6} {
		_, body := call(t, server, server.AgentKey(), "POST", conversations+"/filter", `{"payload":[]}`)
		if got := len(idsOf(t, body)); got != want {
			t.Errorf("an agent sees %d rows, want %d", got, want)
		}
	}
}

func TestFilterRefuses(t *testing.T) {
	srv, old := sales(t), sales(t, cfchattest.Version("2.16.0"))
	const keys = "status,assignee_id,inbox_id,team_id,priority,display_id,campaign_id,labels,browser_language,conversation_language," +
		"country_code,referer,created_at,last_activity_at,mail_subject"
	for _, c := range []struct {
		body string
		want string // the error of 4.7.0; 2.16.0 answers 500 to all of these
	}{
		{`[]`, "Internal Server Error"},
		{`{}`, "Internal Server Error"},
		{`{"payload":["x"]}`, "Internal Server Error"},
		{rules(`nothing equal_to ["x"]`), "Invalid attribute key - [nothing]. The key should be one of [" + keys + "] or a custom attribute defined in the account."},
		{rules(`assignee_id contains ["1"]`), "Invalid operator. The allowed operators for assignee_id are [equal_to,not_equal_to,is_present,is_not_present]."},
		{`{"payload":[{"attribute_key":"status","filter_operator":"eq","values":["open"],"query_operator":[]}]}`, "Invalid operator. The allowed operators for status are [equal_to,not_equal_to]."},
		{rules(`status eq []`), "Invalid operator. The allowed operators for status are [equal_to,not_equal_to]."},
		{rules(`status equal_to []`, `status equal_to ["open"]`), "Invalid value. The values provided for status are invalid"},
		{rules(`status equal_to ["open"] XOR`, `x y []`), `Query operator must be either "AND" or "OR".`},
		{rules(`status equal_to ["open"]`, `status equal_to ["open"]`), "Internal Server Error"},
		{rules(`status equal_to ["open"] OR`), "Internal Server Error"},
		{rules(`status equal_to [0]`), "Internal Server Error"},
		{rules(`assignee_id equal_to ["abc"]`), "Internal Server Error"},
		{rules(`labels equal_to [1]`), "Internal Server Error"},
		{rules(`price equal_to ["1"]`), "Internal Server Error"},
		{rules(`seats contains ["1"]`), "Internal Server Error"},
		{rules(`tier not_equal_to ["x"] AND`, `status equal_to ["open"]`), "Internal Server Error"},
		{rules(`created_at is_greater_than ["it's"]`), "Internal Server Error"},
		{rules(`created_at days_before [[3]]`), "Internal Server Error"},
		{rules(`created_at days_before [99999999999]`), "Internal Server Error"},
		{rules(`created_at days_before [99999999999] AND`, `created_at equal_to [1]`), "Invalid operator. The allowed operators for created_at are [is_greater_than,is_less_than,days_before]."},
		{rules(`created_at days_before [true]`), "Internal Server Error"},
	} {
		want := fmt.Sprintf(`{"error":%q}`, c.want)
		if c.want == "Internal Server Error" {
			want = `{"status":500,"error":"Internal Server Error"}`
		}
		if _, body := call(t, srv, srv.AdminKey(), "POST", conversations+"/filter", c.body); body != want {
			t.Errorf("%s: %s, want %s", c.body, body, want)
		}
		if status, body := call(t, old, old.AdminKey(), "POST", conversations+"/filter", c.body); status != 500 {
			t.Errorf("2.16.0: %s: %d %s", c.body, status, body)
		}
	}
}

// TestFilterRelativeDays filters by the words that the database knows for days, by the server's clock and in any letter
// case.
func TestFilterRelativeDays(t *testing.T) {
	noon := cfchattest.Clock(func() time.Time { return time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC) })
	for _, srv := range []*cfchattest.Server{sales(t, noon), sales(t, noon, cfchattest.Version("2.16.0"))} {
		for word, want := range map[string][]int64{
			"epoch": {5, 4, 3, 2, 1}, "yesterday": {5, 4, 3}, "Today": {5, 4}, "now": {5, 4}, "tomorrow": {5},
		} {
			status, body := call(t, srv, srv.AdminKey(), "POST", conversations+"/filter", rules(`created_at is_greater_than ["`+word+`"]`))
			if got := slices.Compact(idsOf(t, body)); status != 200 || !slices.Equal(got, want) {
				t.Errorf("%s: %d %v, want %v", word, status, got, want)
			}
		}
	}
}

// TestFilterPageThatDoesNotFit checks that a page number out of range means the nearest one: the first page, or one beyond
// the last.
func TestFilterPageThatDoesNotFit(t *testing.T) {
	srv := cfchattest.New(t)
	srv.AddConversation(cfchattest.Conversation{})
	for page, want := range map[string]int{"-1e30": 200, "-9223372036854775808": 200, "1e30": 500, "9223372036854775807": 500, "9223372036854775808": 500} {
		body := `{"page":` + page + `,"payload":[{"attribute_key":"status","filter_operator":"equal_to","values":["all"],"query_operator":null}]}`
		if status, got := call(t, srv, srv.AdminKey(), "POST", conversations+"/filter", body); status != want || want == 200 && !strings.Contains(got, `"id":1`) {
			t.Errorf("page %s: %d %s", page, status, got)
		}
	}
}
