package cfchat_test

import (
	"encoding/json"
	"reflect"
	"strings"
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
