package cfchat

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
)

// contactAttributes are the standard attributes of contacts (contract, W2.2).
var contactAttributes = attributeTable{
	AttributeName:           {kindText, slices.Concat(equality, containment), always},
	AttributeEmail:          {kindText, slices.Concat(equality, containment), always},
	AttributePhoneNumber:    {kindText, slices.Concat(equality, containment), always},
	AttributeIdentifier:     {kindText, equality, always},
	AttributeCountryCode:    {kindText, equality, always},
	AttributeCity:           {kindText, slices.Concat(equality, containment), always},
	AttributeCompany:        {kindText, slices.Concat(equality, containment), lifetime{gone: "4.14.0"}},
	AttributeCompanyName:    {kindText, slices.Concat(equality, containment), lifetime{since: "4.14.0"}},
	AttributeLabels:         {kindText, slices.Concat(equality, presence), always},
	AttributeCreatedAt:      {kindDay, comparison, always},
	AttributeLastActivityAt: {kindDay, comparison, always},
	AttributeBlocked:        {kindBool, equality, lifetime{since: "3.8.0"}},
}

// CheckContacts returns everything that is wrong with the filter as one for contacts, without sending it; nil if nothing is.
// Like [Filter.CheckConversations] it knows no server.
func (f Filter) CheckContacts() []FieldError {
	var input refusal
	f.contactRequest(time.Now(), &input)
	return input.fields
}

// contactRequest checks the filter as one for contacts and wraps its rules as the server expects them (D1), with days
// counted from a time.
func (f Filter) contactRequest(now time.Time, input *refusal) FilterRequest {
	if len(f.rules) == 0 {
		input.add("filter", "it has no rules; start with Where, and use List for everything")
	}
	for i, r := range f.rules {
		if err := f.checkContactRule(i); err != nil {
			input.rule(i, r, err.Error())
		}
	}
	return f.dated(now).asStored().wire()
}

// checkContactRule refuses a rule that a server answers with a 500 or reads as something else. A rule after one on a custom
// attribute is read like any other: ignoring case, and only its first value.
func (f Filter) checkContactRule(i int) error {
	r := f.rules[i]
	if err := r.checkShape(contactAttributes); err != nil || r.raw {
		return err
	}
	if r.since != nil {
		return errors.New("Since is for conversations; compare days with GreaterThan")
	}
	if len(r.rule.Values) > 1 {
		return errors.New("of several values the server reads only the first; give each its own rule, joined with Or")
	}
	if err := cmp.Or(r.checkOwner(contactAttributes, standardAttributes, "conversations"), r.checkMeaning(contactAttributes)); err != nil {
		return err
	}
	_, standard := contactAttributes[Attribute(r.rule.AttributeKey)]
	if !standard && r.rule.FilterOperator == FilterOperatorNotEqualTo {
		return f.checkCustomNotEqual(i)
	}
	return nil
}

// asStored returns the filter with values as the servers store them: phone numbers as digits alone, because the server puts
// a + before them, and before 4.7.0 a number with a + finds nothing (D60); and the texts true and false as booleans.
func (f Filter) asStored() Filter {
	rules := slices.Clone(f.rules)
	for i, r := range rules {
		value := first(r.rule.Values)
		number, isText := value.(string)
		blocked, isBool := asBool(value)
		switch attribute := Attribute(r.rule.AttributeKey); {
		case r.raw || !slices.Contains(equality, r.rule.FilterOperator):
		case attribute == AttributePhoneNumber && isText:
			rules[i].rule.Values = []any{strings.TrimPrefix(number, "+")}
		case attribute == AttributeBlocked && isBool:
			rules[i].rule.Values = []any{blocked}
		}
	}
	return Filter{rules, f.joins}
}

// asBool reads true and false, also as text, as in a form.
func asBool(value any) (is, ok bool) {
	if is, ok = value.(bool); ok {
		return is, true
	}
	return value == "true", value == "true" || value == "false"
}
