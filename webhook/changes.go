package webhook

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
)

// Change is a column that a save has changed: its name in the server's database, such as status, assignee_id, label_list or
// updated_at, and its values.
type Change struct {
	Column string

	values cfchat.Attributes
}

// Changed returns the change of a column. It reports false if the column was not changed, or the server does not say.
func (e Event) Changed(column string) (Change, bool) {
	for _, c := range e.Changes {
		if c.Column == column {
			return c, true
		}
	}
	return Change{}, false
}

// Previous returns the value before the change.
func (c Change) Previous() Value { return Value{c.values, "previous_value"} }

// Current returns the value after the change.
func (c Change) Current() Value { return Value{c.values, "current_value"} }

// UnmarshalJSON reads an object with one key, the column.
func (c *Change) UnmarshalJSON(data []byte) error {
	var columns map[string]cfchat.Attributes
	if err := json.Unmarshal(data, &columns); err != nil {
		return err
	}
	if len(columns) != 1 {
		return errors.New("a change must have exactly one column")
	}
	for column, values := range columns {
		*c = Change{column, values}
	}
	return nil
}

// MarshalJSON writes the object that UnmarshalJSON reads.
func (c Change) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]cfchat.Attributes{c.Column: c.values})
}

// Value is the value of a column, which determines its kind. Each method reports false for a value of another kind.
type Value struct {
	of  cfchat.Attributes
	key string
}

// String returns the value as JSON.
func (v Value) String() string { return string(v.JSON()) }

// IsNull reports whether the value is null or absent.
func (v Value) IsNull() bool {
	return v.String() == "null"
}

// Text returns a value that is text, such as a status.
func (v Value) Text() (string, bool) { return v.of.Text(v.key) }

// Int returns a value that is a whole number, such as an id.
func (v Value) Int() (int64, bool) { return v.of.Int(v.key) }

// Bool returns a value that is true or false.
func (v Value) Bool() (value, ok bool) { return v.of.Bool(v.key) }

// Time returns a value that is a time, in UTC, to the millisecond.
func (v Value) Time() (time.Time, bool) {
	text, ok := v.Text()
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	return t.UTC(), err == nil
}

// Texts returns a value that is a list of texts, such as label_list; an empty list is not nil.
func (v Value) Texts() ([]string, bool) {
	var list []*string
	if json.Unmarshal(v.JSON(), &list) != nil || list == nil || slices.Contains(list, nil) {
		return nil, false
	}
	texts := make([]string, len(list))
	for i, text := range list {
		texts[i] = *text
	}
	return texts, true
}

// JSON returns the value as received, null if absent.
func (v Value) JSON() json.RawMessage {
	var values map[string]json.RawMessage
	_ = json.Unmarshal(v.of.JSON(), &values) // null has none
	if value := values[v.key]; value != nil {
		return value
	}
	return json.RawMessage("null")
}
