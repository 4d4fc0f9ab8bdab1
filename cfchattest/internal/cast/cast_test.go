package cast_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// TestInteger reads the values that can be sent as an id in paths, queries and bodies (contract, 1.2, 1.4 and 6.1).
func TestInteger(t *testing.T) {
	for _, c := range []struct {
		value any
		want  int64
		ok    bool
	}{
		{"5", 5, true}, {"5abc", 5, true}, {"abc", 0, true}, {" -7.9", -7, true}, {"+3", 3, true}, {"", 0, false}, {" ", 0, false},
		{"99999999999999999999", math.MaxInt64, true},
		{json.Number("5"), 5, true}, {json.Number("2.7"), 2, true}, {json.Number("1e30"), math.MaxInt64, true},
		{json.Number("-1e30"), math.MinInt64, true},
		{true, 1, true}, {false, 0, true}, {nil, 0, false}, {[]any{"5"}, 0, false}, {map[string]any{}, 0, false},
	} {
		if got, ok := cast.Integer(c.value); got != c.want || ok != c.ok {
			t.Errorf("%#v is %d, %t, want %d, %t", c.value, got, ok, c.want, c.ok)
		}
	}
}

// TestFits checks the sizes of id columns: an id that does not fit four bytes finds nothing.
func TestFits(t *testing.T) {
	for n, want := range map[int64][2]bool{
		0: {true, true}, math.MaxInt32: {true, true}, math.MaxInt32 + 1: {false, true}, math.MinInt32 - 1: {false, true},
		math.MaxInt64: {false, false}, math.MinInt64: {false, false},
	} {
		if got := [2]bool{cast.FitsInteger(n), cast.FitsBigint(n)}; got != want {
			t.Errorf("%d fits %v, want %v", n, got, want)
		}
	}
	if _, ok := cast.ID("2147483648"); ok {
		t.Error("an id that is too large is accepted")
	}
	if id, ok := cast.ID("42"); id != 42 || !ok {
		t.Errorf("42 is %d, %t", id, ok)
	}
}

func TestStartsWithNumber(t *testing.T) {
	for text, want := range map[string]bool{"5": true, "\t-5x": true, "x5": false, "": false, "+": false} {
		if got := cast.StartsWithNumber(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

func TestBooleanAndBlank(t *testing.T) {
	for _, c := range []struct {
		value          any
		boolean, blank bool
	}{
		{nil, false, true}, {"", false, true}, {" ", false, true}, {false, false, true}, {true, true, false},
		{"false", false, false},
		{"no", true, false}, {json.Number("0"), false, false}, {json.Number("1"), true, false}, {[]any{}, false, true},
		{[]any{"x"}, true, false}, {map[string]any{}, false, true}, {map[string]any{"a": nil}, true, false},
	} {
		if got := cast.Boolean(c.value); got != c.boolean {
			t.Errorf("%#v is %t", c.value, got)
		}
		if got := cast.Blank(c.value); got != c.blank {
			t.Errorf("%#v is blank: %t", c.value, got)
		}
	}
}

func TestTimeAndText(t *testing.T) {
	day := time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)
	for value, want := range map[any]time.Time{
		"2030-01-02": day, "2030-01-02T00:00:00Z": day, "2030-01-02 00:00:00": day, "2030-01-02T02:00:00+02:00": day,
		"soon": {}, json.Number("5"): {},
	} {
		if got := cast.Time(value); !got.Equal(want) {
			t.Errorf("%v is %s, want %s", value, got, want)
		}
	}
	for want, value := range map[string]any{"": nil, "a": "a", "5": json.Number("5"), "true": true, `["x"]`: []any{"x"},
		"7": int64(7)} {
		if got := cast.Text(value); got != want {
			t.Errorf("%#v is %q, want %q", value, got, want)
		}
	}
}
