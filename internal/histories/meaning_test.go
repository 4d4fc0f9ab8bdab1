package histories_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
)

// rule is a rule as a caller means it. It is evaluated independently of the rules sent over the wire.
type rule struct {
	or    bool // joined by OR
	key   cfchat.Attribute
	op    string
	texts []string
	nums  []int64
	since time.Time
}

// public returns the client's rule.
func (r rule) public() cfchat.Rule {
	var values []any
	for _, t := range r.texts {
		values = append(values, t)
	}
	for _, n := range r.nums {
		values = append(values, n)
	}
	switch r.op {
	case "equal_to":
		return cfchat.Equal(r.key, values...)
	case "not_equal_to":
		return cfchat.NotEqual(r.key, values...)
	case "is_present":
		return cfchat.Present(r.key)
	case "is_not_present":
		return cfchat.Absent(r.key)
	case "is_greater_than":
		return cfchat.GreaterThan(r.key, values[0])
	case "since":
		return cfchat.Since(r.key, r.since)
	}
	return cfchat.LessThan(r.key, values[0])
}

// filterOf joins rules.
func filterOf(rules []rule) cfchat.Filter {
	var f cfchat.Filter
	for _, r := range rules {
		if r.or {
			f = f.Or(r.public())
		} else {
			f = f.And(r.public())
		}
	}
	return f
}

// branches returns the number of ANDs joined by OR.
func branches(rules []rule) int {
	n := 1
	for _, r := range rules {
		if r.or {
			n++
		}
	}
	return n
}

// means reports whether a conversation matches and can be seen.
func (s *server) means(c *conversation) bool {
	if c.gone || s.filterScoped && !s.sees(c) {
		return false
	}
	if !s.rowsPerLabel || len(c.labels) == 0 {
		return match(s.rules, c, c.labels, s.rowsPerLabel)
	}
	for i := range c.labels {
		if match(s.rules, c, c.labels[i:i+1], true) {
			return true
		}
	}
	return false
}

// match evaluates rules from the left, AND before OR.
func match(rules []rule, c *conversation, labels []string, row bool) bool {
	result, branch := false, true
	for _, r := range rules {
		if r.or {
			result, branch = result || branch, true
		}
		branch = branch && r.holds(c, labels, row)
	}
	return result || branch
}

// holds evaluates the rule as documented: an unset value is neither equal nor unequal, except for labels.
func (r rule) holds(c *conversation, labels []string, row bool) bool {
	switch r.op {
	case "since":
		return r.time(c) >= r.since.Unix()
	case "is_greater_than":
		return time.Unix(r.time(c), 0).UTC().Format(time.DateOnly) > r.texts[0]
	case "is_less_than":
		return time.Unix(r.time(c), 0).UTC().Format(time.DateOnly) < r.texts[0]
	}
	set, in := true, false
	switch r.key {
	case "status":
		in = slices.Contains(r.texts, c.status) || slices.Contains(r.texts, "all")
	case "tier":
		set, in = c.tier != "", len(r.texts) > 0 && strings.EqualFold(r.texts[0], c.tier)
	case "labels":
		set = len(labels) > 0
		for _, l := range labels {
			in = in || slices.Contains(r.texts, l)
		}
		if r.op == "not_equal_to" && !row {
			return !in
		}
	default:
		id := map[cfchat.Attribute]int64{"assignee_id": c.assignee, "team_id": c.team, "inbox_id": c.inbox, "display_id": c.id}[r.key]
		set, in = id != 0, slices.Contains(r.nums, id)
	}
	switch r.op {
	case "equal_to":
		return set && in
	case "not_equal_to":
		return set && !in
	}
	return set == (r.op == "is_present")
}

// time returns the time that the rule is about.
func (r rule) time(c *conversation) int64 {
	if r.key == "created_at" {
		return c.created
	}
	return c.activity
}

// someRules returns random rules, often none. Days are within the account's lifetime.
func someRules(rnd *rand.Rand, s *server) []rule {
	rules := make([]rule, []int{0, 0, 1, 1, 1, 2, 2, 3, 4}[rnd.IntN(9)])
	for i := range rules {
		rules[i] = someRule(rnd, s)
		rules[i].or = i > 0 && rnd.IntN(4) == 0
	}
	for i := range rules[:max(0, len(rules)-1)] { // a custom attribute goes last
		if rules[i].key == "tier" {
			rules[i] = rule{or: rules[i].or, key: "labels", op: "is_present"}
		}
	}
	if branches(rules) > 1 {
		for i := range rules { // Since can only be joined by And
			if rules[i].op == "since" {
				rules[i] = rule{or: rules[i].or, key: "status", op: "equal_to", texts: []string{"open"}}
			}
		}
	}
	return rules
}

// someRule returns a random rule that works on every version.
func someRule(rnd *rand.Rand, s *server) rule {
	equal := []string{"equal_to", "not_equal_to"}[rnd.IntN(2)]
	presence := []string{"is_present", "is_not_present"}[rnd.IntN(2)]
	date := []cfchat.Attribute{"created_at", "last_activity_at"}[rnd.IntN(2)]
	at := time.Now()
	if n := len(s.byCreated); n > 0 {
		at = time.Unix(s.byCreated[rnd.IntN(n)].created, 0)
	}
	switch rnd.IntN(11) {
	default:
		return rule{key: "status", op: equal, texts: [][]string{{"open"}, {"resolved"}, {"open", "pending"}, {"snoozed", "open"}}[rnd.IntN(4)]}
	case 3:
		return rule{key: "inbox_id", op: equal, nums: []int64{1, 7}[:1+rnd.IntN(2)]}
	case 4:
		return rule{key: []cfchat.Attribute{"assignee_id", "team_id"}[rnd.IntN(2)], op: equal, nums: []int64{1 + rnd.Int64N(2)}}
	case 5:
		return rule{key: []cfchat.Attribute{"assignee_id", "team_id", "labels", "tier"}[rnd.IntN(4)], op: presence}
	case 6:
		return rule{key: "labels", op: equal, texts: []string{"vip", "bug", "refund"}[:1+rnd.IntN(3)]}
	case 7:
		return rule{key: "tier", op: "equal_to", texts: []string{"Gold"}}
	case 8:
		return rule{key: date, op: []string{"is_greater_than", "is_less_than"}[rnd.IntN(2)], texts: []string{at.UTC().Format(time.DateOnly)}}
	case 9:
		return rule{key: date, op: "since", since: at.UTC()}
	case 10:
		return rule{key: "display_id", op: "not_equal_to", nums: []int64{1, 2, s.last()/2 + 1}}
	}
}
