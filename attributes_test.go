package cfchat_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/cfchat/cfchat-go"
)

// TestAttributesKeepNothingOfOthers decodes one object after another: what is broken, large or followed by something must
// not show in the next.
func TestAttributesKeepNothingOfOthers(t *testing.T) {
	for _, before := range []string{
		`{"a":1}`, `{"a":`, `{"a":1} {"b":`, `{"a":1}}`, `[1]`, `"text"`, `null`, ` {"a":1} `, `{"a":"` + strings.Repeat("x", 100_000) + `"}`,
	} {
		for range 3 { // the decoder may be another one
			var attributes cfchat.Attributes
			_ = attributes.UnmarshalJSON([]byte(before))
			var next cfchat.Attributes
			err := next.UnmarshalJSON([]byte(`{"order":12345678901234567}`))
			want := cfchat.Attributes{"order": json.Number("12345678901234567")}
			if err != nil || !reflect.DeepEqual(next, want) {
				t.Errorf("after %.20s: %v, %v", before, next, err)
			}
		}
	}
}

// Text that is no JSON comes from callers of UnmarshalJSON only.
func TestAttributesOfWhatIsNone(t *testing.T) {
	for _, text := range []string{"", "[", "[1", "[ ", "]", "{", "[}", "[]]"} {
		var attributes cfchat.Attributes
		if err := attributes.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%q is %v", text, attributes)
		}
	}
	for _, text := range []string{"[]", "[ \n]", "{}", "{ }"} {
		var attributes cfchat.Attributes
		if err := attributes.UnmarshalJSON([]byte(text)); err != nil || attributes == nil || len(attributes) != 0 {
			t.Errorf("%q is %v, %v", text, attributes, err)
		}
	}
}

// Goroutines share the decoders that are kept, those that failed not among them.
func TestAttributesInManyGoroutines(t *testing.T) {
	var group sync.WaitGroup
	for g := range 16 {
		group.Go(func() {
			for i := range 100 {
				n := g*100 + i
				text := fmt.Sprintf(`{"n":%d,"text":%q}`, n, strings.Repeat(strconv.Itoa(n), n%97))
				if err := new(cfchat.Attributes).UnmarshalJSON([]byte(text[:len(text)-1-n%3])); err == nil {
					t.Errorf("%s without its end is none", text)
				}
				var got cfchat.Attributes
				err := json.Unmarshal([]byte(text), &got)
				want := cfchat.Attributes{"n": json.Number(strconv.Itoa(n)), "text": strings.Repeat(strconv.Itoa(n), n%97)}
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("%s is %v, %v", text, got, err)
				}
			}
		})
	}
	group.Wait()
}

// TestAttributesReplace decodes into attributes that are there: a map of the caller's must stay as it is.
func TestAttributesReplace(t *testing.T) {
	mine := cfchat.Attributes{"mine": true}
	decoded := mine
	if err := json.Unmarshal([]byte(`{"theirs":true}`), &decoded); err != nil {
		t.Fatal(err)
	}
	if want := (cfchat.Attributes{"theirs": true}); !reflect.DeepEqual(decoded, want) || len(mine) != 1 {
		t.Errorf("decoded %v into %v", decoded, mine)
	}
}
