package filtersql_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest/internal/filtersql"
	"github.com/cfchat/cfchat-go/internal/release"
)

// fruit is a row that these tests filter.
type fruit struct {
	id     int64
	colour string // none is NULL
	grade  *int64
	picked time.Time
	labels []string
	custom map[string]any
}

var basket = []fruit{
	{id: 1, colour: "Red", grade: new(int64(0)), labels: []string{"a", "b"}, custom: map[string]any{"origin": "Oslo",
		"weight": json.Number("1.50")}},
	{id: 2, colour: "green", grade: new(int64(1)), labels: []string{"b"}, custom: map[string]any{"origin": "Rome",
		"ripe": true, "site": "https://Example.com", "size": "Small"}},
	{id: 13, picked: time.Date(2026, 3, 2, 23, 0, 0, 0, time.UTC), custom: map[string]any{"weight": json.Number("7"),
		"day": "2026-01-02"}},
}

func tableOf(t *testing.T, version string) *filtersql.Table[fruit] {
	t.Helper()
	v, err := release.Parse(version)
	if err != nil {
		t.Fatal(err)
	}
	id := filtersql.Integers("id", func(f fruit) *int64 { return &f.id }).Allow(filtersql.EqualTo, filtersql.NotEqualTo,
		filtersql.Contains)
	id.Key, id.AsText = true, v.AtLeast("4.16.0")
	grade := filtersql.Integers("grade", func(f fruit) *int64 { return f.grade }).
		Allow(filtersql.EqualTo, filtersql.NotEqualTo, filtersql.IsPresent, filtersql.IsNotPresent)
	grade.Names, grade.AllNames = []string{"good", "bad"}, "all"
	colour := filtersql.Texts("colour", func(f fruit) *string {
		if f.colour == "" {
			return nil
		}
		return &f.colour
	}).Allow(filtersql.EqualTo, filtersql.NotEqualTo, filtersql.Contains, filtersql.DoesNotContain)
	picked := filtersql.Days("picked", func(f fruit) time.Time { return f.picked }).
		Allow(filtersql.IsGreaterThan, filtersql.IsLessThan, filtersql.DaysBefore)
	labels := filtersql.Texts("labels", func(fruit) *string { return nil }).
		Allow(filtersql.EqualTo, filtersql.NotEqualTo, filtersql.IsPresent, filtersql.IsNotPresent)
	return &filtersql.Table[fruit]{
		Version: v, Now: time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC),
		Columns: []filtersql.Column[fruit]{id, grade, colour, picked, labels},
		Labels:  func(f fruit) []string { return f.labels },
		Custom: map[string]string{"origin": "text", "weight": "number", "ripe": "checkbox", "day": "date",
			"price": "currency", "site": "link", "size": "list"},
		Attributes: func(f fruit) map[string]any { return f.custom },
	}
}

// filter runs rules such as `id equal_to [1] AND` and returns the ids of the rows that meet them, or the error.
func filter(t *testing.T, version string, lines ...string) string {
	t.Helper()
	payload := []any{}
	for _, line := range lines {
		parts := strings.SplitN(line, " ", 3)
		values, join, _ := strings.Cut(parts[2], " ")
		rule := map[string]any{"attribute_key": parts[0], "filter_operator": parts[1]}
		d := json.NewDecoder(strings.NewReader(values))
		d.UseNumber()
		var decoded any
		if err := d.Decode(&decoded); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		rule["values"] = decoded
		if join != "" {
			rule["query_operator"] = join
		}
		payload = append(payload, rule)
	}
	rules, err := filtersql.Read(payload)
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := tableOf(t, version).Compile(rules)
	if err != nil {
		return err.Error()
	}
	return met(compiled)
}

func met(f *filtersql.Filter[fruit]) string {
	ids := []int64{}
	for _, each := range basket {
		ok, err := f.Met(each)
		if err != nil {
			return err.Error()
		}
		if ok {
			ids = append(ids, each.id)
		}
	}
	return fmt.Sprint(ids)
}

const (
	noSQL  = "the filter is not valid SQL"
	noCode = "the filter makes no sense"
)

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		version string
		rules   []string
		want    string
	}{
		{"4.7.0", nil, "[1 2 13]"},
		{"4.7.0", []string{`id equal_to [1,"2",13.0]`}, "[1 2 13]"},
		{"4.7.0", []string{`id equal_to ["abc"]`}, noSQL},
		{"4.7.0", []string{`id not_equal_to [1]`}, "[2 13]"},
		{"4.7.0", []string{`id equal_to [1] OR`, `id equal_to [2] AND`, `colour equal_to ["Red"]`}, "[1]"}, // AND binds tighter
		{"4.7.0", []string{`id equal_to [1] AND`}, noSQL},
		{"4.7.0", []string{`id equal_to [1]`, `id equal_to [2]`}, noSQL},
		{"4.7.0", []string{`grade equal_to ["good"]`}, "[1]"},
		{"4.7.0", []string{`grade equal_to ["all"]`}, "[1 2]"},
		{"4.7.0", []string{`grade not_equal_to ["none"]`}, "[]"}, // NULL is neither in nor out
		{"4.7.0", []string{`grade equal_to [1]`}, noCode},
		{"4.7.0", []string{`grade is_not_present []`}, "[13]"},
		{"4.7.0", []string{`colour not_equal_to ["Red"]`}, "[2]"},
		{"4.7.0", []string{`colour contains ["rE","x"]`}, "[1 2]"},
		{"3.1.0", []string{`colour contains ["R"]`}, "[2]"}, // the value is lowered, the column is not
		{"4.7.0", []string{`colour does_not_contain ["rE"]`}, "[]"},
		{"3.7.0", []string{`colour starts_with ["Red"]`}, "[]"},
		{"3.7.0", []string{`colour starts_with "Red"`}, "[1]"},
		{"4.7.0", []string{`id contains ["1"]`}, noSQL},
		{"4.16.0", []string{`id contains ["1"]`}, "[1 13]"},
		{"4.16.0", []string{`id contains [1]`}, noCode},
		{"4.7.0", []string{`labels equal_to ["a"] AND`, `labels equal_to ["b"]`}, "[1]"},
		{"4.7.0", []string{`labels not_equal_to ["a"]`}, "[2 13]"},
		{"4.7.0", []string{`labels is_present []`}, "[1 2]"},
		{"3.1.1", []string{`labels contains ["a"]`}, noCode},
		{"3.2.0", []string{`labels contains ["a"] AND`, `id equal_to [2]`}, "[2]"}, // dropped, with its AND
		{"4.7.0", []string{`picked is_less_than ["2026-03-02"]`}, "[1 2]"},
		{"4.7.0", []string{`picked is_greater_than ["2026-03-01"]`}, "[13]"},
		{"4.7.0", []string{`picked days_before [0]`}, "[1 2 13]"},
		{"3.7.0", []string{`picked equal_to ["2026-03-02"]`}, noSQL},
		{"3.7.0", []string{`id is_less_than [5]`}, noSQL},
		{"4.7.0", []string{`origin equal_to ["OSLO","rome"]`}, "[1]"},
		{"4.7.0", []string{`origin not_equal_to ["oslo"]`}, "[2 13]"},
		{"4.7.0", []string{`id equal_to [1] AND`, `origin not_equal_to ["oslo"]`}, "[13]"}, // not restricted by the rule before it
		{"4.7.0", []string{`origin not_equal_to ["oslo"] AND`, `id equal_to [1]`}, noSQL},
		{"4.7.0", []string{`origin is_present [] AND`, `id equal_to ["1","2"]`}, "[1]"}, // the list has lost its second value
		{"4.7.0", []string{`origin is_present [] AND`, `id equal_to [1,2]`}, "[1 2]"},
		{"4.7.0", []string{`origin is_present [] AND`, `labels is_present null`}, noCode}, // read in the source (unseen)
		{"4.7.0", []string{`site equal_to ["https://example.COM"]`}, "[2]"},
		{"4.7.0", []string{`size equal_to ["SMALL"]`}, "[2]"},
		{"4.7.0", []string{`weight equal_to ["1.5"]`}, "[1]"},
		{"4.7.0", []string{`weight is_greater_than [1.5]`}, "[13]"},
		{"4.7.0", []string{`ripe equal_to ["yes"]`}, "[2]"},
		{"4.7.0", []string{`day is_less_than ["2026-01-03"]`}, "[13]"},
		{"4.7.0", []string{`price equal_to ["1"]`}, noSQL},
	} {
		if got := filter(t, c.version, c.rules...); got != c.want {
			t.Errorf("%s: %q: %s, want %s", c.version, c.rules, got, c.want)
		}
	}
}

// TestRefusals checks the errors for filters that a version refuses (contract, 5.2; contract, N4).
func TestRefusals(t *testing.T) {
	const invalid = "Invalid value. The values provided for %s are invalid"
	for _, c := range []struct{ version, rule, want string }{
		{"3.7.0", `seeds equal_to [1]`, noSQL}, // the rule is dropped, and none is left
		{"3.8.0", `seeds equal_to [1]`, "Invalid attribute key - [seeds]. The key should be one of [id,grade,colour,picked,labels] or a custom attribute defined in the account."},
		{"3.8.0", `id is_present []`, "Invalid operator. The allowed operators for id are [equal_to,not_equal_to,contains]."},
		{"3.8.0", `id equal_to []`, fmt.Sprintf(invalid, "id")},
		{"3.8.0", `id equal_to [1] XOR`, noSQL},
		{"3.16.0", `id equal_to [1] XOR`, `Query operator must be either "AND" or "OR".`},
		{"4.11.1", `picked is_greater_than ["it's"]`, noSQL},
		{"4.11.2", `picked is_greater_than ["it's"]`, fmt.Sprintf(invalid, "picked")},
		{"4.11.2", `picked days_before [3]`, noCode},
		{"4.11.2", `origin is_greater_than ["x"]`, fmt.Sprintf(invalid, "origin")},
		{"4.11.2", `ripe is_greater_than [true]`, fmt.Sprintf(invalid, "ripe")},
		{"4.11.2", `price is_less_than [1]`, fmt.Sprintf(invalid, "price")},
		{"4.11.2", `weight is_less_than ["NaN"]`, noSQL},
	} {
		if got := filter(t, c.version, c.rule); got != c.want {
			t.Errorf("%s: %s: %s, want %s", c.version, c.rule, got, c.want)
		}
	}
	for _, payload := range []any{nil, map[string]any{}, "x", []any{"x"}} {
		if _, err := filtersql.Read(payload); !errors.Is(err, filtersql.ErrCode) {
			t.Errorf("the payload %v is not refused: %v", payload, err)
		}
	}
}

// TestLimits checks the forms of dates and numbers that 4.11.2 accepts for is_greater_than and is_less_than (contract, N4).
// Before, the database accepted more.
func TestLimits(t *testing.T) {
	for values, want := range map[string]string{
		`picked is_greater_than ["2026-03-01"]`: "[13]", `picked is_greater_than ["20260301"]`: "[13]",
		`picked is_greater_than ["2026-03-01T23:59:59Z"]`:        "[13]",
		`picked is_greater_than ["2026-03-01T10:00:00.5+02:00"]`: "[13]",
		`picked is_greater_than ["2026-03-02T23:00:00-05:00"]`:   "[]", // the date counts as written
		`picked is_greater_than ["2026-03-01\t10:00"]`:           "", `picked is_greater_than ["03/01/2026"]`: "",
		`picked is_greater_than ["1\tMar\t2026"]`: "",
		`picked is_greater_than ["today"]`:        "", `picked is_greater_than [1772323200]`: "",
		`picked is_greater_than ["2026-13-01"]`: "",
		`picked is_greater_than "2026-03-01"`:   "", `picked is_greater_than [""]`: "",
		`weight is_greater_than [2]`: "[13]", `weight is_greater_than ["1.6"]`: "[13]", `weight is_greater_than ["1e3"]`: "[]",
		`weight is_greater_than ["\t2\t"]`: "[13]", `weight is_greater_than ["1,5"]`: "", `weight is_greater_than ["abc"]`: "",
	} {
		if want == "" {
			want = "Invalid value. The values provided for " + values[:6] + " are invalid"
		}
		if got := filter(t, "4.11.2", values); got != want {
			t.Errorf("%s: %s, want %s", values, got, want)
		}
	}
}

// TestDaysFollow checks that each day is after the one before, and not after itself.
func TestDaysFollow(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for range 100 {
		before := day.Format(time.DateOnly)
		day = day.AddDate(0, 0, 1)
		for value, want := range map[string]bool{before: true, day.Format(time.DateOnly): false} {
			rules, err := filtersql.Read([]any{map[string]any{"attribute_key": "picked", "filter_operator": "is_greater_than",
				"values": []any{value}}})
			if err != nil {
				t.Fatal(err)
			}
			compiled, err := tableOf(t, "4.7.0").Compile(rules)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := compiled.Met(fruit{picked: day}); err != nil || got != want {
				t.Errorf("%s is after %s: %t, %v", day.Format(time.DateOnly), value, got, err)
			}
		}
	}
}

// TestOnly checks which keys a filter can find, if its rules determine that.
func TestOnly(t *testing.T) {
	list := func(text string) any {
		var decoded any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&decoded); err != nil {
			t.Fatal(err)
		}
		return decoded
	}
	for payload, want := range map[string][]int64{
		`[{"attribute_key":"id","filter_operator":"equal_to","values":[2,7]}]`:     {2, 7},
		`[{"attribute_key":"id","filter_operator":"not_equal_to","values":[2,7]}]`: nil,
		`[]`: nil,
		`[{"attribute_key":"id","filter_operator":"equal_to","values":[2],"query_operator":"or"},{"attribute_key":"grade","filter_operator":"is_present"}]`: nil,
	} {
		rules, err := filtersql.Read(list(payload))
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := tableOf(t, "4.7.0").Compile(rules)
		if err != nil {
			t.Fatal(err)
		}
		only, known := compiled.Only()
		var got []int64
		for id := range only {
			got = append(got, id)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || known != (want != nil) {
			t.Errorf("%s: %v, %t, want %v", payload, got, known, want)
		}
	}
}

// TestUnreadable checks that a stored value that cannot be read as its attribute's type makes the filter fail at that row.
func TestUnreadable(t *testing.T) {
	table := tableOf(t, "4.7.0")
	rules, err := filtersql.Read([]any{map[string]any{"attribute_key": "weight", "filter_operator": "equal_to",
		"values": []any{json.Number("1")}}})
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := table.Compile(rules)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := compiled.Met(fruit{custom: map[string]any{"weight": "heavy"}}); !errors.Is(err, filtersql.ErrSQL) {
		t.Errorf("the value is read: %v", err)
	}
}

// TestLike matches as the database does: % matches any text, _ one character, and a backslash escapes the next character.
func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		anyCase, want bool
	}{
		{"%b%", "abc", false, true}, {"%B%", "abc", false, false}, {"%B%", "abc", true, true}, {"a_c", "abc", false, true},
		{"a_c", "ac", false, false}, {`100\%`, "100%", false, true}, {`100\%`, "1000", false, false}, {"%a%b", "aab", false, true},
		{"%", "", false, true}, {"", "", false, true}, {"", "x", false, false}, {"a", "ab", false, false},
	} {
		if got := filtersql.Like(c.pattern, c.anyCase)(c.text); got != c.want {
			t.Errorf("%q like %q: %t", c.text, c.pattern, got)
		}
	}
}
