package cfchattest

import (
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest/internal/filtersql"
)

// contactTable describes contacts to filters. The order in which the server lists the attributes is (unseen).
func (c *caller) contactTable() *filtersql.Table[*contact] {
	v := c.version
	columns := []filtersql.Column[*contact]{
		contactTexts("name", func(r *contact) *string { return r.Name }).Allow(text...),
		contactTexts("phone_number", func(r *contact) *string { return r.PhoneNumber }).Allow(slices.Concat(text, []string{filtersql.StartsWith})...),
		contactTexts("email", func(r *contact) *string { return r.Email }).Allow(text...),
		contactTexts("identifier", func(r *contact) *string { return r.Identifier }).Allow(equality...),
		contactAdditional("country_code", "country_code").Allow(equality...),
		contactAdditional("city", "city").Allow(text...),
	}
	if !v.AtLeast("3.8.0") {
		columns = append(columns, contactAdditional("browser_language", "browser_language"))
	}
	if v.AtLeast("4.14.0") {
		columns = append(columns, contactAdditional("company_name", "company_name").Allow(text...))
	} else {
		columns = append(columns, contactAdditional("company", "company").Allow(text...))
	}
	columns = append(columns,
		filtersql.DaysOrNull("created_at", func(r *contact) time.Time { return deref(r.CreatedAt).Time }).Allow(dates...),
		filtersql.DaysOrNull("last_activity_at", func(r *contact) time.Time { return deref(r.LastActivityAt).Time }).Allow(dates...))
	if v.AtLeast("3.8.0") {
		columns = append(columns, filtersql.Booleans("blocked", func(r *contact) bool { return r.Blocked != nil && *r.Blocked }).Allow(equality...))
	}
	if v.AtLeast("3.1.1") {
		columns = append(columns, filtersql.Texts("labels", func(*contact) *string { return nil }).Allow(presence...))
	} else { // compared with the number of a label, which is not known here
		columns = append(columns, filtersql.Integers("labels", func(*contact) *int64 { return nil }))
	}
	return &filtersql.Table[*contact]{
		Version: v, Now: c.clock(), Columns: columns, Model: "contact_attribute",
		Labels:     func(r *contact) []string { return r.labels },
		Custom:     c.account.contactAttributes,
		Attributes: func(r *contact) map[string]any { return r.CustomAttributes.Map() },
	}
}

// contactTexts returns a column of texts in lower case, as the server compares them.
func contactTexts(name string, get func(*contact) *string) filtersql.Column[*contact] {
	return filtersql.Texts(name, func(r *contact) *string { return lowered(get(r)) })
}

// contactAdditional returns the column of a key of additional_attributes.
func contactAdditional(name, key string) filtersql.Column[*contact] {
	return contactTexts(name, func(r *contact) *string { return filtersql.AttributeText(r.AdditionalAttributes.Map(), key) })
}

func lowered(text *string) *string {
	if text == nil {
		return nil
	}
	return new(downcase(*text))
}

// downcase returns a text in lower case as Ruby does, which turns İ into two characters.
func downcase(text string) string { return strings.ToLower(strings.ReplaceAll(text, "İ", "i\u0307")) }

// firstValues reduces rules to what the server reads: the first value, in lower case. A phone number gets a leading +, from
// 4.7.0 on only if it has none.
func (c *caller) firstValues(rules []filtersql.Rule) []filtersql.Rule {
	out := make([]filtersql.Rule, len(rules))
	for i, rule := range rules {
		out[i] = rule.First(func(value string) string {
			if rule.Key() == "phone_number" {
				if c.version.AtLeast("4.7.0") {
					value = strings.TrimPrefix(value, "+")
				}
				value = "+" + value
			}
			return downcase(value)
		})
	}
	return out
}
