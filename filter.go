package cfchat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Filter is a set of rules for [ConversationsService.Filter] and the like, joined by AND and OR. AND binds
// before OR, and there are no brackets:
//
//	// open in inbox 5 or 6, or assigned to nobody whatever the status
//	Where(Equal("status", "open")).And(Equal("inbox_id", 5, 6)).Or(Absent("assignee_id"))
//
// Filters are values: And and Or return a new one. The zero value has no rules; [Where] starts one, and so do And and Or. A
// rule that a server would answer with a 500, or read as something else, is refused when the filter is used, with the rule's
// number. So is a standard attribute that the server's version does not know; the server is asked once for its version,
// unless every version knows all the attributes. An attribute that no version knows is treated as a custom one.
type Filter struct {
	rules []Rule
	joins []QueryOperator // joins[i] is between rules[i] and rules[i+1]
}

// Rule is one condition of a [Filter]. Make one with [Equal] and its siblings, or with [RawRule].
type Rule struct {
	rule  FilterRule
	raw   bool
	since *time.Time // set by Since
}

// Where starts a filter with one rule.
func Where(rule Rule) Filter { return Filter{rules: []Rule{rule}} }

// And adds a rule that must hold too.
func (f Filter) And(rule Rule) Filter { return f.join(QueryOperatorAND, rule) }

// Or adds a rule that may hold instead of everything before it.
func (f Filter) Or(rule Rule) Filter { return f.join(QueryOperatorOR, rule) }

func (f Filter) join(operator QueryOperator, rule Rule) Filter {
	if len(f.rules) == 0 {
		return Where(rule)
	}
	return Filter{append(slices.Clip(f.rules), rule), append(slices.Clip(f.joins), operator)}
}

// Attribute is the attribute that a rule tests: one of the constants, or the key of a custom attribute of conversations.
type Attribute string

// The standard attributes and their values. A server knows no others; any other is a custom attribute, or one of contacts,
// which is refused.
const (
	AttributeStatus               Attribute = "status"                // Equal, NotEqual: "open", …, or "all"
	AttributeAssigneeID           Attribute = "assignee_id"           // Equal, NotEqual, Present, Absent: ids
	AttributeInboxID              Attribute = "inbox_id"              // the same
	AttributeTeamID               Attribute = "team_id"               // the same
	AttributeCampaignID           Attribute = "campaign_id"           // the same
	AttributeContactID            Attribute = "contact_id"            // the same, before 3.8.0; Equal, NotEqual from 4.14.2
	AttributeDisplayID            Attribute = "display_id"            // Equal, NotEqual: ids of conversations
	AttributePriority             Attribute = "priority"              // Equal, NotEqual: "low", …; from 4.0.4
	AttributeLabels               Attribute = "labels"                // Equal, NotEqual, Present, Absent: text
	AttributeBrowserLanguage      Attribute = "browser_language"      // Equal, NotEqual: text such as "en"
	AttributeConversationLanguage Attribute = "conversation_language" // the same
	AttributeCountryCode          Attribute = "country_code"          // the same, such as "US"; up to 4.9.2
	AttributeReferer              Attribute = "referer"               // Equal, NotEqual, Contains, DoesNotContain: text
	AttributeMailSubject          Attribute = "mail_subject"          // the same
	AttributeCreatedAt            Attribute = "created_at"            // GreaterThan, LessThan, DaysBefore: days of UTC; Since
	AttributeLastActivityAt       Attribute = "last_activity_at"      // the same
)

// The standard attributes of contacts, besides AttributeLabels, AttributeCountryCode, AttributeCreatedAt and
// AttributeLastActivityAt, which they have too. A rule about a contact has one value.
const (
	AttributeName        Attribute = "name"         // Equal, NotEqual, Contains, DoesNotContain: text
	AttributeEmail       Attribute = "email"        // the same
	AttributePhoneNumber Attribute = "phone_number" // the same
	AttributeIdentifier  Attribute = "identifier"   // Equal, NotEqual: text
	AttributeCity        Attribute = "city"         // Equal, NotEqual, Contains, DoesNotContain: text
	AttributeCompany     Attribute = "company"      // the same; up to 4.13
	AttributeCompanyName Attribute = "company_name" // the same; from 4.14.0
	AttributeBlocked     Attribute = "blocked"      // Equal, NotEqual: true or false, or text of them; from 3.8.0
)

// Equal holds when the attribute is one of the values. Ids are numbers. Of several texts for a custom attribute the server
// would read only the first, ignoring case, so several are refused.
func Equal(attribute Attribute, values ...any) Rule {
	return newRule(attribute, FilterOperatorEqualTo, values)
}

// NotEqual holds when the attribute is there and is none of the values: conversations without it do not match. Before 3.1.1
// labels not equal to "a" match a conversation that has another label too, and none without labels. For a custom attribute,
// conversations without it match, and the rule must be the only one, or the last one after Or: the servers get it wrong
// anywhere else.
func NotEqual(attribute Attribute, values ...any) Rule {
	return newRule(attribute, FilterOperatorNotEqualTo, values)
}

// Contains holds when the attribute contains the text, ignoring case. In the text % and _ are wildcards. Before 3.1.1 it
// finds only text stored in lower case.
func Contains(attribute Attribute, text string) Rule {
	return newRule(attribute, FilterOperatorContains, []any{text})
}

// DoesNotContain holds when the attribute is there and does not contain the text.
func DoesNotContain(attribute Attribute, text string) Rule {
	return newRule(attribute, FilterOperatorDoesNotContain, []any{text})
}

// Present holds when the attribute is there.
func Present(attribute Attribute) Rule { return newRule(attribute, FilterOperatorIsPresent, nil) }

// Absent holds when the attribute is not there, such as the assignee_id of a conversation assigned to no person, including
// those owned by an agent bot.
func Absent(attribute Attribute) Rule { return newRule(attribute, FilterOperatorIsNotPresent, nil) }

// GreaterThan holds when the attribute is greater than a number, or after a day of UTC: "2026-01-31", or a [time.Time] or
// [UnixTime] at midnight of UTC. The day itself does not match. A time within a day is refused, because servers know days
// only: [Since] accepts one.
func GreaterThan(attribute Attribute, value any) Rule {
	return newRule(attribute, FilterOperatorIsGreaterThan, []any{value})
}

// LessThan holds when the attribute is less than a number, or before a day of UTC, written as for [GreaterThan]. The day itself
// does not match.
func LessThan(attribute Attribute, value any) Rule {
	return newRule(attribute, FilterOperatorIsLessThan, []any{value})
}

// DaysBefore holds when the attribute is a day more than this many days ago, by the UTC day of the server's clock. It is
// sent as LessThan with that day; a walk through many pages, or a scan, uses the day on which it starts.
func DaysBefore(attribute Attribute, days int) Rule {
	return newRule(attribute, FilterOperatorDaysBefore, []any{days})
}

// RawRule returns a rule that is sent unchanged, for rules that only some versions allow, such as Contains on a
// browser_language before 3.8.0, and for a custom attribute with the name of a standard one. Only its shape is checked. Its
// QueryOperator must be nil; And and Or set it.
func RawRule(rule FilterRule) Rule {
	rule.Values = slices.Clone(rule.Values)
	for i, value := range rule.Values {
		rule.Values[i] = frozen(value)
	}
	return Rule{rule: rule, raw: true}
}

// frozen returns a value that the caller can no longer change: a list or an object becomes its current JSON.
func frozen(value any) any {
	switch reflect.ValueOf(value).Kind() {
	case reflect.Map, reflect.Slice, reflect.Array, reflect.Struct, reflect.Pointer:
		if data, err := json.Marshal(value); err == nil { // the error is reported when the filter is used
			return json.RawMessage(data)
		}
	}
	return value
}

// NewRule returns a rule with an operator, as [Equal] and its siblings do: for a form in which somebody picks one. Whether
// the operator, the attribute and the values fit is checked when the rule is used, and by [Filter.CheckConversations].
func NewRule(attribute Attribute, operator FilterOperator, values ...any) Rule {
	return newRule(attribute, operator, values)
}

// newRule writes values as the server expects them: the elements of a single slice, midnights of UTC as days, and text of
// named types as plain text. A time within a day is left for the check to find.
func newRule(attribute Attribute, operator FilterOperator, values []any) Rule {
	values = elements(values)
	for i, value := range values {
		switch v := value.(type) {
		case time.Time:
			values[i] = dayOf(v)
		case UnixTime:
			values[i] = dayOf(v.Time)
		case ISOTime:
			values[i] = dayOf(v.Time)
		case json.Number: // it stays a number
		case json.RawMessage:
			values[i] = frozen(v)
		default:
			if text := reflect.ValueOf(value); text.Kind() == reflect.String {
				values[i] = text.String()
			}
		}
	}
	return Rule{rule: FilterRule{AttributeKey: string(attribute), FilterOperator: operator, Values: values}}
}

// dayOf returns the day that starts at a time, as the server writes days; a time within a day, or the zero time, unchanged.
func dayOf(t time.Time) any {
	if t.IsZero() || !t.Equal(t.Truncate(24*time.Hour)) { // Truncate counts from a midnight of UTC
		return t
	}
	return t.UTC().Format(time.DateOnly)
}

// elements returns a copy of the values, or of the elements of a slice that is the only value, such as a []int64 of ids.
func elements(values []any) []any {
	if len(values) != 1 {
		return slices.Clone(values)
	}
	list := reflect.ValueOf(values[0])
	if _, isJSON := values[0].(json.Marshaler); isJSON || list.Kind() != reflect.Slice {
		return slices.Clone(values)
	}
	all := make([]any, list.Len())
	for i := range all {
		all[i] = list.Index(i).Interface()
	}
	return all
}

// String returns the filter for people: status equal_to ["open"] AND inbox_id equal_to [5].
func (f Filter) String() string {
	var words []string
	for i, r := range f.rules {
		words = append(words, r.words()...)
		if i < len(f.joins) {
			words = append(words, string(f.joins[i]))
		}
	}
	return strings.Join(words, " ")
}

// words returns the rule for people.
func (r Rule) words() []string {
	if r.since != nil {
		return []string{r.rule.AttributeKey, "since", r.since.Format(time.RFC3339)}
	}
	words := []string{r.rule.AttributeKey, string(r.rule.FilterOperator)}
	if len(r.rule.Values) == 0 {
		return words
	}
	data, err := json.Marshal(r.rule.Values)
	if err != nil {
		data = fmt.Append(nil, r.rule.Values)
	}
	return append(words, string(data))
}

// Rules returns the rules as they are kept and sent, each with the operator that joins the next: for a form that shows a
// filter again. Numbers of a filter that was read from JSON are json.Number, with every digit. [Since] is the day that is
// sent for it.
func (f Filter) Rules() []FilterRule {
	rules := f.wire().Payload
	for i := range rules {
		rules[i].Values = slices.Clone(rules[i].Values)
		if i < len(f.joins) {
			rules[i].QueryOperator = new(f.joins[i])
		}
	}
	return rules
}

// MarshalJSON writes the filter in the server's own notation, an object with the rules as payload, so that it can be stored.
// It fails for a rule of [Since], for which the servers have no notation.
func (f Filter) MarshalJSON() ([]byte, error) {
	for i, r := range f.rules {
		if r.since != nil {
			return nil, fmt.Errorf("cfchat: filter: rule %d: Since has no JSON form, because servers compare only whole days; store its time yourself", i+1)
		}
	}
	return json.Marshal(f.wire())
}

// UnmarshalJSON reads what MarshalJSON has written. Numbers keep every digit. Errors in the rules are found when the filter
// is used.
func (f *Filter) UnmarshalJSON(data []byte) error {
	var body FilterRequest
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&body); err != nil {
		return fmt.Errorf("cfchat: filter: %w", err)
	}
	var read Filter
	for i, rule := range body.Payload {
		last := i == len(body.Payload)-1
		switch {
		case last != (rule.QueryOperator == nil):
			return fmt.Errorf("cfchat: filter: rule %d: every rule but the last needs a query_operator", i+1)
		case !last:
			read.joins = append(read.joins, *rule.QueryOperator)
			rule.QueryOperator = nil
		}
		read.rules = append(read.rules, Rule{rule: rule})
	}
	*f = read
	return nil
}

// wire joins the rules: every one but the last has the operator to the next (D8). A rule about presence has an empty list of
// values: without one it is a 500 on labels after a rule on a custom attribute, from 3.1.1 on (unseen).
func (f Filter) wire() FilterRequest {
	rules := make([]FilterRule, len(f.rules))
	for i, r := range f.rules {
		rules[i] = r.rule
		if i < len(f.joins) {
			rules[i].QueryOperator = &f.joins[i]
		}
		if !r.raw && r.rule.Values == nil {
			rules[i].Values = []any{}
		}
	}
	return FilterRequest{Payload: rules}
}

// narrowed returns the filter with more rules that must hold too: they are joined to each branch of Or, because AND binds
// before OR.
func (f Filter) narrowed(more ...Rule) Filter {
	var all Filter
	branch := func(join func(Rule) Filter) {
		for _, rule := range more {
			all = join(rule)
			join = all.And
		}
	}
	branch(all.And)
	for i, rule := range f.rules {
		if i > 0 && f.joins[i-1] == QueryOperatorOR {
			branch(all.Or)
		}
		all = all.And(rule)
	}
	return all
}

// branches returns the number of branches of Or, at least one.
func (f Filter) branches() int64 {
	n := int64(1)
	for _, operator := range f.joins {
		if operator == QueryOperatorOR {
			n++
		}
	}
	return n
}

// wholeNumber reads whole numbers of any type, and text of a whole number.
func wholeNumber(value any) (int64, bool) {
	switch v := reflect.ValueOf(value); {
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return int64(v.Uint()), v.Uint() <= 1<<62
	case v.CanFloat(): // JSON decodes numbers so
		return int64(v.Float()), v.Float() == math.Trunc(v.Float()) && math.Abs(v.Float()) < 1<<53
	case v.Kind() == reflect.String:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		return n, err == nil
	}
	return 0, false
}

// first returns the first value, or nil.
func first(values []any) any {
	if len(values) == 0 {
		return nil
	}
	return values[0]
}
