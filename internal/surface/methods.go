package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// chatTag is the tag of the operations that belong to no account; they are methods of Chat.
const chatTag = "Chat"

// method is a method of a service that calls an operation.
type method struct {
	*operation.Operation

	service string // the field of Account, such as Conversations; or Chat
	name    string
	call    string // acct.Conversations.Get(ctx, id)
	comment string // on one line
	file    string
}

// methodsIn finds the methods in the Go files of a directory, in the order of the operations and of the files. A comment
// names the operation of its method on a separate line: verb, path and operationId.
func methodsIn(dir string) ([]method, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []method
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasSuffix(file, ".gen.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, declaration := range tree.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Doc == nil {
				continue
			}
			comment := strings.Join(strings.Fields(f.Doc.Text()), " ")
			if op := operationIn(comment); op != nil {
				service := strings.TrimSuffix(receiverOf(f), "Service")
				all = append(all, method{op, service, f.Name.Name, callOf(service, f), comment, filepath.Base(file)})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b method) int {
		return slices.Index(operation.All, a.Operation) - slices.Index(operation.All, b.Operation)
	})
	return all, nil
}

// operationIn returns the operation that a comment names, nil if it names none.
func operationIn(comment string) *operation.Operation {
	for _, op := range operation.All {
		if strings.Contains(comment, " "+op.Method+" "+op.Path+", "+op.ID+".") {
			return op
		}
	}
	return nil
}

// receiverOf returns the name of a method's receiver type, "" for a function.
func receiverOf(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	receiver := f.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	if named, ok := receiver.(*ast.Ident); ok {
		return named.Name
	}
	return ""
}

// callOf returns a call as Go code, without the options that every method accepts last.
func callOf(service string, f *ast.FuncDecl) string {
	var names []string
	for _, field := range f.Type.Params.List {
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			continue
		}
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
	}
	receiver := "acct." + service
	if service == chatTag {
		receiver = "chat"
	}
	return receiver + "." + f.Name.Name + "(" + strings.Join(names, ", ") + ")"
}

// does returns the first sentence of a method's comment, which states what it does.
func (m method) does() string {
	sentence, _, _ := strings.Cut(m.comment, ". ")
	return strings.TrimPrefix(sentence, m.name+" ")
}
