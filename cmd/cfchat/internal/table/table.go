// Package table makes CSV of the rows that an export keeps as NDJSON: one flat table a kind, for a spreadsheet or a data
// frame.
//
// A table has a header and the columns that [Columns] lists. That is less than the NDJSON has, which keeps every field as
// received and every text untouched:
//
//   - A time is RFC 3339 in UTC. What is not set is an empty cell, as is an id of 0.
//   - Attributes are one cell, JSON as received. Other lists are one cell too, joined by ", ".
//   - Text that a spreadsheet might run as a formula has an apostrophe in front: text whose first character is = + - or @,
//     in its usual form or the full-width one, even behind blanks, and text that begins with a tab or a line break. A phone
//     number such as +49... is among it. Only text is changed so, never a number, a time or JSON.
//   - A line break within text stays within its cell. What reads CSV may make \n of a \r\n there, as encoding/csv does.
//
// The file is UTF-8 without a byte order mark, its separator is the comma, and a line ends with \n. A spreadsheet that
// expects the semicolon has to be told: it would cut a text in two at one, and what follows may begin like a formula.
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
	Name  string // as the header has it
	About string // a sentence
}

// Kinds returns the kinds that there are tables of, as the files of an export are named.
func Kinds() []string {
	names := make([]string, len(kinds))
	for i := range kinds {
		names[i] = kinds[i].name
	}
	return names
}

// Columns returns the columns of a kind in their order, nil of one that is not among [Kinds].
func Columns(kind string) []Column {
	k := kindOf(kind)
	if k == nil {
		return nil
	}
	return k.columns()
}

// Write makes a table of rows, which are NDJSON of a kind, and returns how many it wrote. It keeps one row in memory, and
// leaves empty lines out. It stops at the first line that is no such row, whose number the error has, and when the context
// ends; the records that it wrote until then are whole.
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
		return n, failed // rather than what followed from it
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

// kind is a table of one kind of row.
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

// decode reads a line as a row. A row is an object: null, which encoding/json takes for an empty one, is none.
func decode(line []byte, row any) error {
	if line[0] != '{' {
		return errors.New("this is no JSON object; give the NDJSON of an export, one object a line")
	}
	if !json.Valid(line) {
		return errors.New("this is half a JSON object, or a broken one; write the line again, by a further export")
	}
	return json.Unmarshal(line, row)
}
