package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestComments checks that everything that a public package exports, generated or not, has a comment: types, functions,
// methods, constants and variables (a comment above a block counts for all of it), and the methods of an interface that has
// several. Fields need one in cfchat and auth, where they are settings and facts; elsewhere a name like Email is enough.
func TestComments(t *testing.T) {
	for _, dir := range publicDirs(t) {
		for name, file := range sources(t, dir) {
			generated := strings.HasSuffix(name, ".gen.go")
			fields := !generated && (dir == root || filepath.Base(dir) == "auth")
			for _, declaration := range file.Decls {
				for _, what := range uncommented(declaration, fields) {
					// The generator writes none for these; Chat.Raw documents them.
					if !generated || !strings.HasSuffix(what, "HTTPResponse") {
						t.Errorf("%s: %s has no comment", name, what)
					}
				}
			}
		}
	}
}

// TestTypesAreNotNamedNew checks that no type's name begins with New, as the names of functions do.
func TestTypesAreNotNamedNew(t *testing.T) {
	for _, dir := range publicDirs(t) {
		for name, file := range sources(t, dir) {
			for _, declaration := range file.Decls {
				general, ok := declaration.(*ast.GenDecl)
				if !ok {
					continue
				}
				for _, spec := range general.Specs {
					if typed, ok := spec.(*ast.TypeSpec); ok && strings.HasPrefix(typed.Name.Name, "New") {
						t.Errorf("%s: the type %s is named like a function", name, typed.Name.Name)
					}
				}
			}
		}
	}
}

// publicDirs returns the directories of this module that others can import.
func publicDirs(t *testing.T) (dirs []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil && path != root {
			return filepath.SkipDir
		}
		switch name := entry.Name(); {
		case name == "internal", name == "testdata", name == "cmd", name == "examples", name != ".." && name[0] == '.':
			return filepath.SkipDir
		}
		dirs = append(dirs, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// sources parses the Go files of a directory, except for tests.
func sources(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	return files
}

// uncommented returns the exported names in a declaration that have no comment.
func uncommented(declaration ast.Decl, fields bool) (names []string) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiverOf(d))) && d.Doc == nil {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			names = append(names, uncommentedSpec(spec, d.Doc != nil, fields)...)
		}
	}
	return names
}

func uncommentedSpec(spec ast.Spec, above, fields bool) (names []string) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			if name.IsExported() && !above && s.Doc == nil && s.Comment == nil {
				names = append(names, name.Name)
			}
		}
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return nil
		}
		if !above && s.Doc == nil && s.Comment == nil {
			names = append(names, s.Name.Name)
		}
		switch t := s.Type.(type) {
		case *ast.StructType:
			if fields {
				names = append(names, uncommentedFields(s.Name.Name, t.Fields)...)
			}
		case *ast.InterfaceType:
			if t.Methods.NumFields() > 1 {
				names = append(names, uncommentedFields(s.Name.Name, t.Methods)...)
			}
		}
	}
	return names
}

func uncommentedFields(of string, fields *ast.FieldList) (names []string) {
	for _, field := range fields.List {
		for _, name := range field.Names {
			if name.IsExported() && field.Doc == nil && field.Comment == nil {
				names = append(names, of+"."+name.Name)
			}
		}
	}
	return names
}
