package main

import (
	"go/ast"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/internal/operation"
)

const root = "../.."

// TestOperations checks that every operation of openapi.yaml has a method whose comment names it and its keys, and an
// example of such a method.
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
			names = append(names, m.receiver()+"_"+m.name)
			if !strings.HasSuffix(m.comment, ", "+op.ID+". "+keysOf(op)) {
				t.Errorf("the comment of %s does not end with the keys: %s", m.name, keysOf(op))
			}
		}
		if len(names) == 0 {
			t.Errorf("%s: no method has the line %q in its comment", op, op.Method+" "+op.Path+", "+op.ID+".")
		} else if !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(examples, "func Example"+name+"(") }) {
			t.Errorf("%s: example_test.go has no example of %s", op, strings.Join(names, ", "))
		}
	}
}

// keysOf returns the words with which a comment names the keys that servers accept.
func keysOf(op *operation.Operation) string {
	words := map[string]string{operation.UserAPIKey: "user", operation.AgentBotAPIKey: "agent bot"}
	var kinds []string
	for _, key := range op.Keys {
		if key.Since != operation.Never {
			kinds = append(kinds, words[key.Scheme])
		}
	}
	if len(kinds) == 0 {
		return "No key."
	}
	if len(kinds) == 1 {
		return "Key: " + kinds[0] + "."
	}
	return "Keys: " + strings.Join(kinds, ", else ") + "."
}

// receiver returns the name of the type that the method belongs to.
func (m method) receiver() string {
	if m.service == chatTag {
		return chatTag
	}
	return m.service + "Service"
}

// TestServices checks that every tag of openapi.yaml but Chat has a service named after it: one type, in the file named
// after it, with the methods of its operations there or in files whose names begin the same way, and one field of Account.
// It also checks that every service has a tag.
func TestServices(t *testing.T) {
	spec, err := api.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	tags := map[string]string{} // by operationId
	for _, item := range spec.Paths.Map() {
		for _, op := range item.Operations() {
			if len(op.Tags) != 1 || spec.Tags.Get(op.Tags[0]) == nil {
				t.Errorf("%s: its tags are %v, want one that is described", op.OperationID, op.Tags)
				continue
			}
			tags[op.OperationID] = op.Tags[0]
		}
	}
	methods, err := methodsIn(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range methods {
		tag := tags[m.ID]
		if tag == chatTag && m.service == tag {
			continue
		}
		if begin := strings.TrimSuffix(fileOf(tag), ".go"); m.service != tag || m.file != fileOf(tag) && !strings.HasPrefix(m.file, begin+"_") {
			t.Errorf("%s: %s is a method of %sService in %s, want %sService in %s", m.ID, m.name, m.service, m.file, tag, fileOf(tag))
		}
	}
	services := servicesIn(t)
	account := reflect.TypeFor[cfchat.Account]()
	for _, tag := range spec.Tags {
		if tag.Name == chatTag {
			continue
		}
		field, ok := account.FieldByName(tag.Name)
		if services[tag.Name+"Service"] != fileOf(tag.Name) || !ok || field.Type.Name() != tag.Name+"Service" || field.Type.Kind() != reflect.Struct {
			t.Errorf("%s: there is no type %sService in %s, or no such field of Account", tag.Name, tag.Name, fileOf(tag.Name))
		}
		delete(services, tag.Name+"Service")
	}
	if len(services) > 0 {
		t.Errorf("no tag of openapi.yaml has the services %v", services)
	}
}

// fileOf returns the file name of a tag: its words in lower case, joined by _.
func fileOf(tag string) string {
	return strings.TrimPrefix(regexp.MustCompile("[A-Z]").ReplaceAllStringFunc(tag, func(c string) string { return "_" + strings.ToLower(c) }), "_") + ".go"
}

// servicesIn returns the files that declare the types of services, by type.
func servicesIn(t *testing.T) map[string]string {
	t.Helper()
	services := map[string]string{}
	for name, file := range sources(t, root) {
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && strings.HasSuffix(spec.Name.Name, "Service") {
				services[spec.Name.Name] = filepath.Base(name)
			}
			return true
		})
	}
	return services
}

func text(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
