package cfchat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// sentFilter sends a filter to a server that does not report its version, and returns the sent body; "" if nothing was sent.
func sentFilter(t *testing.T, filter cfchat.Filter) (string, error) {
	t.Helper()
	return sentFilterTo(t, "", filter)
}

// sentFilterTo is sentFilter for a server of a given version.
func sentFilterTo(t *testing.T, version string, filter cfchat.Filter) (string, error) {
	t.Helper()
	body := ""
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodGet {
			return trial.Reply(404, "text/plain", ""), nil
		}
		data, err := io.ReadAll(req.Body)
		body = string(data)
		return jsonReply(`{"meta":{},"payload":[]}`), err
	}), func(c *cfchat.Config) { c.ServerVersion = version })
	_, err := chat.Account(1).Conversations.Filter(t.Context(), filter, 1)
	return body, err
}

// Types that callers may define for text and numbers.
type (
	namedText   string
	namedNumber uint16
)

func rawRule(attribute string, operator cfchat.FilterOperator, values ...any) cfchat.Rule {
	return cfchat.RawRule(cfchat.FilterRule{AttributeKey: attribute, FilterOperator: operator, Values: values})
}

// TestRulesThatPass checks how a single rule is sent: its JSON, without the query operator.
func TestRulesThatPass(t *testing.T) {
	berlin := time.FixedZone("Berlin", 2*3600)
	for _, c := range []struct {
		rule cfchat.Rule
		want string // attribute, operator, values
	}{
		// the standard attributes with the operators that every version has (contract, section 5.2)
		{cfchat.Equal("status", "open", "resolved", "pending", "snoozed"), `status equal_to ["open","resolved","pending","snoozed"]`},
		{cfchat.Equal("status", "all"), `status equal_to ["all"]`},
		{cfchat.Equal("status", cfchat.StatusOpen, cfchat.StatusAll), `status equal_to ["open","all"]`},
		{cfchat.NotEqual("status", "open"), `status not_equal_to ["open"]`},
		{cfchat.Equal("priority", "low", cfchat.PriorityUrgent), `priority equal_to ["low","urgent"]`},
		{cfchat.NotEqual("priority", "medium", "high"), `priority not_equal_to ["medium","high"]`},
		{cfchat.Equal("display_id", 1, 2), `display_id equal_to [1,2]`},
		{cfchat.NotEqual("display_id", 1), `display_id not_equal_to [1]`},
		{cfchat.Equal("labels", "vip", "a,b", "it's"), `labels equal_to ["vip","a,b","it's"]`},
		{cfchat.NotEqual("labels", "vip"), `labels not_equal_to ["vip"]`},
		{cfchat.Present("labels"), `labels is_present []`},
		{cfchat.Absent("labels"), `labels is_not_present []`},
		{cfchat.Equal("browser_language", "en"), `browser_language equal_to ["en"]`},
		{cfchat.NotEqual("conversation_language", "en"), `conversation_language not_equal_to ["en"]`},
		{cfchat.Equal("country_code", "US", "DE"), `country_code equal_to ["US","DE"]`},
		{cfchat.Equal("referer", "https://x.test"), `referer equal_to ["https://x.test"]`},
		{cfchat.NotEqual("referer", "https://x.test"), `referer not_equal_to ["https://x.test"]`},
		{cfchat.Contains("referer", "it's"), `referer contains ["it's"]`},
		{cfchat.DoesNotContain("referer", "x"), `referer does_not_contain ["x"]`},
		{cfchat.Equal("mail_subject", "Hello"), `mail_subject equal_to ["Hello"]`},
		{cfchat.NotEqual("mail_subject", "Hello"), `mail_subject not_equal_to ["Hello"]`},
		{cfchat.Contains("mail_subject", "Hello"), `mail_subject contains ["Hello"]`},
		{cfchat.DoesNotContain("mail_subject", "Hello"), `mail_subject does_not_contain ["Hello"]`},
		// times become days of UTC
		{cfchat.GreaterThan("created_at", "2026-01-31"), `created_at is_greater_than ["2026-01-31"]`},
		{cfchat.LessThan("last_activity_at", time.Date(2026, 2, 1, 2, 0, 0, 0, berlin)), `last_activity_at is_less_than ["2026-02-01"]`},
		{cfchat.GreaterThan("created_at", cfchat.UnixTime{Time: time.Date(2026, 2, 1, 2, 0, 0, 0, berlin)}), `created_at is_greater_than ["2026-02-01"]`},
		{cfchat.Since("created_at", time.Date(2026, 2, 1, 0, 30, 0, 0, berlin)), `created_at is_greater_than ["2026-01-30"]`},
		{cfchat.Since("last_activity_at", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), `last_activity_at is_greater_than ["2026-02-28"]`},
		{cfchat.LessThan("since", cfchat.UnixTime{Time: time.Unix(0, 0)}), `since is_less_than ["1970-01-01"]`},
		// ids, of any type of whole number, and as text if no custom rule comes before
		{cfchat.Equal("inbox_id", int8(1), int64(2), uint(3), uint64(4), namedNumber(5)), `inbox_id equal_to [1,2,3,4,5]`},
		{cfchat.Equal("inbox_id", "5", namedText("6")), `inbox_id equal_to ["5","6"]`},
		{cfchat.Equal("inbox_id", json.Number("5")), `inbox_id equal_to [5]`},
		// custom attributes: only the server knows their type
		{cfchat.Equal("tier", "GOLD"), `tier equal_to ["GOLD"]`},
		{cfchat.Equal("tier", namedText("gold")), `tier equal_to ["gold"]`},
		{cfchat.Equal("seats", 8, 9.5), `seats equal_to [8,9.5]`},
		{cfchat.Equal("seats", json.Number("8"), json.Number("9")), `seats equal_to [8,9]`}, // as in CustomAttributes
		{cfchat.Equal("paid", true), `paid equal_to [true]`},
		{cfchat.Equal("tier", json.RawMessage(`"gold"`)), `tier equal_to ["gold"]`},
		{cfchat.NotEqual("tier", "gold"), `tier not_equal_to ["gold"]`}, // alone
		{cfchat.Contains("tier", "o'"), `tier contains ["o'"]`},
		{cfchat.DoesNotContain("tier", "x"), `tier does_not_contain ["x"]`},
		{cfchat.Present("tier"), `tier is_present []`},
		{cfchat.Absent("tier"), `tier is_not_present []`},
		{cfchat.GreaterThan("seats", 4), `seats is_greater_than [4]`},
		{cfchat.LessThan("seats", "4"), `seats is_less_than ["4"]`},
		{cfchat.LessThan("since", time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)), `since is_less_than ["2026-01-03"]`},
		// RawRule: rules that the table does not know
		{rawRule("browser_language", cfchat.FilterOperatorContains, "e"), `browser_language contains ["e"]`},
		{rawRule("status", cfchat.FilterOperatorEqualTo, "closed"), `status equal_to ["closed"]`},
		{rawRule("country_code", cfchat.FilterOperatorIsPresent), `country_code is_present`},
		{rawRule("assignee_id", cfchat.FilterOperatorEqualTo, "me"), `assignee_id equal_to ["me"]`},
		{cfchat.RawRule(cfchat.FilterRule{
			AttributeKey: "seats", FilterOperator: cfchat.FilterOperatorIsGreaterThan, Values: []any{1}, CustomAttributeType: "x",
		}), `seats is_greater_than [1]`},
	} {
		body, err := sentFilter(t, cfchat.Where(c.rule))
		if got := ruleText(t, body); err != nil || got != c.want {
			t.Errorf("sent %q, %v, want %q", got, err, c.want)
		}
	}
	for _, attribute := range []cfchat.Attribute{"assignee_id", "inbox_id", "team_id", "campaign_id", "contact_id"} {
		for _, rule := range []cfchat.Rule{
			cfchat.Equal(attribute, 7, 8), cfchat.NotEqual(attribute, 7), cfchat.Present(attribute), cfchat.Absent(attribute),
		} {
			if body, err := sentFilter(t, cfchat.Where(rule)); err != nil || !strings.HasPrefix(ruleText(t, body), string(attribute)) {
				t.Errorf("%s: sent %s, %v", attribute, body, err)
			}
		}
	}
}

// ruleText writes the only rule of a body as "attribute operator values".
func ruleText(t *testing.T, body string) string {
	t.Helper()
	var sent struct {
		Payload []struct {
			Key      string          `json:"attribute_key"`
			Operator string          `json:"filter_operator"`
			Values   json.RawMessage `json:"values"`
		}
	}
	if err := json.Unmarshal([]byte(body), &sent); err != nil || len(sent.Payload) != 1 {
		return body
	}
	rule := sent.Payload[0]
	return strings.TrimSpace(rule.Key + " " + rule.Operator + " " + string(rule.Values))
}

// stray encodes to JSON's null, as the optional types of some libraries do.
type stray struct{}

func (stray) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// TestRulesThatAreRefused checks that invalid rules are refused by number, and that nothing is sent.
func TestRulesThatAreRefused(t *testing.T) {
	midnight := time.Date(2026, 2, 1, 0, 0, 0, 0, time.FixedZone("", 3600)) // 23:00 in UTC
	for _, c := range []struct {
		rule cfchat.Rule
		want string
	}{
		// invalid in every version
		{cfchat.Rule{}, "no attribute"},
		{cfchat.Equal("", 1), "no attribute"},
		{rawRule("status", "eq", "open"), "operator"},
		{rawRule("status", "", "open"), "operator"},
		{cfchat.RawRule(cfchat.FilterRule{
			AttributeKey: "status", FilterOperator: "equal_to", Values: []any{"open"}, QueryOperator: new(cfchat.QueryOperatorAND),
		}), "QueryOperator"},
		{cfchat.Equal("status"), "no value"},
		{cfchat.NotEqual("tier"), "no value"},
		{rawRule("status", cfchat.FilterOperatorEqualTo), "no value"},
		{cfchat.Equal("assignee_id", nil), "nil"},
		{cfchat.Equal("assignee_id", 1, nil), "nil"},
		{cfchat.Equal("assignee_id", (*int)(nil)), "nil"},
		{cfchat.Equal("tier", stray{}), "nil"},
		{cfchat.Equal("tier", json.RawMessage("null")), "nil"},
		{cfchat.Equal("labels", ""), "empty"},
		{cfchat.Equal("labels", "vip", " \t"), "empty"},
		{cfchat.Contains("referer", ""), "empty"},
		{rawRule("tier", cfchat.FilterOperatorEqualTo, ""), "empty"},
		{cfchat.Equal("seats", math.NaN()), "JSON"},
		{cfchat.Equal("seats", math.Inf(1)), "JSON"},
		{cfchat.Equal("tier", func() {}), "JSON"},
		{rawRule("seats", cfchat.FilterOperatorEqualTo, math.NaN()), "JSON"},
		// operators that 3.8.0 refuses, and that most earlier versions answer with a 500 or no rows
		{cfchat.Present("status"), "it supports only Equal, NotEqual"},
		{cfchat.Contains("status", "open"), "only"},
		{cfchat.GreaterThan("status", "open"), "only"},
		{cfchat.Present("priority"), "only"},
		{cfchat.Contains("assignee_id", "1"), "only"},
		{cfchat.GreaterThan("inbox_id", 1), "only"},
		{cfchat.DaysBefore("team_id", 1), "only"},
		{cfchat.DoesNotContain("campaign_id", "1"), "only"},
		{cfchat.Contains("contact_id", "1"), "only"},
		{cfchat.Contains("display_id", "1"), "only"},
		{cfchat.Present("display_id"), "only"},
		{cfchat.LessThan("display_id", 5), "only"},
		{cfchat.Contains("labels", "vip"), "it supports only Equal, NotEqual, Present, Absent"},
		{cfchat.Contains("browser_language", "e"), "only"},
		{cfchat.Present("conversation_language"), "only"},
		{cfchat.Absent("country_code"), "only"},
		{cfchat.Present("referer"), "it supports only Equal, NotEqual, Contains, DoesNotContain"},
		{cfchat.LessThan("mail_subject", "x"), "only"},
		{cfchat.Equal("created_at", "2026-01-31"), "only"},
		{cfchat.NotEqual("created_at", "2026-01-31"), "only"},
		{cfchat.Present("created_at"), "it supports only GreaterThan, LessThan, DaysBefore"},
		{cfchat.Contains("last_activity_at", "2026"), "only"},
		// values that do not fit
		{cfchat.Equal("status", "closed"), "not a status"},
		{cfchat.Equal("status", "Open"), "not a status"},
		{cfchat.NotEqual("status", "open", "bogus"), "not a status"},
		{cfchat.Equal("status", 0), "not a status"},
		{cfchat.Equal("priority", "none"), "not a priority"},
		{cfchat.Equal("priority", 3), "not a priority"},
		{cfchat.Equal("assignee_id", "me"), "not an id"},
		{cfchat.Equal("assignee_id", "5abc"), "not an id"},
		{cfchat.Equal("assignee_id", 0), "not an id"},
		{cfchat.Equal("assignee_id", -1), "not an id"},
		{cfchat.Equal("assignee_id", 1, "x"), "not an id"},
		{cfchat.Equal("inbox_id", 1.5), "not an id"},
		{cfchat.Equal("inbox_id", true), "not an id"},
		{cfchat.Equal("inbox_id", uint64(math.MaxUint64)), "not an id"},
		{cfchat.Equal("inbox_id", 4, []int64{5, 6}), "a list, of type []int64; give its elements one by one"},
		{cfchat.Equal("inbox_id", []int64{}), "there is no value"},
		{cfchat.Equal("inbox_id", []any{5, "x"}), "not an id"},
		{cfchat.Equal("inbox_id", 1e300), "not an id"},
		{cfchat.NewRule("status", "eq", "open"), "does not know this operator"},
		{cfchat.Equal("labels", "vip", [1]string{"x"}), "a list, of type [1]string"},
		{cfchat.Equal("tier", []string{"gold", "silver"}), "only the first"},
		{cfchat.Equal("team_id", new(int64(5))), "a pointer, of type *int64; give the value that it points to"},
		{cfchat.Equal("labels", new("vip")), "a pointer, of type *string"},
		{cfchat.GreaterThan("created_at", &time.Time{}), "a pointer, of type *time.Time"},
		{cfchat.Equal("labels", 5), "not text"},
		{cfchat.Equal("country_code", true), "not text"},
		{cfchat.NewRule("labels", cfchat.FilterOperatorIsPresent, "x"), "it takes no value; leave it out, or use Equal"},
		{cfchat.NewRule("tier", cfchat.FilterOperatorIsNotPresent, 5), "it takes no value"},
		{cfchat.Equal("inbox_id", 5, "x", 0, 1.5), `"x" is not an id; ids are whole numbers from 1; 0 is not an id; ids are whole numbers from 1; 1.5 is not`},
		{cfchat.GreaterThan("created_at", midnight), `it is 23:00:00 on 2026-01-31 in UTC, and the server compares only whole days in UTC; use Since, or give the day, such as "2026-02-01"`},
		{cfchat.LessThan("last_activity_at", cfchat.UnixTime{Time: midnight}), "use Since"},
		{cfchat.LessThan("last_activity_at", cfchat.NewISOTime(midnight)), "use Since"},
		{cfchat.GreaterThan("created_at", time.Unix(0, 1)), "it is 00:00:00.000000001 on 1970-01-01"},
		{cfchat.Equal("due", midnight), "use Since"},
		{cfchat.GreaterThan("due", &midnight), "a pointer, of type *time.Time"},
		{cfchat.GreaterThan("created_at", time.Time{}), "the zero time"},
		{cfchat.LessThan("due", cfchat.UnixTime{}), "the zero time"},
		{cfchat.GreaterThan("due", midnight), "use Since"},
		{cfchat.GreaterThan("created_at", []time.Time{midnight}), "use Since"},
		{cfchat.Since("due", midnight), "created_at and last_activity_at"},
		{cfchat.Since("created_at", time.Time{}), "0001-01-01T00:00:00Z is not a time that a conversation can have"},
		{cfchat.Since("created_at", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), "is not a time that a conversation can have"},
		{cfchat.GreaterThan("created_at", "foo"), "not a day"},
		{cfchat.GreaterThan("created_at", "2026-02-30"), "not a day"},
		{cfchat.LessThan("created_at", "2026-1-1"), "not a day"},
		{cfchat.LessThan("created_at", "2026-01-31T00:00:00Z"), "not a day"},
		{cfchat.LessThan("created_at", "2026-01-31' OR 1=1 --"), "not a day"},
		{cfchat.GreaterThan("created_at", 1700000000), "not a day"},
		{cfchat.DaysBefore("created_at", -1), "not a number of days"},
		// custom attributes
		{cfchat.Equal("tier", "gold", "silver"), "only the first"},
		{cfchat.NotEqual("tier", "gold", "silver"), "only the first"},
		{cfchat.Equal("tier", namedText("gold"), namedText("silver")), "only the first"},
		{cfchat.GreaterThan("since", "2026' OR 1=1 --"), "quote"},
		{cfchat.LessThan("since", `2026"`), "quote"},
		{cfchat.LessThan("since", `2026\`), "quote"},
		{cfchat.LessThan("since", namedText("2026'")), "quote"},
	} {
		open := cfchat.Equal("status", "open")
		for filter, number := range map[*cfchat.Filter]string{
			new(cfchat.Where(c.rule)):                             "rule 1 ",
			new(cfchat.Where(open).And(c.rule)):                   "rule 2 ",
			new(cfchat.Where(open).Or(open).Or(c.rule).And(open)): "rule 3 ",
		} {
			checkFilterRefused(t, *filter, number, c.want)
		}
	}
	checkFilterRefused(t, cfchat.Filter{}, "no rules", "Where")
}

func checkFilterRefused(t *testing.T, filter cfchat.Filter, number, want string) {
	t.Helper()
	body, err := sentFilter(t, filter)
	if body != "" || !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) {
		t.Errorf("%+v: sent %q, %v", filter, body, err)
		return
	}
	if !strings.Contains(err.Error(), number) || !strings.Contains(err.Error(), want) {
		t.Errorf("%q does not contain %q and %q", err, number, want)
	}
}

// TestSequencesOfRules checks rules whose validity depends on the rules before and after them.
func TestSequencesOfRules(t *testing.T) {
	open, gold := cfchat.Equal("status", "open"), cfchat.Equal("tier", "gold")
	notGold := cfchat.NotEqual("tier", "gold")
	rawNotGold := rawRule("tier", cfchat.FilterOperatorNotEqualTo, "gold")
	for _, c := range []struct {
		name   string
		filter cfchat.Filter
		want   string // of the refusal, "" if it passes
	}{
		{"custom NotEqual alone", cfchat.Where(notGold), ""},
		{"custom NotEqual last after Or", cfchat.Where(open).Or(notGold), ""},
		{"custom NotEqual last after And", cfchat.Where(open).And(notGold), "rule 2 (tier not_equal_to): NotEqual on a custom attribute after And"},
		{"custom NotEqual followed by And", cfchat.Where(notGold).And(open), "rule 1 (tier not_equal_to): NotEqual on a custom attribute makes the server answer 500"},
		{"custom NotEqual followed by Or", cfchat.Where(notGold).Or(open), "rule 1 (tier not_equal_to): NotEqual on a custom attribute makes the server answer 500"},
		{"custom NotEqual in the middle", cfchat.Where(open).Or(notGold).Or(open), "rule 2 (tier not_equal_to)"},
		{"custom NotEqual by RawRule", cfchat.Where(rawNotGold).And(open), "rule 1 (tier not_equal_to)"},
		{"standard NotEqual anywhere", cfchat.Where(cfchat.NotEqual("inbox_id", 1)).And(cfchat.NotEqual("status", "open")).Or(open), ""},
		{"text ids before a custom rule", cfchat.Where(cfchat.Equal("inbox_id", "1", "2")).And(gold), ""},
		{"text ids after a custom rule", cfchat.Where(gold).And(cfchat.Equal("inbox_id", "1", "2")), "rule 2 (inbox_id equal_to): after a rule on a custom"},
		{"one text id after a custom rule", cfchat.Where(gold).And(cfchat.Equal("inbox_id", "1")), "rule 2 (inbox_id equal_to)"},
		{"text ids long after a custom rule", cfchat.Where(gold).And(open).Or(cfchat.Equal("inbox_id", "1")), "rule 3 (inbox_id equal_to)"},
		{"ids after a custom rule", cfchat.Where(gold).And(cfchat.Equal("inbox_id", 1, 2)), ""},
		{"one status after a custom rule", cfchat.Where(gold).And(open), ""},
		{"two statuses after a custom rule", cfchat.Where(gold).And(cfchat.Equal("status", "open", "pending")), "rule 2 (status equal_to)"},
		{"capitals after a custom rule", cfchat.Where(gold).And(cfchat.Equal("labels", "VIP")), "rule 2 (labels equal_to)"},
		{"a day after a custom rule", cfchat.Where(gold).And(cfchat.GreaterThan("created_at", "2026-01-31")), ""},
		{"presence after a custom rule", cfchat.Where(gold).And(cfchat.Present("labels")), ""},
		{"custom after custom", cfchat.Where(gold).And(cfchat.Equal("plan", "PRO")), ""},
		{"RawRule after a custom rule", cfchat.Where(gold).And(rawRule("labels", cfchat.FilterOperatorContains, "A")), "rule 2 (labels contains)"},
		{"custom presence counts too", cfchat.Where(cfchat.Present("tier")).And(cfchat.Equal("inbox_id", "1", "2")), "rule 2 (inbox_id equal_to)"},
	} {
		body, err := sentFilter(t, c.filter)
		switch {
		case c.want == "" && (err != nil || body == ""):
			t.Errorf("%s: refused: %v", c.name, err)
		case c.want != "" && (!errors.Is(err, cfchat.ErrInvalidInput) || body != "" || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: sent %q, %v, want %q", c.name, body, err, c.want)
		}
	}
}

// TestFilterJoins checks that each rule but the last has the operator that joins it to the next.
func TestFilterJoins(t *testing.T) {
	a, b, c := cfchat.Equal("status", "open"), cfchat.Equal("inbox_id", 5, 6), cfchat.Absent("assignee_id")
	rule := map[string]string{
		"a": `{"attribute_key":"status","filter_operator":"equal_to","query_operator":?,"values":["open"]}`,
		"b": `{"attribute_key":"inbox_id","filter_operator":"equal_to","query_operator":?,"values":[5,6]}`,
		"c": `{"attribute_key":"assignee_id","filter_operator":"is_not_present","query_operator":?,"values":[]}`,
	}
	for want, filter := range map[string]cfchat.Filter{
		"a":                  cfchat.Where(a),
		"a AND b":            cfchat.Where(a).And(b),
		"a OR b":             cfchat.Where(a).Or(b),
		"a AND b OR c":       cfchat.Where(a).And(b).Or(c),
		"a OR b AND c":       cfchat.Where(a).Or(b).And(c),
		"c OR a OR b AND c":  cfchat.Where(c).Or(a).Or(b).And(c),
		"b AND c":            cfchat.Filter{}.Or(b).And(c),
		"a AND a AND a OR a": cfchat.Where(a).And(a).And(a).Or(a),
	} {
		words := strings.Fields(want)
		var rules []string
		for i := 0; i < len(words); i += 2 {
			operator := "null"
			if i+1 < len(words) {
				operator = `"` + words[i+1] + `"`
			}
			rules = append(rules, strings.Replace(rule[words[i]], "?", operator, 1))
		}
		body, err := sentFilter(t, filter)
		if wantBody := `{"payload":[` + strings.Join(rules, ",") + `]}`; err != nil || body != wantBody {
			t.Errorf("%s: sent %s, %v, want %s", want, body, err, wantBody)
		}
	}
}

// TestRulesAreCopies checks that rules copy the caller's slices.
func TestRulesAreCopies(t *testing.T) {
	values := []any{1, 2}
	filter := cfchat.Where(cfchat.Equal("inbox_id", values...)).
		And(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "team_id", FilterOperator: cfchat.FilterOperatorEqualTo, Values: values}))
	values[0], values[1] = 98, 99
	if body, err := sentFilter(t, filter); err != nil || strings.Count(body, "[1,2]") != 2 {
		t.Errorf("sent %s, %v", body, err)
	}
}

// TestRecordedFilters checks that recorded filters that a server answered with a 500 or 422 are refused, and that those that
// it answered with 200 are sent.
func TestRecordedFilters(t *testing.T) {
	t.Parallel()
	refusedAnyway := map[string]string{
		"filter-custom-two":            "the answer is that of the first text alone",
		"filter-custom-then-inbox-str": "the answer is that of the first inbox alone",
		"filter-status-ne-bogus":       "the answer is empty, whatever there is",
		"filter-display-contains":      "only from 4.16.0 on",
	}
	refused, sent := 0, 0
	for _, r := range recordings.All(t, ".") {
		if r.Operation != operation.ConversationFilter || r.Request.Body == nil {
			continue
		}
		if r.Response.Status == http.StatusUnauthorized { // the server checked the key, not the filter
			continue
		}
		filter, ok := expressible(*r.Request.Body)
		if !ok || strings.Contains(*r.Request.Body, "days_before") { // which is never sent
			continue
		}
		body, err := sentFilterTo(t, r.Version, filter)
		good := r.Response.Status == http.StatusOK && refusedAnyway[r.Name] == ""
		switch {
		case good && (err != nil || !sameRules(t, body, *r.Request.Body)):
			t.Errorf("%s/%s is %d: sent %s for %s, %v", r.Version, r.Name, r.Response.Status, body, *r.Request.Body, err)
		case !good && (!errors.Is(err, cfchat.ErrInvalidInput) || body != ""):
			t.Errorf("%s/%s is %d, but %s was sent, %v", r.Version, r.Name, r.Response.Status, body, err)
		}
		refused, sent = refused+count(!good), sent+count(good)
	}
	if refused < 10 || sent < 5 {
		t.Errorf("got %d recorded filters to be refused and %d to be sent, want at least 10 and 5", refused, sent)
	}
}

// recordedFilter is the body of a filter request.
type recordedFilter struct {
	Payload []struct {
		Key      string `json:"attribute_key"`
		Operator string `json:"filter_operator"`
		Join     any    `json:"query_operator"`
		Values   []any  `json:"values"`
	}
}

func readFilter(body string) (f recordedFilter, err error) {
	d := json.NewDecoder(bytes.NewReader([]byte(body)))
	d.UseNumber()
	err = d.Decode(&f)
	return f, err
}

// expressible builds a recorded filter with the package's constructors, if they can express it.
func expressible(body string) (cfchat.Filter, bool) {
	recorded, err := readFilter(body)
	if err != nil || len(recorded.Payload) == 0 {
		return cfchat.Filter{}, false
	}
	filter, or := cfchat.Filter{}, false
	for i, r := range recorded.Payload {
		rule, ok := constructed(r.Key, r.Operator, r.Values)
		if last := i == len(recorded.Payload)-1; !ok || last != (r.Join == nil) || !last && r.Join != "AND" && r.Join != "OR" {
			return filter, false
		}
		if or {
			filter = filter.Or(rule)
		} else {
			filter = filter.And(rule)
		}
		or = r.Join == "OR"
	}
	return filter, true
}

func constructed(key, operator string, values []any) (cfchat.Rule, bool) {
	for i, value := range values {
		if n, ok := value.(json.Number); ok {
			values[i], _ = n.Int64()
		}
	}
	text, isText := "", false
	if len(values) == 1 {
		text, isText = values[0].(string)
	}
	switch {
	case operator == "equal_to":
		return cfchat.Equal(cfchat.Attribute(key), values...), true
	case operator == "not_equal_to":
		return cfchat.NotEqual(cfchat.Attribute(key), values...), true
	case operator == "is_present":
		return cfchat.Present(cfchat.Attribute(key)), true
	case operator == "is_not_present":
		return cfchat.Absent(cfchat.Attribute(key)), true
	case operator == "contains" && isText:
		return cfchat.Contains(cfchat.Attribute(key), text), true
	case operator == "does_not_contain" && isText:
		return cfchat.DoesNotContain(cfchat.Attribute(key), text), true
	case operator == "is_greater_than" && len(values) == 1:
		return cfchat.GreaterThan(cfchat.Attribute(key), values[0]), true
	case operator == "is_less_than" && len(values) == 1:
		return cfchat.LessThan(cfchat.Attribute(key), values[0]), true
	case operator == "days_before" && len(values) == 1:
		days, ok := values[0].(int64)
		return cfchat.DaysBefore(cfchat.Attribute(key), int(days)), ok
	}
	return cfchat.Rule{}, false
}

// sameRules reports whether two bodies have the same rules; no values and an empty list are the same.
func sameRules(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := readFilter(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := readFilter(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*recordedFilter{&x, &y} {
		for i := range f.Payload {
			if len(f.Payload[i].Values) == 0 {
				f.Payload[i].Values = nil
			}
		}
	}
	return slices.Equal([]string{string(encode(t, x))}, []string{string(encode(t, y))})
}

// TestNewRule checks that NewRule makes the same rules as the functions named after operators.
func TestNewRule(t *testing.T) {
	for _, c := range []struct{ made, named cfchat.Rule }{
		{cfchat.NewRule("status", cfchat.FilterOperatorEqualTo, cfchat.StatusOpen), cfchat.Equal("status", "open")},
		{cfchat.NewRule("inbox_id", cfchat.FilterOperatorNotEqualTo, []int64{5, 6}), cfchat.NotEqual("inbox_id", 5, 6)},
		{cfchat.NewRule("labels", cfchat.FilterOperatorIsPresent), cfchat.Present("labels")},
		{cfchat.NewRule("created_at", cfchat.FilterOperatorIsLessThan, cfchat.NewISOTime(time.Unix(1893456000, 0))), cfchat.LessThan("created_at", "2030-01-01")},
		{cfchat.NewRule("inbox_id", cfchat.FilterOperatorEqualTo, float64(5), json.Number("6")), cfchat.Equal("inbox_id", 5, 6)},
	} {
		made, err := sentFilter(t, cfchat.Where(c.made))
		named, namedErr := sentFilter(t, cfchat.Where(c.named))
		if made != named || err != nil || namedErr != nil {
			t.Errorf("sent %s, %v, and %s, %v", made, err, named, namedErr)
		}
	}
	ids := []int64{5, 6}
	rule := cfchat.Equal("inbox_id", ids)
	if ids[0] = 7; cfchat.Where(rule).String() != "inbox_id equal_to [5,6]" {
		t.Errorf("the rule changed with the caller's slice: %s", cfchat.Where(rule))
	}
}

// TestCheckConversations checks that everything wrong with a filter is reported with the number of its rule.
func TestCheckConversations(t *testing.T) {
	filter := cfchat.Where(cfchat.Equal("status", "opne")).And(cfchat.Equal("inbox_id", 5)).Or(cfchat.Equal("team_id", "x"))
	var rules []int
	for _, field := range filter.CheckConversations() {
		rules = append(rules, field.Rule)
		if field.Reason == "" || !strings.HasPrefix(field.Field, fmt.Sprintf("rule %d ", field.Rule)) {
			t.Errorf("got %+v", field)
		}
	}
	if !slices.Equal(rules, []int{1, 3}) {
		t.Errorf("got the wrong rules %v, want 1 and 3", rules)
	}
	if wrong := openOnes.CheckConversations(); wrong != nil {
		t.Errorf("got %v", wrong)
	}
	if wrong := (cfchat.Filter{}).CheckConversations(); len(wrong) != 1 || wrong[0].Rule != 0 || wrong[0].Field != "filter" {
		t.Errorf("got %v", wrong)
	}
	// A scan reports each wrong rule once.
	_, err := scanned(t, cfchat.Where(cfchat.NotEqual("tier", "gold")).And(cfchat.Equal("status", "open")))
	if e, ok := errors.AsType[*cfchat.Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Rule != 1 {
		t.Errorf("got %v", err)
	}
}

// scanned runs a scan and returns the number of requests and the error.
func scanned(t *testing.T, filter cfchat.Filter) (sent int, err error) {
	chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
		sent++
		return nil, trial.ErrRefused
	}))
	for _, err = range chat.Account(1).Conversations.Scan(t.Context(), filter, cfchat.ConversationScanOptions{}) {
		continue
	}
	return sent, err
}

// TestFilterText checks a filter's text, which is for people, and its JSON, which is for storage and decodes to the same
// filter.
func TestFilterText(t *testing.T) {
	filter := cfchat.Where(cfchat.Equal("status", "open")).And(cfchat.Equal("inbox_id", 5, int64(12345678901234567))).Or(cfchat.Absent("assignee_id"))
	const text = `status equal_to ["open"] AND inbox_id equal_to [5,12345678901234567] OR assignee_id is_not_present`
	if got := fmt.Sprint(filter); got != text {
		t.Errorf("got %s, want %s", got, text)
	}
	if got := (cfchat.Filter{}).String(); got != "" {
		t.Errorf("a filter without rules is %q", got)
	}
	if got := cfchat.Where(cfchat.GreaterThan("n", math.NaN())).String(); got != "n is_greater_than [NaN]" {
		t.Errorf("NaN is %q", got)
	}
	data := encode(t, filter)
	sent, err := sentFilter(t, filter)
	if err != nil || string(data) != sent {
		t.Errorf("the JSON is %s, but %s was sent, %v", data, sent, err)
	}
	var read cfchat.Filter
	if err := json.Unmarshal(data, &read); err != nil || read.String() != text {
		t.Errorf("decoded %s, %v", read, err)
	}
	if again, err := sentFilter(t, read); err != nil || again != sent {
		t.Errorf("sent %s, %v, want %s", again, err, sent)
	}
	for _, bad := range []string{
		`{"payload":[{"attribute_key":"status","filter_operator":"equal_to","query_operator":"AND","values":["open"]}]}`,
		`{"payload":[{"attribute_key":"a","filter_operator":"is_present","query_operator":null},{"attribute_key":"b","filter_operator":"is_present","query_operator":null}]}`,
		`[]`, `{"payload":{}}`, `{`,
	} {
		if err := json.Unmarshal([]byte(bad), &read); err == nil || read.String() != text {
			t.Errorf("%s was decoded as %s, %v", bad, read, err)
		}
	}
}

// TestFilterRules checks that Rules returns every rule as in the JSON, and that the result is a copy.
func TestFilterRules(t *testing.T) {
	since := time.Date(2026, time.August, 27, 0, 0, 0, 0, time.FixedZone("Berlin", 2*60*60))
	filter := cfchat.Where(cfchat.Equal("inbox_id", int64(12345678901234567))).Or(cfchat.Absent("assignee_id")).And(cfchat.DaysBefore("created_at", 3))
	var read cfchat.Filter
	if err := json.Unmarshal(encode(t, filter), &read); err != nil {
		t.Fatal(err)
	}
	for _, f := range []cfchat.Filter{filter, read} {
		rules := f.Rules()
		if got, want := encode(t, cfchat.FilterRequest{Payload: rules}), encode(t, filter); string(got) != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
		rules[0].Values[0], *rules[0].QueryOperator = 5, cfchat.QueryOperatorAND
		if got, want := encode(t, f), encode(t, filter); string(got) != string(want) {
			t.Errorf("the filter changed from %s to %s", want, got)
		}
	}
	if got := fmt.Sprint(read.Rules()[0].Values); got != "[12345678901234567]" {
		t.Errorf("the number is %s", got)
	}
	day := cfchat.Where(cfchat.Since("created_at", since)).Rules()[0]
	if day.FilterOperator != cfchat.FilterOperatorIsGreaterThan || day.Values[0] != "2026-08-25" {
		t.Errorf("Since is %+v", day)
	}
	if rules := (cfchat.Filter{}).Rules(); len(rules) != 0 {
		t.Errorf("no rules are %v", rules)
	}
}

// TestDaysBefore checks that DaysBefore is sent as a comparison with a day, which every version supports.
func TestDaysBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the time is 2000-01-01, midnight UTC
		for days, want := range map[any]string{0: "2000-01-01", 3: "1999-12-29", "31": "1999-12-01", uint8(2): "1999-12-30", 366.0: "1998-12-31"} {
			for _, attribute := range []cfchat.Attribute{"created_at", "since"} {
				filter := cfchat.Where(cfchat.NewRule(attribute, cfchat.FilterOperatorDaysBefore, days)).And(cfchat.Present("labels"))
				body, err := sentFilter(t, filter)
				if rule := fmt.Sprintf(`{"attribute_key":%q,"filter_operator":"is_less_than","query_operator":"AND","values":[%q]}`, attribute, want); err != nil || !strings.Contains(body, rule) {
					t.Errorf("%v: sent %s, %v, want %s", days, body, err, rule)
				}
				if kept := fmt.Sprint(filter); !strings.Contains(kept, "days_before") {
					t.Errorf("the filter changed to %s", kept)
				}
			}
		}
		raw := cfchat.Where(cfchat.RawRule(cfchat.FilterRule{AttributeKey: "created_at", FilterOperator: "days_before", Values: []any{3}}))
		if body, err := sentFilter(t, raw); err != nil || !strings.Contains(body, "days_before") {
			t.Errorf("a raw rule was sent as %s, %v", body, err)
		}
		for _, days := range []any{-1, 1 << 40, "soon", 1.5} {
			if body, err := sentFilter(t, cfchat.Where(cfchat.NewRule("created_at", cfchat.FilterOperatorDaysBefore, days))); !errors.Is(err, cfchat.ErrInvalidInput) || body != "" {
				t.Errorf("%v: sent %s, %v", days, body, err)
			}
		}
	})
}

// TestDaysBeforeByTheServersClock checks that the day follows the server's clock, even if that is a day ahead, and stays the
// same for a whole walk.
func TestDaysBeforeByTheServersClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(24*time.Hour - 50*time.Second)
		var days []string
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			data, err := io.ReadAll(req.Body)
			if err != nil {
				return nil, err
			}
			days = append(days, regexp.MustCompile(`\d{4}-\d\d-\d\d`).FindString(string(data)))
			resp := jsonReply(`{"meta":{},"payload":[]}`)
			if req.URL.Query().Get("page") == "1" && len(days) > 2 {
				resp = jsonReply(`{"meta":{},"payload":[%s]}`, trial.GoodConversation)
			}
			resp.Header.Set("Date", time.Now().Add(24*time.Hour).UTC().Format(http.TimeFormat))
			time.Sleep(25 * time.Second)
			return resp, nil
		}))
		old := cfchat.Where(cfchat.DaysBefore("created_at", 1))
		conversations := chat.Account(1).Conversations
		for range 2 { // the first call does not know the server's clock yet
			if _, err := conversations.Filter(t.Context(), old, 1); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(24*time.Hour - 10*time.Second)
		if ids, errs := walk(conversations.FilterAll(t.Context(), old)); len(ids) != 1 || errs != nil {
			t.Fatal(ids, errs)
		}
		if want := []string{"1999-12-31", "2000-01-01", "2000-01-02", "2000-01-02"}; !slices.Equal(days, want) {
			t.Errorf("sent %s, want %s", days, want)
		}
	})
}
