package cfchat_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// answerOf returns the type of an operation's answer.
func answerOf(t testing.TB, id string) reflect.Type {
	t.Helper()
	client := reflect.TypeFor[*cfchat.ClientWithResponses]()
	for method := range client.Methods() {
		if strings.EqualFold(method.Name, id+"WithResponse") {
			field, _ := method.Type.Out(0).Elem().FieldByName("JSON200")
			return field.Type.Elem()
		}
	}
	t.Fatalf("Raw has no %s", id)
	return nil
}

// decodeBoth decodes a text with generated code and with encoding/json, and reports whether the generated code decoded it. If
// so, both results must be the same.
func decodeBoth(t testing.TB, kind reflect.Type, text []byte) (done bool) {
	t.Helper()
	got, want := reflect.New(kind).Interface(), reflect.New(kind).Interface()
	given := bytes.Clone(text)
	done, _ = cfchat.DecodeGenerated(given, got)
	if !done {
		return false
	}
	clear(given) // the result must not refer to it
	if err := json.Unmarshal(text, want); err != nil {
		t.Errorf("%s: encoding/json refuses %.300s: %v", kind, text, err)
	} else if !slices.Equal(takeSecrets(reflect.ValueOf(got)), takeSecrets(reflect.ValueOf(want))) || !reflect.DeepEqual(got, want) {
		t.Errorf("%s of %.300s:\n%+v, encoding/json\n%+v", kind, text, got, want)
	}
	return true
}

// takeSecrets removes the secrets, which reflect.DeepEqual cannot compare, from a value and returns them.
func takeSecrets(v reflect.Value) (texts []string) {
	secret, is := reflect.TypeAssert[auth.Secret](v)
	switch {
	case is:
		v.SetZero()
		return []string{secret.Reveal()}
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			texts = takeSecrets(v.Elem())
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			texts = append(texts, takeSecrets(v.Index(i))...)
		}
	case v.Kind() == reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() {
				texts = append(texts, takeSecrets(field)...)
			}
		}
	}
	return texts
}

// TestGeneratedDecode checks that generated code decodes every recorded answer, with the same result as encoding/json.
func TestGeneratedDecode(t *testing.T) {
	t.Parallel()
	for _, r := range recordings.All(t, ".") {
		kind := answerOf(t, r.ID)
		if _, exists := cfchat.DecodeGenerated(nil, reflect.New(kind).Interface()); !exists || r.Response.Status != http.StatusOK {
			continue
		}
		if !decodeBoth(t, kind, []byte(r.Response.Body)) {
			t.Errorf("%s: generated code left it to encoding/json", r.File)
		}
	}
}

// generated returns all types with generated code that occur in recorded answers.
func generated(t testing.TB) map[reflect.Type]bool {
	t.Helper()
	all := map[reflect.Type]bool{}
	var add func(kind reflect.Type)
	add = func(kind reflect.Type) {
		for kind.Kind() == reflect.Pointer || kind.Kind() == reflect.Slice {
			kind = kind.Elem()
		}
		if _, exists := cfchat.DecodeGenerated(nil, reflect.New(kind).Interface()); !exists || all[kind] {
			return
		}
		all[kind] = true
		if kind.Kind() == reflect.Struct {
			for field := range kind.Fields() {
				add(field.Type)
			}
		}
	}
	for _, r := range recordings.All(t, ".") {
		add(answerOf(t, r.ID))
	}
	return all
}

// TestGeneratedDecodeOfEveryField decodes valid and invalid values for every field.
func TestGeneratedDecodeOfEveryField(t *testing.T) {
	t.Parallel()
	values := []string{
		`null`, `true`, `false`, `0`, `-0`, `1`, `-1`, `1795386404.504927`, `1.50`, `-0.25`, `1e2`, `1E-400`, `1e400`, `9223372036854775807`,
		`9223372036854775808`, `""`, `"x"`, `"a\"\\\/\b\f\n\r\tz"`, `"\u00e9\u00E9\ud83d\ude00\u2028"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83dx"`, `"é😀"`,
		"\"\xff\"", "\"\x01\"", `"2026-11-22T22:26:44.495Z"`, `"2026-11-22T22:26:44+02:00"`, `"\u0032026-11-22T22:26:44.495Z"`, `"yesterday"`,
		`{}`, ` { } `, `{"a":1,"a":2,"A":3}`, `{"id":1}`, `{"id":1,"bot_type":"webhook"}`, `{"id":"x"}`, `{"name":null,"NAME":"x"}`, `[]`, "[\t]", `[null]`, `[1]`,
		`["a","b"]`, `[{}]`, `[{"id":1},null,{"id":2}]`, `[[{"id":1}]]`, ``, `x`, `nul`, `truee`, `01`, `1.`, `.5`, `-`, `+1`, `1e`, `"`, `"\x"`, `"\u12"`, `{`, `[1,]`,
		`{"a":1,}`, `{"a"}`, `{a:1}`, `[1 2]`, strings.Repeat("[", 200) + strings.Repeat("]", 200),
	}
	types := generated(t)
	if len(types) < 40 {
		t.Fatalf("got only %d types, want at least 40", len(types))
	}
	for kind := range types {
		for _, value := range values {
			decodeBoth(t, kind, []byte(value))
			decodeBoth(t, kind, []byte(value+" x"))
			for _, name := range namesOf(kind) {
				field := `"` + name + `":` + value
				decodeBoth(t, kind, []byte(`{`+field+`}`))
				decodeBoth(t, kind, []byte(" {\n"+strings.ToUpper(field[:len(name)+2])+" :\t"+value+", \"new\"\r: "+value+" } "))
				for _, before := range []string{value, `{"id":1}`, `[{"id":1}]`} { // encoding/json merges the value with this one
					decodeBoth(t, kind, []byte(`{"`+name+`":`+before+`,`+field+`}`))
				}
			}
		}
	}
}

// TestGeneratedDecodeOfAName checks that names match in any case, as they do in encoding/json.
func TestGeneratedDecodeOfAName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"account_id", "Account_ID", "ACCOUNT_ID", "accountid", "account-id", `account\u005fid`, "label\u017f", "\u212aind", ""} {
		text := []byte(`{"id":1,"` + name + `":7}`)
		if done := decodeBoth(t, reflect.TypeFor[cfchat.Conversation](), text); done != !strings.ContainsAny(name, "\\\u017f\u212a") {
			t.Errorf("%s: decoded by generated code: %t", text, done)
		}
	}
}

// TestGeneratedDecodeOfDepth checks that nested values are decoded to the same depth as by encoding/json.
func TestGeneratedDecodeOfDepth(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{50, 200, 9_000, 11_000} {
		list := strings.Repeat("[", depth) + strings.Repeat("]", depth)
		decodeBoth(t, reflect.TypeFor[cfchat.Conversation](), []byte(`{"custom_attributes":{"a":`+list+`}}`))
	}
}

// namesOf returns the names that the fields of a type have in JSON.
func namesOf(kind reflect.Type) (names []string) {
	if kind.Kind() != reflect.Struct {
		return nil
	}
	for field := range kind.Fields() {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// TestGeneratedDecodeOfDamage decodes recorded answers with random damage, some of which leaves valid answers.
func TestGeneratedDecodeOfDamage(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	all := recordings.All(t, ".")
	for range part(20_000) {
		r := all[random.IntN(len(all))]
		kind, text := answerOf(t, r.ID), []byte(r.Response.Body)
		if r.Response.Status != http.StatusOK || len(text) == 0 || len(text) > 20_000 {
			continue
		}
		decodeBoth(t, kind, damaged(random, text))
	}
}

// damaged returns a copy of a text, changed in a few places.
func damaged(random *rand.Rand, text []byte) []byte {
	text = bytes.Clone(text)
	for range 1 + random.IntN(3) {
		at := random.IntN(len(text) + 1)
		end := min(len(text), at+random.IntN(3))
		pieces := []string{
			"", " ", "\n", `"`, `\`, `,`, `:`, `{`, `}`, `[`, `]`, `null`, `0`, `-`, `.5`, `e3`, `"id":1,`, `\u0041`, `\ud800`, "\xc3", "\x00", "I", "true",
		}
		text = bytes.Join([][]byte{text[:at], []byte(pieces[random.IntN(len(pieces))]), text[end:]}, nil)
	}
	return text
}

// FuzzGeneratedDecode looks for a text that generated code decodes differently from encoding/json.
func FuzzGeneratedDecode(f *testing.F) {
	var kinds []reflect.Type
	for _, r := range recordings.All(f, ".") {
		if r.Response.Status == http.StatusOK && len(r.Response.Body) < 5_000 {
			kinds = append(kinds, answerOf(f, r.ID))
			f.Add(len(kinds)-1, []byte(r.Response.Body))
		}
	}
	f.Fuzz(func(t *testing.T, which int, text []byte) {
		decodeBoth(t, kinds[uint(which)%uint(len(kinds))], text)
	})
}

// TestAnswersShareNoMemory checks that decoded values share no memory with the text, or with each other, that a caller could
// change.
func TestAnswersShareNoMemory(t *testing.T) {
	t.Parallel()
	text := []byte(`{"payload":[{"id":1,"labels":["a long label"],"custom_attributes":{"plan":"a"}},{"id":2,"labels":["a long label"],"custom_attributes":{"plan":"a"}}]}`)
	var page cfchat.ConversationPage
	if done, _ := cfchat.DecodeGenerated(text, &page); !done {
		t.Fatal("generated code left it to encoding/json")
	}
	clear(text)
	first, second := page.Payload[0], page.Payload[1]
	first.Labels[0] = "another"
	first.CustomAttributes.JSON()[2] = 'X'
	if second.Labels[0] != "a long label" || second.CustomAttributes.String() != `{"plan":"a"}` || first.CustomAttributes.String() != `{"plan":"a"}` {
		t.Errorf("%q, %s, %s", second.Labels, first.CustomAttributes, second.CustomAttributes)
	}
}
