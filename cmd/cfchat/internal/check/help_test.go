package check

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestHelp checks that the help is the package comment, fits a terminal, and describes each field of the JSON.
func TestHelp(t *testing.T) {
	help := Help()
	if !strings.HasPrefix(help, "Takes a read-only look at a live account: ") || strings.Contains(help, "Package check") {
		t.Errorf("it begins with %.60q", help)
	}
	for line := range strings.Lines(help) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	described := describedIn(help)
	for _, name := range fields(reflect.TypeFor[report](), "") {
		if !slices.Contains(described, name) {
			t.Errorf("%s is not described; only %q", name, described)
		}
	}
}

// describedLine matches a line of the help that begins with field names, which are indented once more if they belong to the
// field above.
var describedLine = regexp.MustCompile(`(?m)^  (  )?([a-z][a-z_, ]*?)(?:\[\])?(?:  .*)?$`)

// describedIn returns the fields that the help describes, such as drift and drift.path.
func describedIn(help string) (names []string) {
	_, table, _ := strings.Cut(help, "# JSON")
	parent := ""
	for _, line := range describedLine.FindAllStringSubmatch(table, -1) {
		for name := range strings.SplitSeq(line[2], ", ") {
			if line[1] == "" {
				parent = name
			} else {
				name = parent + "." + name
			}
			names = append(names, name)
		}
	}
	return names
}

// fields returns the names in the JSON of a type. It skips the fields of new_values, which are those of drift, and of signs,
// which the help describes in one line.
func fields(of reflect.Type, parent string) (names []string) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		return fields(of.Elem(), parent)
	case reflect.Struct:
		for f := range of.Fields() {
			name := f.Tag.Get("json")
			if name == "" {
				continue
			}
			names = append(names, parent+name)
			if name != "new_values" && name != "signs" {
				names = append(names, fields(f.Type, parent+name+".")...)
			}
		}
	}
	return names
}
