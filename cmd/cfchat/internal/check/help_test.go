package check

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestHelp is the package comment, fits a terminal, and describes each field of the JSON.
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
	_, described, _ := strings.Cut(help, "# JSON")
	for _, name := range fields(reflect.TypeFor[report]()) {
		if !strings.Contains(described, "  "+name) && !strings.Contains(described, " "+name+" ") && !strings.Contains(described, name+",") {
			t.Errorf("%s is not described", name)
		}
	}
}

// fields returns the names that the JSON of a type has, at any depth.
func fields(of reflect.Type) (names []string) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice:
		return fields(of.Elem())
	case reflect.Struct:
		for f := range of.Fields() {
			if name := f.Tag.Get("json"); name != "" {
				names = append(append(names, name), fields(f.Type)...)
			}
		}
	}
	return names
}
