package cfchat_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cfchat/cfchat-go"
)

// TestAttributesKeepNothingOfOthers checks that text that is broken, large or followed by more text leaves no trace in the
// object that is decoded next.
func TestAttributesKeepNothingOfOthers(t *testing.T) {
	for _, before := range []string{
		`{"a":1}`, `{"a":`, `{"a":1} {"b":`, `{"a":1}}`, `[1]`, `"text"`, `null`, ` {"a":1} `, `{"a":"` + strings.Repeat("x", 100_000) + `"}`,
	} {
		for range 3 {
			var attributes cfchat.Attributes
			_ = attributes.UnmarshalJSON([]byte(before))
			var next cfchat.Attributes
			err := next.UnmarshalJSON([]byte(`{"order":12345678901234567}`))
			want := map[string]any{"order": json.Number("12345678901234567")}
			if err != nil || !reflect.DeepEqual(next.Map(), want) {
				t.Errorf("after %.20s: %v, %v", before, next, err)
			}
		}
	}
}

// TestInvalidAttributes checks that UnmarshalJSON refuses text that is not valid JSON, which only a direct caller can pass.
func TestInvalidAttributes(t *testing.T) {
	for _, text := range []string{"", "[", "[1", "[ ", "]", "{", "[}", "[]]"} {
		var attributes cfchat.Attributes
		if err := attributes.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%q was decoded as %v, want an error", text, attributes)
		}
	}
	for _, text := range []string{"[]", "[ \n]", "{}", "{ }"} {
		var attributes cfchat.Attributes
		if err := attributes.UnmarshalJSON([]byte(text)); err != nil || attributes.IsZero() || len(attributes.Keys()) != 0 {
			t.Errorf("%q was decoded as %v, %v, want empty attributes", text, attributes, err)
		}
	}
}

// TestAttributesInManyGoroutines checks that goroutines can decode attributes concurrently, even if some texts are broken.
func TestAttributesInManyGoroutines(t *testing.T) {
	var group sync.WaitGroup
	for g := range 16 {
		group.Go(func() {
			for i := range 100 {
				n := g*100 + i
				text := fmt.Sprintf(`{"n":%d,"text":%q}`, n, strings.Repeat(strconv.Itoa(n), n%97))
				if err := new(cfchat.Attributes).UnmarshalJSON([]byte(text[:len(text)-1-n%3])); err == nil {
					t.Errorf("%s was accepted without its end", text)
				}
				var got cfchat.Attributes
				err := json.Unmarshal([]byte(text), &got)
				want := map[string]any{"n": json.Number(strconv.Itoa(n)), "text": strings.Repeat(strconv.Itoa(n), n%97)}
				if err != nil || !reflect.DeepEqual(got.Map(), want) {
					t.Errorf("%s was decoded as %v, %v", text, got, err)
				}
			}
		})
	}
	group.Wait()
}

// TestAttributesGivenTwice checks that decoding into existing attributes does not change the original of which they are a
// copy.
func TestAttributesGivenTwice(t *testing.T) {
	mine, err := cfchat.NewAttributes(map[string]any{"mine": true})
	if err != nil {
		t.Fatal(err)
	}
	decoded := mine
	if err := json.Unmarshal([]byte(`{"theirs":true}`), &decoded); err != nil {
		t.Fatal(err)
	}
	if decoded.String() != `{"theirs":true}` || mine.String() != `{"mine":true}` {
		t.Errorf("decoded %v into %v", decoded, mine)
	}
	text := []byte(`{"a":1}`)
	if err := decoded.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	if text[2] = 'b'; decoded.Has("b") {
		t.Error("the attributes share the memory of what they were decoded from")
	}
}

// TestAttributesInt checks which numbers Int returns.
func TestAttributesInt(t *testing.T) {
	for text, want := range map[string]any{
		"0.99999999999999999999": nil, "5.0000000000000000001": nil, "1e-400": nil, "1e400": nil, "1e-99999999999": nil, "9223372036854775808": nil,
		"9007199254740993.0": int64(9007199254740993), "-0": int64(0), "-0.0": int64(0), "0e999999999": int64(0), "1E3": int64(1000),
		"1e18": int64(1e18), "1.5e1": int64(15), "150e-1": int64(15), "9223372036854775807.0": int64(math.MaxInt64), "-9223372036854775808e0": int64(math.MinInt64),
		"1" + strings.Repeat("0", 999) + "e-999": int64(1), "1" + strings.Repeat("0", 1000) + "e-1000": nil,
	} {
		var a cfchat.Attributes
		if err := json.Unmarshal([]byte(`{"n":`+text+`}`), &a); err != nil {
			t.Fatal(err)
		}
		n, ok := a.Int("n")
		if ok != (want != nil) || ok && n != want || !ok && n != 0 {
			t.Errorf("%s is %d, %v, want %v", text, n, ok, want)
		}
	}
}

// TestAttributesAccess checks every method that reads attributes.
func TestAttributesAccess(t *testing.T) {
	var a cfchat.Attributes
	const text = `{"t":"x","e":"","n":-5,"f":1.5,"w":2.0,"x":3e2,"big":12345678901234567890,"max":9223372036854775807,"huge":1e999,` +
		`"yes":true,"no":false,"null":null,"list":[1],"q":"a\"b"}`
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatal(err)
	}
	type got struct {
		text   string
		isText bool
		n      int64
		isInt  bool
		f      float64
		isF    bool
		b, isB bool
		has    bool
	}
	for key, want := range map[string]got{
		"t": {text: "x", isText: true, has: true}, "e": {isText: true, has: true}, "q": {text: `a"b`, isText: true, has: true},
		"n":    {n: -5, isInt: true, f: -5, isF: true, has: true},
		"f":    {f: 1.5, isF: true, has: true},
		"w":    {n: 2, isInt: true, f: 2, isF: true, has: true},
		"x":    {n: 300, isInt: true, f: 300, isF: true, has: true},
		"big":  {f: 12345678901234567890, isF: true, has: true},
		"max":  {n: math.MaxInt64, isInt: true, f: math.MaxInt64, isF: true, has: true},
		"huge": {f: math.Inf(1), has: true},
		"yes":  {b: true, isB: true, has: true}, "no": {isB: true, has: true},
		"null": {has: true}, "list": {has: true}, "none": {},
	} {
		var g got
		g.text, g.isText = a.Text(key)
		g.n, g.isInt = a.Int(key)
		g.f, g.isF = a.Float(key)
		g.b, g.isB = a.Bool(key)
		if g.has = a.Has(key); g != want {
			t.Errorf("%s is %+v, want %+v", key, g, want)
		}
	}
	if keys := strings.Join(a.Keys(), " "); keys != "big e f huge list max n no null q t w x yes" {
		t.Errorf("the keys are %s", keys)
	}
	if a.String() != text || a.Map()["big"] != json.Number("12345678901234567890") || len(a.Map()) != 14 {
		t.Errorf("got %v", a.Map())
	}
	var none cfchat.Attributes
	if none.Has("t") || len(none.Keys()) != 0 || len(none.Map()) != 0 || none.Map() == nil || none.String() != "null" || !none.IsZero() {
		t.Errorf("none has %v", none.Map())
	}
	if _, err := cfchat.NewAttributes(map[string]any{"n": math.NaN()}); err == nil {
		t.Error("NaN was accepted")
	}
}
