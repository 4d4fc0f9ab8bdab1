package cfchat_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
)

// TestUnixTime checks that seconds are read and written exactly, and that 0 and null are read as no time.
func TestUnixTime(t *testing.T) {
	for text, want := range map[string]struct {
		at    time.Time
		shown string
		back  string
	}{
		"0":                 {time.Time{}, "never", "0"},
		"null":              {time.Time{}, "never", "0"},
		"1795386404":        {time.Unix(1795386404, 0), "2026-11-22T22:26:44Z", "1795386404"},
		"1795386404.123457": {time.Unix(1795386404, 123457000), "2026-11-22T22:26:44.123457Z", "1795386404.123457"},
		"0.25":              {time.Unix(0, 250000000), "1970-01-01T00:00:00.25Z", "0.25"},
		"-0.25":             {time.Unix(0, -250000000), "1969-12-31T23:59:59.75Z", "-0.25"},
		"-1.5":              {time.Unix(-1, -500000000), "1969-12-31T23:59:58.5Z", "-1.5"},
	} {
		var got cfchat.UnixTime
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want.at) || got.IsZero() != want.at.IsZero() || fmt.Sprint(got) != want.shown {
			t.Errorf("%s is %v, %v, want %v", text, got, err, want)
		}
		if back := string(encode(t, got)); back != want.back {
			t.Errorf("%s became %s", text, back)
		}
	}
	for _, text := range []string{`"0"`, `1e9`, `1.757507696e9`, `1.5E0`, `true`, `[]`, `1.x`} {
		if err := new(cfchat.UnixTime).UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

// TestISOTime checks that any string is read without an error, as a time if it is one, and is written back unchanged.
func TestISOTime(t *testing.T) {
	at := time.Date(2026, 11, 22, 22, 26, 44, 495_000_000, time.UTC)
	for text, want := range map[string]time.Time{
		`"2026-11-22T22:26:44.495Z"`: at, `"2026-11-22T23:26:44.495+01:00"`: at, `"2026-11-22T22:26:44.495000Z"`: at,
		`"soon"`: {}, `""`: {}, `"0001-01-01T00:00:00Z"`: {}, `null`: {}, `"\u0032026-11-22T22:26:44.495Z"`: at,
	} {
		var got cfchat.ISOTime
		if err := json.Unmarshal([]byte(text), &got); err != nil || !got.Equal(want) || got.IsZero() != want.IsZero() {
			t.Errorf("%s is %v, %v, want %v", text, got.Time, err, want)
		}
		if back, err := got.MarshalJSON(); err != nil || string(back) != text {
			t.Errorf("%s became %s, %v", text, back, err)
		}
		got.Time = at.Add(time.Hour)
		if back := string(encode(t, got)); back != `"2026-11-22T23:26:44.495Z"` {
			t.Errorf("an hour later than %s is %s", text, back)
		}
	}
	var soon cfchat.ISOTime
	if err := json.Unmarshal([]byte(`"soon"`), &soon); err != nil || soon.String() != "soon" {
		t.Errorf("got %s, %v", soon, err)
	}
	if data := string(encode(t, map[cfchat.ISOTime]int{soon: 1})); data != `{"soon":1}` {
		t.Errorf("as a map key it is written as %s", data)
	}
	for _, text := range []string{`"2026-11-22T22:26:44.495Z"`, `"soon"`, `""`, `null`, `"2026-11-22T22:26:44+02:00"`, `"a<b"`} {
		var got, fromText, fromBinary, fromGob cfchat.ISOTime
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		plain, err := got.MarshalText()
		appended, err2 := got.AppendText(nil)
		binary, err3 := got.MarshalBinary()
		added, err4 := got.AppendBinary(nil)
		if errors.Join(err, err2, err3, err4) != nil || string(plain) != got.String() || string(appended) != got.String() || string(binary) != string(added) {
			t.Errorf("%s is written as %s, %s, %s and %s", text, plain, appended, binary, added)
		}
		var buffer bytes.Buffer
		err = errors.Join(fromText.UnmarshalText(plain), fromBinary.UnmarshalBinary(binary), gob.NewEncoder(&buffer).Encode(got), gob.NewDecoder(&buffer).Decode(&fromGob))
		for _, back := range []cfchat.ISOTime{fromText, fromBinary, fromGob} {
			if err != nil || back.String() != got.String() || !back.Equal(got.Time) || back.Location() != time.UTC {
				t.Errorf("%s is read back as %s, %v", text, back, err)
			}
		}
	}
	if got := cfchat.NewISOTime(at.Add(400 * time.Microsecond).In(time.FixedZone("", 3600))); got.String() != "2026-11-22T22:26:44.495Z" {
		t.Errorf("NewISOTime returned %s", got)
	}
	for _, text := range []string{`5`, `{}`, `true`, `"`} {
		if err := new(cfchat.ISOTime).UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

// TestISOTimeNull checks that null is read as the zero value.
func TestISOTimeNull(t *testing.T) {
	got := cfchat.NewISOTime(time.Now())
	if err := got.UnmarshalJSON([]byte("null")); err != nil || got != (cfchat.ISOTime{}) {
		t.Errorf("null is %#v, %v", got, err)
	}
}

// TestUnixTimeExponents checks that exponents are refused however many digits precede them: only nine digits of a fraction
// count, and an exponent after those must not be cut off with the rest.
func TestUnixTimeExponents(t *testing.T) {
	for _, text := range []string{`1.757507696e9`, `1.7575076961E9`, `1.7575076961e9`, `1.757507696123E+9`, `1.0000000000E-3`} {
		var got cfchat.UnixTime
		if err := json.Unmarshal([]byte(text), &got); err == nil {
			t.Errorf("%s is read as %v", text, got)
		}
	}
}

// TestUnixTimeOverAnother checks that 0 and null are read as no time even into a value that held one before.
func TestUnixTimeOverAnother(t *testing.T) {
	for _, text := range []string{"0", "0.0", "null"} {
		got := struct{ At cfchat.UnixTime }{cfchat.UnixTime{Time: time.Unix(1, 0)}}
		if err := json.Unmarshal([]byte(`{"At":`+text+`}`), &got); err != nil || !got.At.IsZero() {
			t.Errorf("%s is %v, %v", text, got.At, err)
		}
	}
}
