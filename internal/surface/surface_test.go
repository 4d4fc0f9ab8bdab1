// Package surface_test checks that what users see keeps up with openapi.yaml: methods, examples, README and comments.
package surface_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
)

const root = "../.."

// TestOperations asks of every operation of openapi.yaml a method of Account that names it in its comment, an example of
// one of its methods, and a row in README's table for each.
func TestOperations(t *testing.T) {
	spec, err := openapi3.NewLoader().LoadFromFile(filepath.Join(root, "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	comments := accountMethods(t)
	examples := text(t, "example_test.go")
	readme := text(t, "README.md")
	for path, item := range spec.Paths.Map() {
		for verb, operation := range item.Operations() {
			id, documented := operation.OperationID, snake(operation.OperationID)
			line := verb + " " + path + ", " + id + "."
			var methods []string
			for name, comment := range comments {
				if strings.Contains(comment, line) {
					methods = append(methods, name)
				}
			}
			if len(methods) == 0 {
				t.Errorf("%s: no method of Account has the line %q in its comment", id, line)
				continue
			}
			if !slices.ContainsFunc(methods, func(name string) bool { return strings.Contains(examples, "func ExampleAccount_"+name+"(") }) {
				t.Errorf("%s: example_test.go has no example of Account's %s", id, strings.Join(methods, ", "))
			}
			if !regexp.MustCompile("(?m)^\\| `acct\\.(" + strings.Join(methods, "|") + ")\\(.*`" + documented + "`").MatchString(readme) {
				t.Errorf("%s: README has no row with `%s`", id, documented)
			}
			for _, name := range methods {
				if !strings.Contains(readme, "\n| `acct."+name+"(") {
					t.Errorf("%s: README has no row for `acct.%s`", id, name)
				}
			}
		}
	}
}

// accountMethods are the comments of Account's methods, each as one line.
func accountMethods(t *testing.T) map[string]string {
	t.Helper()
	comments := map[string]string{}
	for _, file := range sources(t, root) {
		for _, declaration := range file.Decls {
			if name, on := method(declaration); on == "Account" {
				comments[name] = strings.Join(strings.Fields(commentOf(declaration)), " ")
			}
		}
	}
	return comments
}

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// snake is the documented name of an operation: getDetails is get_details.
func snake(camel string) string {
	var b strings.Builder
	for _, r := range camel {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
