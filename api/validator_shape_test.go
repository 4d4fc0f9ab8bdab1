package api

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestShapes checks that the parts of a schema are merged, in ways that the spec may use one day.
func TestShapes(t *testing.T) {
	for schema, c := range map[string]struct{ fits, unfit string }{
		`{"$ref":"#/components/schemas/Named"}`:                                             {`{"a":1}`, `null`},
		`{"allOf":[{"$ref":"#/components/schemas/Named"}]}`:                                 {`{"a":1}`, `null {"a":null} {} {"a":1,"b":2}`},
		`{"nullable":true,"type":"object","allOf":[{"$ref":"#/components/schemas/Named"}]}`: {`null {"a":1}`, `{}`},
		`{"allOf":[{"$ref":"#/components/schemas/Free"}]}`:                                  {`null {} {"x":[]}`, `1`},
		`{"type":"object","allOf":[{"$ref":"#/components/schemas/Free"}]}`:                  {`{} {"x":[]}`, `null 1`},
		`{"allOf":[{"$ref":"#/components/schemas/Listed"}]}`:                                {`1 2`, `3 1.0 "1"`},
		`{"type":"object","required":["x"]}`:                                                {`{"x":null} {"x":1}`, `{}`},
		`{"type":"array","items":{"allOf":[{"$ref":"#/components/schemas/Listed"}]}}`:       {`[] [1,2]`, `[3] [null] [1,{}]`},
		`{"allOf":[{"type":"array","items":{"type":"boolean"}}]}`:                           {`[true]`, `[1]`},
		`{"type":"number"}`: {`1 1.5 -1e9`, `"1" true`},
		`{"anyOf":[{"$ref":"#/components/schemas/Listed"},{"type":"object","nullable":true,"enum":[null]}]}`: {`null 1`, `3 "1"`},
		`{"anyOf":[{"type":"object","required":["a","b"]},{"type":"object","required":["b","c"]}]}`:          {`{"b":1} {"a":1,"b":2,"c":3}`, `{} {"a":1,"c":3}`},
		`{"type":"object","properties":{"a":{"$ref":"#/components/schemas/Asked"}}}`:                         {`{} {"a":{"a":{}}}`, `{"a":1} {"a":{"a":{"b":1}}}`},
		`{"type":"integer","minimum":1,"maximum":6}`:                                                         {`1 6`, `0 7 -1`},
		`{"type":"number","minimum":0}`:                                                                      {`0 0.5`, `-0.5`},
		`{"type":"string","minLength":1,"maxLength":2}`:                                                      {`"a" "äö"`, `"" "abc"`},
		`{"nullable":true,"type":"string","minLength":1,"pattern":"^a+$"}`:                                   {`null "aa"`, `"" "b"`},
		`{"allOf":[{"type":"integer","minimum":1}]}`:                                                         {`1`, `0`},
		`{}`: {`1 null {} []`, ``},
	} {
		s := shapeOf(t, schema)
		for text := range strings.FieldsSeq(c.fits) {
			if found := findings(t, s, text); len(found) > 0 {
				t.Errorf("%s does not accept %s: %v", schema, text, found)
			}
		}
		for text := range strings.FieldsSeq(c.unfit) {
			if found := findings(t, s, text); len(found) != 1 {
				t.Errorf("%s, %s: got the findings %v, want one", schema, text, found)
			}
		}
	}
}

// TestLimits checks that a finding names the limit that a value exceeds and on which side, for each kind of limit in a
// schema.
func TestLimits(t *testing.T) {
	for schema, c := range map[string]struct{ text, expected, found string }{
		`{"type":"integer","minimum":1}`:       {`0`, "1 or more", "less"},
		`{"type":"integer","maximum":6}`:       {`7`, "6 or less", "more"},
		`{"type":"string","minLength":2}`:      {`"a"`, "2 or more characters", "a shorter text"},
		`{"type":"string","maxLength":2}`:      {`"abc"`, "2 or fewer characters", "a longer text"},
		`{"type":"string","pattern":"^a+$"}`:   {`"b"`, "a text like ^a+$", "another text"},
		`{"type":"string","enum":["a","b"]}`:   {`"c"`, "one of 2 in the spec", "another string"},
		`{"type":"integer","enum":[1,2,null]}`: {`3`, "one of 2 in the spec", "another integer"},
	} {
		want := []Finding{{Kind: KindValue, Expected: c.expected, Found: c.found}}
		if got := findings(t, shapeOf(t, schema), c.text); !slices.Equal(got, want) {
			t.Errorf("%s, %s: %v, want %v", schema, c.text, got, want)
		}
	}
}

// shapeOf returns the shape of a schema that may refer to three others.
func shapeOf(t *testing.T, schema string) *shape {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(`{"openapi":"3.0.3","info":{"title":"","version":""},"paths":{},"components":{"schemas":{
		"Named":{"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}},
		"Free":{"type":"object","nullable":true,"additionalProperties":true},
		"Listed":{"type":"integer","enum":[1,2]},
		"Asked":` + schema + `}}}`))
	if err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
	return shapes{}.of(document.Components.Schemas["Asked"])
}

func findings(t *testing.T, s *shape, text string) (found []Finding) {
	t.Helper()
	body := kept{data: []byte(text), whole: true}
	body.check(s, "", func(f Finding) { found = append(found, f) })
	return found
}

func TestFind(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/accounts/1/conversations":        "conversationList",
		"/below/api/v1/accounts/1/conversations/": "conversationList",
		"/api/v1/accounts/1/conversations/meta":   "conversationListMeta",
		"/api/v1/accounts/1/conversations/a%2Fb":  "getDetailsOfAConversation",
		"/api/v1/accounts/1/conversations/7/none": "",
		"/": "",
	} {
		if got := spec().find(httptest.NewRequest(http.MethodGet, path, nil)); got.id != want || (got.described == nil) != (want == "") {
			t.Errorf("%s is taken for the operation %q, want %q", path, got.id, want)
		}
	}
	got := spec().find(httptest.NewRequest(http.MethodGet, "/api/v1/accounts/1/conversations/a%2Fb", nil))
	if got.parameters["account_id"] != "1" || got.parameters["conversation_id"] != "a/b" {
		t.Errorf("the parameters are %v", got.parameters)
	}
}
