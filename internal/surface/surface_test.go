package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/internal/operation"
)

const root = "../.."

// TestOperations asks of every operation of openapi.yaml a method that names it in its comment, with its keys, and an
// example of one of its methods.
func TestOperations(t *testing.T) {
	methods, err := methodsIn(root)
	if err != nil {
		t.Fatal(err)
	}
	examples := text(t, "example_test.go")
	for _, op := range operation.All {
		var names []string
		for _, m := range methods {
			if m.Operation != op {
				continue
			}
			names = append(names, m.name)
			if !strings.HasSuffix(m.comment, ", "+op.ID+". "+keysOf(op)) {
				t.Errorf("the comment of %s does not end with the keys: %s", m.name, keysOf(op))
			}
		}
		if len(names) == 0 {
			t.Errorf("%s: no method has the line %q in its comment", op, op.Method+" "+op.Path+", "+op.ID+".")
		} else if !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(examples, "func ExampleAccount_"+name+"(") }) {
			t.Errorf("%s: example_test.go has no example of %s", op, strings.Join(names, ", "))
		}
	}
}

// keysOf is how a comment names the keys that the servers take.
func keysOf(op *operation.Operation) string {
	words := map[string]string{operation.UserAPIKey: "user", operation.AgentBotAPIKey: "agent bot"}
	var kinds []string
	for _, key := range op.Keys {
		if key.Since != operation.Never {
			kinds = append(kinds, words[key.Scheme])
		}
	}
	if len(kinds) == 1 {
		return "Key: " + kinds[0] + "."
	}
	return "Keys: " + strings.Join(kinds, ", else ") + "."
}

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
