package cfchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/internal/decode"
)

// UnixTime is a time that the server writes as seconds since 1970, mostly whole ones. The zero value is the server's 0,
// which means "never": test it with IsZero, and for a pointer through its getter, which treats nil as never:
// c.GetWaitingSince().IsZero(). Where a [time.Time] is needed, use the field: a.Timestamp.Before(b.Timestamp.Time).
type UnixTime struct{ time.Time }

// errNotSeconds does not repeat the value, which may be anything.
var errNotSeconds = errors.New("a time is not a number of seconds since 1970")

// UnmarshalJSON reads seconds, whole or with a fraction, exact to the nanosecond. 0 and null are the zero time.
func (t *UnixTime) UnmarshalJSON(data []byte) error {
	*t = UnixTime{}
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	// Not through a float64, which cannot hold the microseconds of every server time.
	whole, fraction, _ := strings.Cut(string(data), ".")
	if strings.ContainsAny(fraction, "eE") {
		return errNotSeconds
	}
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return errNotSeconds
	}
	nsec := int64(0)
	if fraction != "" {
		if nsec, err = strconv.ParseInt((fraction + "00000000")[:9], 10, 64); err != nil {
			return errNotSeconds
		}
		if whole[0] == '-' {
			nsec = -nsec
		}
	}
	if sec != 0 || nsec != 0 {
		t.Time = time.Unix(sec, nsec).UTC()
	}
	return nil
}

// decodeJSON reads the same as UnmarshalJSON.
func (t *UnixTime) decodeJSON(r *decode.Reader) {
	if t.UnmarshalJSON(r.Raw()) != nil {
		r.Leave()
	}
}

// MarshalJSON writes seconds, with a fraction only if there is one; the zero time is 0.
func (t UnixTime) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("0"), nil
	}
	sec, nsec, sign := t.Unix(), int64(t.Nanosecond()), ""
	if sec < 0 && nsec > 0 { // before 1970 the nanoseconds count up from the second below
		sec, nsec, sign = -sec-1, 1e9-nsec, "-"
	}
	text := strconv.AppendInt([]byte(sign), sec, 10)
	if nsec != 0 {
		text = bytes.TrimRight(fmt.Appendf(text, ".%09d", nsec), "0")
	}
	return text, nil
}

// String returns the time in RFC 3339, or "never".
func (t UnixTime) String() string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.RFC3339Nano)
}

// ISOTime is a time that the server writes as text, UTC with milliseconds: "2023-04-18T12:00:00.000Z". The zero value is no
// time, and null; a pointer's getter treats nil as such, as in change.GetSnoozedUntil().IsZero(). Text that is not a time
// decodes too, to a zero Time, and encodes unchanged: String returns it.
type ISOTime struct {
	time.Time

	received string // the JSON, "" for null
}

// NewISOTime returns the ISOTime that the server would write for a time. Anything below a millisecond is cut off.
func NewISOTime(t time.Time) ISOTime {
	return ISOTime{Time: t.UTC().Truncate(time.Millisecond)}
}

// errNotText does not repeat the value, which may be anything.
var errNotText = errors.New("a time is not text")

// UnmarshalJSON reads text, and null as the zero time.
func (t *ISOTime) UnmarshalJSON(data []byte) error {
	*t = ISOTime{}
	if bytes.Equal(data, []byte("null")) {
		return nil
	}
	var text string
	if json.Unmarshal(data, &text) != nil {
		return errNotText
	}
	t.received = string(data)
	t.Time = timeOf(text)
	return nil
}

// decodeJSON reads the same as UnmarshalJSON.
func (t *ISOTime) decodeJSON(r *decode.Reader) {
	data := r.Raw()
	if len(data) < 2 || data[0] != '"' || bytes.IndexByte(data, '\\') >= 0 {
		if t.UnmarshalJSON(data) != nil {
			r.Leave()
		}
		return
	}
	t.received = r.Shared(data)
	t.Time = timeOf(t.received[1 : len(data)-1])
}

// timeOf reads text, as the zero time if it is not a time.
func timeOf(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// MarshalJSON writes the received text; for a time that was set since, what the server would write; and null for the zero
// value.
func (t ISOTime) MarshalJSON() ([]byte, error) {
	switch text := t.String(); {
	case t.received != "" && text == t.text():
		return []byte(t.received), nil
	case text == "":
		return []byte("null"), nil
	default:
		return json.Marshal(text)
	}
}

// The methods below replace those of the embedded time, which would lose text that is not a time.

// AppendText appends String.
func (t ISOTime) AppendText(b []byte) ([]byte, error) { return append(b, t.String()...), nil }

// MarshalText writes String.
func (t ISOTime) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// UnmarshalText reads what MarshalText has written.
func (t *ISOTime) UnmarshalText(text []byte) error {
	*t = ISOTime{}
	if len(text) == 0 {
		return nil
	}
	data, err := json.Marshal(string(text))
	if err != nil {
		return err
	}
	return t.UnmarshalJSON(data)
}

// AppendBinary appends String.
func (t ISOTime) AppendBinary(b []byte) ([]byte, error) { return t.AppendText(b) }

// MarshalBinary writes String.
func (t ISOTime) MarshalBinary() ([]byte, error) { return t.MarshalText() }

// UnmarshalBinary reads what MarshalBinary has written.
func (t *ISOTime) UnmarshalBinary(data []byte) error { return t.UnmarshalText(data) }

// GobEncode writes String.
func (t ISOTime) GobEncode() ([]byte, error) { return t.MarshalText() }

// GobDecode reads what GobEncode has written.
func (t *ISOTime) GobDecode(data []byte) error { return t.UnmarshalText(data) }

// String returns the text as received or, for a time that was set since, as the server would write it; "" for the zero
// value.
func (t ISOTime) String() string {
	switch text := t.text(); {
	case timeOf(text).Equal(t.Time):
		return text
	case t.IsZero():
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// text returns the received text.
func (t ISOTime) text() (text string) {
	_ = json.Unmarshal([]byte(t.received), &text) // "" if nothing was received
	return text
}
