package cfchattest

import (
	"slices"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest/internal/filtersql"
	"github.com/cfchat/cfchat-go/internal/release"
)

var (
	equality = []string{filtersql.EqualTo, filtersql.NotEqualTo}
	presence = slices.Concat(equality, []string{filtersql.IsPresent, filtersql.IsNotPresent})
	text     = slices.Concat(equality, []string{filtersql.Contains, filtersql.DoesNotContain})
	dates    = []string{filtersql.IsGreaterThan, filtersql.IsLessThan, filtersql.DaysBefore}
)

// row is what a filter's conditions test: a conversation, before 3.1.1 with one of its labels. There a conversation has one
// row per label, or one row without a label (contract, 5.4).
type row struct {
	*conversation
	label *string
}

// table describes conversations to filters: the standard attributes in the order in which the server lists them, with the
// operators that it allows from 3.8.0 on (contract, 5.2; contract, N4).
func (c *caller) table() *filtersql.Table[row] {
	v := c.version
	columns := []filtersql.Column[row]{
		statusColumn().Allow(equality...),
		filtersql.Integers("assignee_id", func(r row) *int64 { return r.assignee }).Allow(presence...),
		filtersql.Integers("inbox_id", func(r row) *int64 { return &r.source.inbox.id }).Allow(presence...),
		filtersql.Bigints("team_id", func(r row) *int64 { return r.team }).Allow(presence...),
	}
	if !v.AtLeast("3.8.0") || v.AtLeast("4.14.2") {
		contact := filtersql.Bigints("contact_id", func(r row) *int64 { return &r.source.contact.ID })
		columns = append(columns, contact.Allow(equality...))
	}
	if v.AtLeast("3.8.0") {
		columns = append(columns, priorityColumn(v).Allow(equality...))
	}
	columns = append(columns, displayIDColumn(v).Allow(text...),
		filtersql.Bigints("campaign_id", func(row) *int64 { return nil }).Allow(presence...),
		filtersql.Texts("labels", func(r row) *string { return r.label }).Allow(presence...),
		additionalColumn("browser_language").Allow(equality...),
		additionalColumn("conversation_language").Allow(equality...))
	if !v.AtLeast("4.10.0") {
		columns = append(columns, additionalColumn("country_code").Allow(equality...))
	}
	columns = append(columns, additionalColumn("referer").Allow(text...),
		filtersql.Days("created_at", func(r row) time.Time { return r.created }).Allow(dates...),
		filtersql.Days("last_activity_at", func(r row) time.Time { return r.lastActivity }).Allow(dates...),
		additionalColumn("mail_subject").Allow(text...))
	return &filtersql.Table[row]{
		Version: v, Now: c.clock(), Columns: columns,
		Labels:     func(r row) []string { return r.labels },
		Custom:     c.account.attributes,
		Attributes: func(r row) map[string]any { return r.custom },
	}
}

func statusColumn() filtersql.Column[row] {
	column := filtersql.Integers("status", func(r row) *int64 { return new(statusNumber(string(r.status))) })
	column.Names, column.AllNames = namesOf(statuses), "all"
	return column
}

// priorityColumn returns the column that 3.8.0 introduced; the names of the values are known from 4.0.4 on (contract, 4.2).
func priorityColumn(v release.Version) filtersql.Column[row] {
	column := filtersql.Integers("priority", func(r row) *int64 {
		if r.priority == nil {
			return nil
		}
		return new(priorityNumber(string(*r.priority)))
	})
	if v.AtLeast("4.0.4") {
		column.Names = namesOf(priorities)
	}
	return column
}

func displayIDColumn(v release.Version) filtersql.Column[row] {
	column := filtersql.Integers("display_id", func(r row) *int64 { return &r.id })
	column.Key, column.AsText = true, v.AtLeast("4.16.0")
	return column
}

// additionalColumn returns the column of a key of additional_attributes.
func additionalColumn(key string) filtersql.Column[row] {
	return filtersql.Texts(key, func(r row) *string { return filtersql.AttributeText(r.additional, key) })
}

func namesOf[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, each := range values {
		out[i] = string(each)
	}
	return out
}
