package histories_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// wireRule is a rule as sent over the wire.
type wireRule struct {
	key, op string
	nums    []int64
	run     bool           // nums are consecutive
	set     map[int64]bool // of nums, if they are many and not consecutive
	texts   []string
	day     int64 // the midnight at the start of texts[0], if that is a date
}

// wireFilter is an OR of ANDs.
type wireFilter struct {
	groups [][]wireRule
	ids    int // number of ids in all lists
}

// String returns the filter in brief: consecutive ids are written as a range.
func (f *wireFilter) String() string {
	var b strings.Builder
	for i, g := range f.groups {
		if i > 0 {
			b.WriteString(" or")
		}
		for _, r := range g {
			switch {
			case r.run:
				fmt.Fprintf(&b, " [%s %s %d..%d]", r.key, r.op, r.nums[0], r.nums[len(r.nums)-1])
			case len(r.nums) > 0:
				fmt.Fprintf(&b, " [%s %s %d ids]", r.key, r.op, len(r.nums))
			default:
				fmt.Fprintf(&b, " [%s %s %s]", r.key, r.op, strings.Join(r.texts, ","))
			}
		}
	}
	return b.String()
}

// parse reads a filter as the server does. The status is 500 or 422 if it is refused, 0 otherwise.
func (s *server) parse(body []byte) (*wireFilter, int) {
	var sent struct {
		Payload []struct {
			Key    string          `json:"attribute_key"`
			Op     string          `json:"filter_operator"`
			Join   *string         `json:"query_operator"`
			Values json.RawMessage `json:"values"`
		} `json:"payload"`
	}
	body, lists := lift(body)
	if json.Unmarshal(body, &sent) != nil || len(sent.Payload) == 0 {
		return nil, http.StatusInternalServerError
	}
	f := &wireFilter{}
	var group []wireRule
	custom := false
	for i, p := range sent.Payload {
		last := i == len(sent.Payload)-1
		if (p.Join == nil) != last || p.Join != nil && *p.Join != "AND" && *p.Join != "OR" {
			return nil, http.StatusInternalServerError
		}
		r := wireRule{key: p.Key, op: p.Op}
		if !r.read(p.Values, lists) {
			return nil, http.StatusInternalServerError
		}
		if status := r.admit(s.strict); status != 0 {
			return nil, status
		}
		r.leak(&custom)
		if r.key == "display_id" {
			f.ids += len(r.nums)
		}
		if group = append(group, r); last || *p.Join == "OR" {
			f.groups, group = append(f.groups, group), nil
		}
	}
	return f, 0
}

// lift removes the lists of numbers, which can have 50,000 entries, and replaces them with objects that hold their position,
// which no client sends. Only JSON syntax can have these quotes: within a text they are escaped.
func lift(body []byte) (rest []byte, lists [][]byte) {
	const begins = `"values":[`
	for {
		at := bytes.Index(body, []byte(begins))
		if at < 0 {
			return append(rest, body...), lists
		}
		at += len(begins)
		end := at + bytes.IndexByte(body[at:], ']')
		if end < at || body[at] == '"' {
			rest, body = append(rest, body[:at]...), body[at:]
			continue
		}
		rest = fmt.Appendf(append(rest, body[:at-1]...), `{"":%d}`, len(lists))
		lists, body = append(lists, body[at:end+1]), body[end+1:]
	}
}

// read reads the values, either texts or whole numbers. It reports false if they are invalid.
func (r *wireRule) read(raw []byte, lists [][]byte) bool {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return r.op == "is_present" || r.op == "is_not_present"
	}
	if raw[0] == '[' {
		if json.Unmarshal(raw, &r.texts) != nil {
			return false
		}
		for _, t := range r.texts {
			if n, err := strconv.ParseInt(t, 10, 64); err == nil && strings.HasSuffix(r.key, "_id") {
				r.nums = append(r.nums, n)
			}
		}
	} else if !r.readNumbers(raw, lists) {
		return false
	}
	r.run = len(r.nums) > 1
	for i := 1; i < len(r.nums) && r.run; i++ {
		r.run = r.nums[i] == r.nums[i-1]+1
	}
	if !r.run && len(r.nums) > 8 {
		r.set = make(map[int64]bool, len(r.nums))
		for _, n := range r.nums {
			r.set[n] = true
		}
	}
	return true
}

// readNumbers reads a list that was removed by lift.
func (r *wireRule) readNumbers(place []byte, lists [][]byte) bool {
	at, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(string(place), `{"":`), "}"))
	if err != nil || place[0] != '{' || at >= len(lists) {
		return false
	}
	raw := lists[at]
	r.nums = make([]int64, 0, len(raw)/8+1)
	n, digits := int64(0), false
	for _, b := range raw {
		switch {
		case b >= '0' && b <= '9':
			n, digits = n*10+int64(b-'0'), true
		case b == ',' || b == ']':
			if digits {
				r.nums = append(r.nums, n)
			}
			n, digits = 0, false
		case b != ' ':
			return false
		}
	}
	return true
}

// admit returns the status with which this kind of rule is refused, 0 if it works. If versions differ, it accepts only rules
// that work on all.
func (r *wireRule) admit(strict bool) int {
	equal := r.op == "equal_to" || r.op == "not_equal_to"
	presence := r.op == "is_present" || r.op == "is_not_present"
	works := false
	switch r.key {
	case "status":
		works = equal && len(r.texts) > 0
	case "display_id":
		works = equal && len(r.nums) > 0 && len(r.nums) <= 50_000
	case "assignee_id", "inbox_id", "team_id":
		works = presence || equal && len(r.nums) > 0
	case "labels":
		works = presence || equal && len(r.texts) > 0
	case "tier":
		if r.op == "not_equal_to" { // it leaks into later rules, or is a syntax error
			return http.StatusInternalServerError
		}
		works = presence || equal && len(r.texts) > 0
	case "created_at", "last_activity_at":
		works = (r.op == "is_greater_than" || r.op == "is_less_than") && len(r.texts) > 0
		if works {
			day, err := time.Parse(time.DateOnly, r.texts[0][:min(10, len(r.texts[0]))])
			if err != nil {
				return http.StatusInternalServerError
			}
			r.day = day.Unix()
		}
	}
	switch {
	case works:
		return 0
	case strict:
		return http.StatusUnprocessableEntity
	}
	return http.StatusInternalServerError
}

// leak applies the effect of a custom rule on itself and on every later rule with texts: only the first text is left, in
// lower case.
func (r *wireRule) leak(custom *bool) {
	*custom = *custom || r.key == "tier"
	if *custom && len(r.texts) > 0 {
		r.texts = []string{strings.ToLower(r.texts[0])}
		r.nums, r.run, r.set = r.nums[:min(1, len(r.nums))], false, nil
	}
}

// has reports whether a number is among the values.
func (r *wireRule) has(n int64) bool {
	switch {
	case r.run:
		return n >= r.nums[0] && n <= r.nums[len(r.nums)-1]
	case r.set != nil:
		return r.set[n]
	}
	return slices.Contains(r.nums, n)
}

// matching returns the rows of a filter in any order, in a slice that the caller may sort.
func (s *server) matching(f *wireFilter) []*conversation {
	var rows []*conversation
	seen := map[*conversation]bool{}
	for _, g := range f.groups {
		for _, c := range s.candidates(g) {
			if c.gone || s.filterScoped && !s.sees(c) {
				continue
			}
			if len(f.groups) > 1 {
				if seen[c] {
					continue
				}
				seen[c] = true
			}
			rows = s.rows(rows, f, c)
		}
	}
	return rows
}

// rows appends a conversation as often as the server returns it.
func (s *server) rows(rows []*conversation, f *wireFilter, c *conversation) []*conversation {
	if !s.rowsPerLabel || len(c.labels) == 0 {
		if f.holds(c, c.labels, s.rowsPerLabel) {
			rows = append(rows, c)
		}
		return rows
	}
	for i := range c.labels {
		if f.holds(c, c.labels[i:i+1], true) {
			rows = append(rows, c)
		}
	}
	return rows
}

// candidates returns the smallest set of conversations that contains the matches of an AND, by the indexes of ids and of
// creation.
func (s *server) candidates(group []wireRule) []*conversation {
	found := s.convs
	from, to := 0, len(s.byCreated)
	for i := range group {
		r := &group[i]
		switch {
		case r.key == "display_id" && r.op == "equal_to" && r.run:
			lo := sort.Search(len(s.convs), func(i int) bool { return s.convs[i].id >= r.nums[0] })
			hi := sort.Search(len(s.convs), func(i int) bool { return s.convs[i].id > r.nums[len(r.nums)-1] })
			if hi-lo < len(found) {
				found = s.convs[lo:hi]
			}
		case r.key == "display_id" && r.op == "equal_to" && len(r.nums) < len(found):
			var picked []*conversation
			for _, id := range r.nums {
				if c := s.byID[id]; c != nil && !slices.Contains(picked[max(0, len(picked)-1):], c) {
					picked = append(picked, c)
				}
			}
			if slices.IsSorted(r.nums) { // otherwise there may be repeats
				found = picked
			}
		case r.key == "created_at" && r.op == "is_greater_than":
			from = max(from, sort.Search(len(s.byCreated), func(i int) bool { return s.byCreated[i].created >= r.day+86_400 }))
		case r.key == "created_at":
			to = min(to, sort.Search(len(s.byCreated), func(i int) bool { return s.byCreated[i].created >= r.day }))
		}
	}
	if n := max(to-from, 0); n < len(found) {
		found = s.byCreated[from : from+n]
	}
	return found
}

// holds reports whether a row matches one of the groups.
func (f *wireFilter) holds(c *conversation, labels []string, row bool) bool {
	return slices.ContainsFunc(f.groups, func(g []wireRule) bool {
		for i := range g {
			if !g[i].holds(c, labels, row) {
				return false
			}
		}
		return true
	})
}

// holds evaluates the rule by SQL's logic, with NULL as false. A row has one label up to 3.1.0, and all of them later.
func (r *wireRule) holds(c *conversation, labels []string, row bool) bool {
	switch r.key {
	case "display_id":
		return r.has(c.id) == (r.op == "equal_to")
	case "assignee_id":
		return r.refers(c.assignee)
	case "inbox_id":
		return r.refers(c.inbox)
	case "team_id":
		return r.refers(c.team)
	case "status":
		if slices.Contains(r.texts, "all") {
			return r.op == "equal_to"
		}
		return slices.Contains(r.texts, c.status) == (r.op == "equal_to")
	case "labels":
		switch r.op {
		case "equal_to":
			return slices.ContainsFunc(labels, func(l string) bool { return slices.Contains(r.texts, l) })
		case "not_equal_to":
			return !slices.ContainsFunc(labels, func(l string) bool { return slices.Contains(r.texts, l) }) && (!row || len(labels) > 0)
		}
		return len(labels) > 0 == (r.op == "is_present")
	case "tier":
		if r.op == "equal_to" {
			return c.tier != "" && strings.ToLower(c.tier) == r.texts[0]
		}
		return c.tier != "" == (r.op == "is_present")
	case "created_at":
		return r.after(c.created)
	}
	return r.after(c.activity)
}

// refers compares an id that may be NULL.
func (r *wireRule) refers(id int64) bool {
	switch r.op {
	case "equal_to":
		return id != 0 && r.has(id)
	case "not_equal_to":
		return id != 0 && !r.has(id)
	}
	return id != 0 == (r.op == "is_present")
}

// after compares days of UTC.
func (r *wireRule) after(at int64) bool {
	if r.op == "is_greater_than" {
		return at >= r.day+86_400
	}
	return at < r.day
}
