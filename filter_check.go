package cfchat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// kind is the kind of a standard attribute's values.
type kind int

const (
	kindCustom kind = iota // any: only the server knows the type of a custom attribute
	kindStatus
	kindPriority
	kindID
	kindText
	kindDay
	kindBool
)

// attributeTable maps standard attributes to the kind of their values, the operators that 3.8.0 and later allow, and the
// versions that know them.
type attributeTable map[Attribute]struct {
	kind      kind
	operators []FilterOperator
	known     lifetime
}

// always is the lifetime of an attribute that every version knows.
var always = lifetime{}

// standardAttributes are those of conversations. Versions before 3.8.0 answer most other operators with a 500 or an empty
// page (contract, section 5.2). From 4.14.2 on contact_id supports equality only; containment of display_id is a 500 before
// 4.16.0.
var standardAttributes = attributeTable{
	AttributeStatus:               {kindStatus, equality, always},
	AttributeAssigneeID:           {kindID, slices.Concat(equality, presence), always},
	AttributeInboxID:              {kindID, slices.Concat(equality, presence), always},
	AttributeTeamID:               {kindID, slices.Concat(equality, presence), always},
	AttributeCampaignID:           {kindID, slices.Concat(equality, presence), always},
	AttributeContactID:            {kindID, slices.Concat(equality, presence), lifetime{gone: "3.8.0", since: "4.14.2"}},
	AttributeDisplayID:            {kindID, equality, always},
	AttributePriority:             {kindPriority, equality, lifetime{since: "4.0.4"}},
	AttributeLabels:               {kindText, slices.Concat(equality, presence), always},
	AttributeBrowserLanguage:      {kindText, equality, always},
	AttributeConversationLanguage: {kindText, equality, always},
	AttributeCountryCode:          {kindText, equality, lifetime{gone: "4.10.0"}},
	AttributeReferer:              {kindText, slices.Concat(equality, containment), always},
	AttributeMailSubject:          {kindText, slices.Concat(equality, containment), always},
	AttributeCreatedAt:            {kindDay, comparison, always},
	AttributeLastActivityAt:       {kindDay, comparison, always},
}

var (
	equality    = []FilterOperator{FilterOperatorEqualTo, FilterOperatorNotEqualTo}
	presence    = []FilterOperator{FilterOperatorIsPresent, FilterOperatorIsNotPresent}
	containment = []FilterOperator{FilterOperatorContains, FilterOperatorDoesNotContain}
	comparison  = []FilterOperator{FilterOperatorIsGreaterThan, FilterOperatorIsLessThan, FilterOperatorDaysBefore}
)

// constructors are the functions that return a rule with an operator.
var constructors = map[FilterOperator]string{
	FilterOperatorEqualTo: "Equal", FilterOperatorNotEqualTo: "NotEqual",
	FilterOperatorIsPresent: "Present", FilterOperatorIsNotPresent: "Absent",
	FilterOperatorContains: "Contains", FilterOperatorDoesNotContain: "DoesNotContain",
	FilterOperatorIsGreaterThan: "GreaterThan", FilterOperatorIsLessThan: "LessThan", FilterOperatorDaysBefore: "DaysBefore",
}

// isCustom reports whether a rule is about an attribute that the account has defined.
func (r Rule) isCustom() bool {
	_, standard := standardAttributes[Attribute(r.rule.AttributeKey)]
	return !standard
}

// check refuses rules, and sequences of rules, that a server answers with a 500 or reads as something else.
func (f Filter) check(input *refusal) {
	custom := false // a custom rule precedes
	for i, r := range f.rules {
		err := r.checkShape(standardAttributes)
		if err == nil && !r.raw {
			err = cmp.Or(r.checkOwner(standardAttributes, contactAttributes, "contacts"), r.checkMeaning(standardAttributes))
		}
		if err == nil {
			err = f.checkSince(r)
		}
		if err == nil && custom {
			err = r.checkAfterCustom()
		}
		if err == nil && r.isCustom() && r.rule.FilterOperator == FilterOperatorNotEqualTo {
			err = f.checkCustomNotEqual(i)
		}
		if err != nil {
			input.rule(i, r, err.Error())
		}
		custom = custom || r.isCustom()
	}
}

// rule refuses the rule at a place of a filter.
func (r *refusal) rule(i int, rule Rule, reason string) {
	about := strings.TrimSpace(rule.rule.AttributeKey + " " + string(rule.rule.FilterOperator))
	name := fmt.Sprintf("rule %d (%s)", i+1, about)
	r.fields = append(r.fields, FieldError{Field: name, Rule: i + 1, Reason: reason})
}

// checkShape refuses what is not a rule in any version.
func (r Rule) checkShape(standard attributeTable) error {
	rule, none := r.rule, "use Absent to match none"
	if attribute, ok := standard[Attribute(rule.AttributeKey)]; ok && !r.raw && !slices.Contains(attribute.operators, FilterOperatorIsNotPresent) {
		none = "servers cannot search for an empty one here; walk ListAll and compare"
	}
	switch {
	case rule.AttributeKey == "":
		return errors.New("there is no attribute")
	case !rule.FilterOperator.Known():
		return errors.New("the server does not know this operator; use a FilterOperator constant")
	case rule.QueryOperator != nil:
		return errors.New("QueryOperator is set; And and Or set it, and the last rule has none")
	case len(rule.Values) == 0 && !slices.Contains(presence, rule.FilterOperator):
		return errors.New("there is no value; use Present or Absent to match any or none")
	}
	for _, value := range rule.Values {
		if v := reflect.ValueOf(value); v.Kind() == reflect.String && strings.TrimSpace(v.String()) == "" {
			return errors.New("a value is empty; " + none)
		}
		data, err := json.Marshal(value)
		switch {
		case err != nil:
			return fmt.Errorf("%w; JSON has no such value", err)
		case string(data) == "null":
			return errors.New("a value is nil, which the server drops; " + none)
		}
	}
	return nil
}

// checkMeaning refuses operators and values that do not fit the attribute; any attribute that is not standard is custom.
func (r Rule) checkMeaning(standard attributeTable) error {
	if err := checkSingle(r.rule.Values); err != nil {
		return err
	}
	if slices.Contains(presence, r.rule.FilterOperator) && len(r.rule.Values) > 0 {
		return errors.New("it takes no value; leave it out, or use Equal")
	}
	attribute, ok := standard[Attribute(r.rule.AttributeKey)]
	if !ok {
		return r.checkCustom()
	}
	if !slices.Contains(attribute.operators, r.rule.FilterOperator) {
		return fmt.Errorf("it supports only %s; use RawRule for what your version may allow", operatorNames(attribute.operators))
	}
	if slices.Contains(presence, r.rule.FilterOperator) {
		return nil
	}
	var wrong []string
	for _, value := range r.rule.Values {
		if err := checkValue(attribute.kind, r.rule.FilterOperator, value); err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	if len(wrong) > 0 {
		return errors.New(strings.Join(wrong, "; "))
	}
	return nil
}

// operatorNames returns the names of operators as a caller writes them.
func operatorNames(operators []FilterOperator) string {
	var names []string
	for _, o := range operators {
		names = append(names, constructors[o])
	}
	return strings.Join(names, ", ")
}

// checkSingle refuses values that no server knows: a time within a day, a pointer to one, and a list as one of the values.
func checkSingle(values []any) error {
	for _, value := range values {
		if err := checkMoment(value); err != nil {
			return err
		}
		if reflect.ValueOf(value).Kind() == reflect.Pointer {
			return fmt.Errorf("a value is a pointer, of type %T; give the value that it points to", value)
		}
		if _, ok := value.(json.Marshaler); ok {
			continue // only its JSON shows what it is
		}
		switch reflect.ValueOf(value).Kind() {
		case reflect.Slice, reflect.Array, reflect.Map:
			return fmt.Errorf("a value is a list, of type %T; give its elements one by one; only a []any can be spread with ... instead", value)
		}
	}
	return nil
}

// checkValue refuses a value that does not have its attribute's kind.
func checkValue(kind kind, operator FilterOperator, value any) error {
	text, isText := value.(string)
	switch kind {
	case kindStatus:
		if !isText || !Status(text).Known() && Status(text) != StatusAll {
			return fmt.Errorf("%q is not a status; use open, resolved, pending, snoozed or all", value)
		}
	case kindPriority:
		if !isText || !Priority(text).Known() {
			return fmt.Errorf("%q is not a priority; use low, medium, high or urgent", value)
		}
	case kindID:
		if id, ok := wholeNumber(value); !ok || id <= 0 {
			return fmt.Errorf("%#v is not an id; ids are whole numbers from 1", value)
		}
	case kindText:
		if !isText {
			return fmt.Errorf("%v is not text; put it in quotes", value)
		}
	case kindDay:
		return checkDay(operator, value)
	case kindBool:
		if _, ok := asBool(value); !ok {
			return fmt.Errorf("%#v is neither true nor false", value)
		}
	}
	return nil
}

// maxDays is how many days ago a day with a four-digit year may be.
const maxDays = 365 * 1900

// checkDay refuses what is not a day: a server before 4.11.2 puts the text into its SQL unchanged, and later ones accept
// fewer notations than the database did (contract, N4).
func checkDay(operator FilterOperator, value any) error {
	if operator == FilterOperatorDaysBefore {
		if days, ok := wholeNumber(value); !ok || days < 0 || days > maxDays {
			return fmt.Errorf("%v is not a number of days; give one such as 7", value)
		}
		return nil
	}
	text, _ := value.(string)
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return fmt.Errorf("%v is not a day such as 2026-01-31, nor a time.Time", value)
	}
	return nil
}

// checkCustom refuses what fails for every type of custom attribute.
func (r Rule) checkCustom() error {
	text, isText := first(r.rule.Values).(string)
	switch {
	case isText && len(r.rule.Values) > 1:
		return errors.New("of several texts the server reads only the first; give each its own rule, joined with Or")
	case isText && slices.Contains(comparison, r.rule.FilterOperator) && strings.ContainsAny(text, `'"\`):
		return errors.New("the value has a quote or a backslash, which the server puts into its SQL unescaped")
	}
	return nil
}

// checkAfterCustom refuses text after a rule on a custom attribute: the server then reads only the first value of every
// rule, in lower case (contract, section 5.3, all versions).
func (r Rule) checkAfterCustom() error {
	text, isText := first(r.rule.Values).(string)
	_, isNumber := wholeNumber(text)
	switch {
	case !isText || r.isCustom():
		return nil
	case len(r.rule.Values) > 1, standardAttributes[Attribute(r.rule.AttributeKey)].kind == kindID && isNumber, strings.ToLower(text) != text:
		return errors.New("after a rule on a custom attribute the server reads only the first text, in lower case; " +
			"put custom rules last, and give ids as numbers")
	}
	return nil
}

// checkCustomNotEqual refuses NotEqual on a custom attribute where the server gets it wrong: it adds "OR attribute IS NULL"
// without brackets, after the operator to the next rule (contract, section 5.3, all versions).
func (f Filter) checkCustomNotEqual(i int) error {
	switch {
	case i < len(f.joins):
		return errors.New("NotEqual on a custom attribute makes the server answer 500 if a rule follows; put it last, after Or")
	case i > 0 && f.joins[i-1] == QueryOperatorAND:
		return errors.New("NotEqual on a custom attribute after And matches conversations that the other rules exclude; " +
			"use it alone, or check CustomAttributes yourself")
	}
	return nil
}

// checkScan refuses filters that cannot be narrowed to a range of ids.
func (f Filter) checkScan(ctx context.Context, c *core, input *refusal) {
	f.check(input)
	f.checkVersion(ctx, c, standardAttributes, input)
	for i, r := range f.rules {
		refused := slices.ContainsFunc(input.fields, func(e FieldError) bool { return e.Rule == i+1 })
		if r.isCustom() && r.rule.FilterOperator == FilterOperatorNotEqualTo && !refused {
			input.rule(i, r, "NotEqual on a custom attribute cannot be narrowed to a range of ids; "+
				"scan without it and check CustomAttributes yourself")
		}
	}
}

// CheckConversations returns everything that is wrong with the filter as one for conversations, without sending it; nil if
// nothing is. It knows no server, so an attribute that only some versions have passes here and is refused when the filter is
// used.
func (f Filter) CheckConversations() []FieldError {
	var input refusal
	f.request(time.Now(), &input)
	return input.fields
}

// request checks the filter and wraps its rules as the server expects them (D1), with days counted from a time.
func (f Filter) request(now time.Time, input *refusal) FilterRequest {
	if len(f.rules) == 0 {
		input.add("filter", "it has no rules; start with Where, and use Equal(\"status\", \"all\") for everything")
	}
	f.check(input)
	return f.dated(now).wire()
}
