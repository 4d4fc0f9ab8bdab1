package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"
)

// write makes a baseline from the current packages.
func write(public []*types.Package, dir string) error {
	for _, pkg := range public {
		code, err := declarations(pkg)
		if err != nil {
			return fmt.Errorf("%s: %w", pkg.Path(), err)
		}
		if err := os.WriteFile(fileOf(dir, pkg), code, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// read type-checks a baseline as a separate package with the imports of the current package.
func read(file string, now *types.Package, public []*types.Package) (*types.Package, error) {
	fset := token.NewFileSet()
	code, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	known := importer{}
	known.add(public)
	config := types.Config{Importer: known, IgnoreFuncBodies: true}
	return config.Check(now.Path(), fset, []*ast.File{code}, nil)
}

// importer finds packages by path among the loaded ones.
type importer map[string]*types.Package

func (i importer) add(all []*types.Package) {
	for _, pkg := range all {
		if i[pkg.Path()] == nil {
			i[pkg.Path()] = pkg
			i.add(pkg.Imports())
		}
	}
}

// Import implements [types.Importer].
func (i importer) Import(path string) (*types.Package, error) {
	if i[path] == nil {
		return nil, fmt.Errorf("nothing public imports %s any more", path)
	}
	return i[path], nil
}

// declarations returns the exported declarations of a package as Go code without function bodies, sorted by name.
func declarations(pkg *types.Package) ([]byte, error) {
	w := &writer{pkg: pkg}
	for _, name := range pkg.Scope().Names() {
		if object := pkg.Scope().Lookup(name); object.Exported() {
			w.declare(object)
		}
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "// What the package exports, written by make accept.\n\npackage %s\nimport (\n", pkg.Name())
	slices.Sort(w.imports)
	for _, path := range slices.Compact(w.imports) {
		fmt.Fprintf(&head, "%q\n", path)
	}
	fmt.Fprintln(&head, ")")
	return format.Source(append(head.Bytes(), w.Bytes()...))
}

type writer struct {
	bytes.Buffer
	pkg     *types.Package
	imports []string
}

// qualify returns the name of another package, and records the import.
func (w *writer) qualify(other *types.Package) string {
	if other == w.pkg {
		return ""
	}
	w.imports = append(w.imports, other.Path())
	return other.Name()
}

func (w *writer) text(t types.Type) string { return types.TypeString(t, w.qualify) }

func (w *writer) declare(object types.Object) {
	switch o := object.(type) {
	case *types.Const:
		typed := w.text(o.Type())
		if strings.HasPrefix(typed, "untyped ") {
			typed = ""
		}
		fmt.Fprintf(w, "const %s %s = %s\n", o.Name(), typed, o.Val().ExactString())
	case *types.TypeName:
		w.declareType(o)
	default:
		fmt.Fprintln(w, types.ObjectString(o, w.qualify))
	}
}

func (w *writer) declareType(name *types.TypeName) {
	named, ok := name.Type().(*types.Named)
	if !ok || name.IsAlias() {
		fmt.Fprintln(w, types.ObjectString(name, w.qualify))
		return
	}
	fmt.Fprintf(w, "\ntype %s%s ", name.Name(), w.typeParameters(named))
	switch t := named.Underlying().(type) {
	case *types.Struct:
		w.fields(t)
	case *types.Interface:
		w.interfaceMethods(t)
	default:
		fmt.Fprintln(w, w.text(t))
	}
	for m := range named.Methods() {
		if m.Exported() {
			fmt.Fprintf(w, "func (%s) %s", w.text(m.Signature().Recv().Type()), m.Name())
			types.WriteSignature(&w.Buffer, m.Signature(), w.qualify)
			fmt.Fprintln(w)
		}
	}
}

// typeParameters returns the type parameters of a generic type, "" for any other.
func (w *writer) typeParameters(named *types.Named) string {
	var all []string
	for p := range named.TypeParams().TypeParams() {
		all = append(all, p.Obj().Name()+" "+w.text(p.Constraint()))
	}
	if len(all) == 0 {
		return ""
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// fields writes the exported fields, and one that replaces all others, which is not comparable if the struct is not.
func (w *writer) fields(t *types.Struct) {
	fmt.Fprintln(w, "struct {")
	hidden := false
	for i := range t.NumFields() {
		f := t.Field(i)
		switch {
		case f.Embedded() && f.Exported():
			fmt.Fprintln(w, w.text(f.Type()))
		case f.Exported():
			fmt.Fprint(w, f.Name(), " ", w.text(f.Type()))
			if tag := t.Tag(i); tag != "" {
				fmt.Fprintf(w, " `%s`", tag)
			}
			fmt.Fprintln(w)
		default:
			hidden = true
		}
	}
	switch {
	case hidden && types.Comparable(t):
		fmt.Fprintln(w, "_ struct{}")
	case hidden:
		fmt.Fprintln(w, "_ [0]func()")
	}
	fmt.Fprintln(w, "}")
}

func (w *writer) interfaceMethods(t *types.Interface) {
	fmt.Fprintln(w, "interface {")
	for embedded := range t.EmbeddedTypes() {
		fmt.Fprintln(w, w.text(embedded))
	}
	for m := range t.ExplicitMethods() {
		if !m.Exported() { // nobody else can implement it, so its signature does not matter
			fmt.Fprintln(w, m.Name()+"()")
			continue
		}
		fmt.Fprint(w, m.Name())
		types.WriteSignature(&w.Buffer, m.Signature(), w.qualify)
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "}")
}
