// Package table makes CSV from the NDJSON rows of an export: one flat table per kind, for a spreadsheet or a data frame.
//
// A table has a header and the columns that [Columns] lists. That is less than the NDJSON, which keeps every field and every
// text as received:
//
//   - A time is RFC 3339 in UTC. An unset value is an empty cell, as is an id of 0.
//   - Attributes are one cell, JSON as received. Other lists are one cell too, joined by ", ".
//   - Text that a spreadsheet might run as a formula has an apostrophe in front: text whose first character is = + - or @,
//     in its usual form or the full-width one, even after blanks, and text that starts with a tab or a line break. This
//     includes phone numbers such as +49.... Only text is changed, never a number, a time or JSON.
//   - A line break within text stays within its cell. CSV readers may turn \r\n into \n there, as encoding/csv does.
//
// The file is UTF-8 without a byte order mark, its separator is the comma, and a line ends with \n. Tell a spreadsheet that
// expects the semicolon: it would split a text at one, and the rest may start like a formula.
package table

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Column is a column of a table.
type Column struct {
	Name  string // as in the header
	About string // a sentence
}

// Kinds returns the kinds of tables, named like the files of an export.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].name
	}
	return names
}

// Columns returns the columns of a kind in order, nil for a kind that is not in [Kinds].
func Columns(kind string) []Column {
	k := kindOf(kind)
	if k == nil {
		return nil
	}
	return k.columns()
}

// Write makes a table from NDJSON rows of a kind, and returns how many rows it wrote. It keeps one row in memory and skips
// empty lines. It stops when the context ends, or at the first invalid line, whose number is in the error; the records
// written until then are complete.
func Write(ctx context.Context, kind string, rows io.Reader, out io.Writer) (n int, err error) {
	k := kindOf(kind)
	if k == nil {
		return 0, fmt.Errorf("there is no table of %q; choose one of %s", kind, strings.Join(Kinds(), ", "))
	}
	cells := csv.NewWriter(out)
	if err := cells.Write(header(k)); err != nil {
		return 0, err
	}
	n, err = k.write(ctx, rows, cells)
	cells.Flush()
	if failed := cells.Error(); failed != nil {
		return n, failed // rather than an error that followed from it
	}
	return n, err
}

func header(k *kind) []string {
	columns := k.columns()
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// kind is the table of a kind of row.
type kind struct {
	name    string
	columns func() []Column
	write   func(ctx context.Context, rows io.Reader, out *csv.Writer) (int, error)
}

// kinds is every table, in the order of help.
var kinds = []kind{
	newKind("conversations", conversationColumns),
	newKind("messages", messageColumns),
	newKind("contacts", contactColumns),
	newKind("inboxes", inboxColumns),
	newKind("agents", agentColumns),
	newKind("agent_bots", agentBotColumns),
	newKind("teams", teamColumns),
	newKind("labels", labelColumns),
	newKind("attribute_definitions", attributeDefinitionColumns),
}

func kindOf(name string) *kind {
	for i := range kinds {
		if kinds[i].name == name {
			return &kinds[i]
		}
	}
	return nil
}

// column is a column of the table of T.
type column[T any] struct {
	name, about string
	cell        func(row *T) cell
}

func newKind[T any](name string, table []column[T]) kind {
	return kind{
		name: name,
		columns: func() []Column {
			columns := make([]Column, len(table))
			for i, c := range table {
				columns[i] = Column{c.name, c.about}
			}
			return columns
		},
		write: func(ctx context.Context, rows io.Reader, out *csv.Writer) (int, error) {
			return writeRows(ctx, table, rows, out)
		},
	}
}

func writeRows[T any](ctx context.Context, table []column[T], rows io.Reader, out *csv.Writer) (n int, err error) {
	record := make([]string, len(table))
	for line, err := range linesOf(rows) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
		row := new(T)
		if err := decode(line.text, row); err != nil {
			return n, fmt.Errorf("line %d: %w", line.number, err)
		}
		for i, c := range table {
			record[i] = string(c.cell(row))
		}
		if err := out.Write(record); err != nil {
			return n, err
		}
		n++
	}
	return n, ctx.Err()
}

// decode parses a line as a row. A row is an object; null, which encoding/json accepts as an empty one, is not.
func decode(line []byte, row any) error {
	if line[0] != '{' {
		return errors.New("this is not a JSON object; give the NDJSON of an export, one object per line")
	}
	if !json.Valid(line) {
		return errors.New("this is half a JSON object, or a broken one; export it again")
	}
	return json.Unmarshal(line, row)
}
