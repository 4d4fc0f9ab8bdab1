package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// row is a rule in the form.
type row struct {
	Join      string // how it is joined to the previous row: and, or
	Attribute string
	Operator  string
	Values    string // one per line, because they may have commas
	Problem   string // what is wrong with it
}

const (
	and = string(cfchat.QueryOperatorAND)
	or  = string(cfchat.QueryOperatorOR)
)

// standard are the attributes of every account. The client refuses those that the server's version does not have.
var standard = []cfchat.Attribute{
	cfchat.AttributeStatus, cfchat.AttributeInboxID, cfchat.AttributeAssigneeID, cfchat.AttributeTeamID, cfchat.AttributeLabels,
	cfchat.AttributePriority, cfchat.AttributeCreatedAt, cfchat.AttributeLastActivityAt, cfchat.AttributeDisplayID,
	cfchat.AttributeContactID, cfchat.AttributeCampaignID, cfchat.AttributeBrowserLanguage, cfchat.AttributeConversationLanguage,
	cfchat.AttributeCountryCode, cfchat.AttributeReferer, cfchat.AttributeMailSubject,
}

// operator is an operator to choose.
type operator struct {
	Operator cfchat.FilterOperator
	Words    string // close to the name in Go, which the client's errors use
}

var operators = []operator{
	{cfchat.FilterOperatorEqualTo, "equal to one of"},
	{cfchat.FilterOperatorNotEqualTo, "not equal to any of"},
	{cfchat.FilterOperatorContains, "contains"},
	{cfchat.FilterOperatorDoesNotContain, "does not contain"},
	{cfchat.FilterOperatorIsPresent, "is present"},
	{cfchat.FilterOperatorIsNotPresent, "is absent"},
	{cfchat.FilterOperatorIsGreaterThan, "greater than, or after the day"},
	{cfchat.FilterOperatorIsLessThan, "less than, or before the day"},
	{cfchat.FilterOperatorDaysBefore, "days before today, or more"},
}

// rowsIn returns the filled-in rows of a form.
func rowsIn(form url.Values) (rows []row) {
	at := func(name string, i int) string {
		if i < len(form[name]) {
			return strings.TrimSpace(form[name][i])
		}
		return ""
	}
	for i := range form["attribute"] {
		r := row{Join: at("join", i), Attribute: at("attribute", i), Operator: at("operator", i), Values: at("values", i)}
		if r.Attribute != "" || r.Values != "" {
			rows = append(rows, r)
		}
	}
	return rows
}

// filterOf returns the filter of the rows, where each row is the rule with the same number.
func filterOf(rows []row) (filter cfchat.Filter) {
	for _, r := range rows {
		var values []any
		for line := range strings.Lines(r.Values) {
			if value := strings.TrimSpace(line); value != "" {
				values = append(values, value)
			}
		}
		rule := cfchat.NewRule(cfchat.Attribute(r.Attribute), cfchat.FilterOperator(r.Operator), values...)
		if r.Join == or {
			filter = filter.Or(rule)
		} else {
			filter = filter.And(rule)
		}
	}
	return filter
}

// rowsOf returns the rows that filterOf makes into a filter.
func rowsOf(filter cfchat.Filter) (rows []row) {
	join := and
	for _, rule := range filter.Rules() {
		r := row{Join: join, Attribute: rule.AttributeKey, Operator: string(rule.FilterOperator)}
		for _, value := range rule.Values {
			r.Values += fmt.Sprintln(value)
		}
		r.Values = strings.TrimSpace(r.Values)
		rows = append(rows, r)
		if rule.QueryOperator != nil {
			join = string(*rule.QueryOperator)
		}
	}
	return rows
}
