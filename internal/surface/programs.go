package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// program is a program in the folder examples.
type program struct{ name, comment string } // the comment on one line

// programsIn finds the programs in the folders of a directory, in the order of their names.
func programsIn(dir string) ([]program, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "main.go"))
	if err != nil {
		return nil, err
	}
	var all []program
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			return nil, err
		}
		one := program{filepath.Base(filepath.Dir(file)), strings.Join(strings.Fields(tree.Doc.Text()), " ")}
		if !strings.HasPrefix(one.comment, one.begin()) {
			return nil, fmt.Errorf("%s: its comment must begin with %q", file, one.begin())
		}
		all = append(all, one)
	}
	return all, nil
}

// begin returns the required start of a program's comment.
func (p program) begin() string { return "Command " + p.name + " " }

// examples returns a table with a row for each program, with the first sentence of its comment.
func examples(programs []program) string {
	rows := []string{"| program | what it does |", "|---|---|"}
	for _, p := range programs {
		sentence, _, _ := strings.Cut(strings.TrimPrefix(p.comment, p.begin()), ". ")
		rows = append(rows, fmt.Sprintf("| [%s](../examples/%s/main.go) | %s |", p.name, p.name, sentence))
	}
	return strings.Join(rows, "\n") + "\n"
}
