package cfchattest

import (
	"strings"
	"time"
)

var (
	equality = []string{equalTo, notEqualTo}
	presence = []string{equalTo, notEqualTo, isPresent, isNotPresent}
	text     = []string{equalTo, notEqualTo, contains, doesNotContain}
	dates    = []string{isGreaterThan, isLessThan, daysBefore}
)

// keys470 are the standard attributes in the order in which the server lists them.
var keys470 = []string{
	"status", "assignee_id", "inbox_id", "team_id", "priority", "display_id", "campaign_id", "labels",
	"browser_language", "conversation_language", "country_code", "referer", "created_at", "last_activity_at", "mail_subject",
}

// operators470 are the operators that 4.7.0 allows a standard attribute (contract, 5.2). 2.16.0 checks none.
var operators470 = map[string][]string{
	"status": equality, "priority": equality,
	"assignee_id": presence, "inbox_id": presence, "team_id": presence, "campaign_id": presence, "labels": presence,
	"display_id":       text, // of which the last two are no SQL
	"browser_language": equality, "conversation_language": equality, "country_code": equality,
	"referer": text, "mail_subject": text,
	"created_at": dates, "last_activity_at": dates,
}

// standard returns the column of a standard attribute, and false for a key that the version does not know.
func (v version) standard(key string) (column, bool) {
	switch key {
	case "status":
		return integers(func(r row) *int64 { return new(statusNumber(string(r.status))) }), true
	case "assignee_id":
		return integers(func(r row) *int64 { return r.assignee }), true
	case "inbox_id":
		return integers(func(r row) *int64 { return &r.source.inbox.id }), true
	case "display_id":
		return integers(func(r row) *int64 { return &r.id }), true
	case "team_id":
		return bigints(func(r row) *int64 { return r.team }), true
	case "campaign_id":
		return bigints(func(row) *int64 { return nil }), true
	case "contact_id":
		return bigints(func(r row) *int64 { return &r.source.contact.ID }), v == version216
	case "priority":
		return integers(priorityOf), v != version216
	case "labels":
		return texts(func(r row) *string { return r.label }), true
	case "browser_language", "conversation_language", "country_code", "referer", "mail_subject":
		return texts(func(r row) *string { return attributeText(r.additional, key) }), true
	case "created_at":
		return days(func(r row) time.Time { return r.created }), true
	case "last_activity_at":
		return days(func(r row) time.Time { return r.lastActivity }), true
	}
	return column{}, false
}

func priorityOf(r row) *int64 {
	if r.priority == nil {
		return nil
	}
	return new(priorityNumber(string(*r.priority)))
}

// displayKinds are the types that the server casts a custom attribute to. There is none for currency and percent, which
// fail at every version.
var displayKinds = map[string]kind{
	"text": kindText, "list": kindText, "link": kindText, "date": kindDate, "number": kindNumeric, "checkbox": kindBoolean,
}

// custom returns the column of a custom attribute; texts are compared in lower case.
func custom(key string, of kind) column {
	return column{of, func(r row) (cell, bool, error) {
		raw := attributeText(r.custom, key)
		if raw == nil {
			return cell{}, false, nil
		}
		if of == kindText {
			return cell{text: strings.ToLower(*raw)}, true, nil
		}
		stored, err := of.parse(*raw)
		return stored, err == nil, err
	}}
}

// attributeText returns a value of free-form attributes as the database returns it: text, nil for null and for none.
func attributeText(of map[string]any, key string) *string {
	switch v := of[key].(type) {
	case nil:
		return nil
	case string:
		return &v
	default:
		return new(string(encode(v)))
	}
}
