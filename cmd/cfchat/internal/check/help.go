package check

import (
	_ "embed"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"strings"
)

//go:embed doc.go
var doc string

// Help returns the package comment as the help of the command, so that there is only one text.
func Help() string {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", doc, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return "" // it would not have compiled
	}
	text := strings.TrimPrefix(file.Doc.Text(), "Package check ")
	var p comment.Parser
	printer := comment.Printer{TextWidth: 80, TextCodePrefix: "  "}
	return strings.ToUpper(text[:1]) + strings.TrimSpace(string(printer.Text(p.Parse(text)))[1:])
}
