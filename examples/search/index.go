package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// definition is the index of folded texts. Its tokens are three characters each, regardless of word boundaries, because many
// scripts do not mark those.
const definition = "CREATE VIRTUAL TABLE texts USING fts5(folded, tokenize = 'trigram case_sensitive 1')"

// least is the number of characters in a token.
const least = 3

// register adds a function to SQLite that folds texts.
var register = sync.OnceValue(func() error {
	return sqlite.RegisterDeterministicScalarFunction("folded", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		content, _ := args[0].(string)
		return string(newText(content).folded), nil
	})
})

// index finds messages in a copy. Its connection can only read the copy, and has a file of its own next to it.
type index struct {
	pool *sql.DB
	conn *sql.Conn
}

// open opens the index of a copy, and creates it if there is none.
func open(ctx context.Context, file string) (*index, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s. To copy your account to it:\n\n    bin/cfchat sync --to %[1]s\n\n"+
			"or, to try it, that of a stand-in:\n\n    bin/cfchat sync --stand-in --to %[1]s", file)
	}
	if err := register(); err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", address(path, "mode=ro&_pragma=busy_timeout(10000)&_txlock=immediate"))
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	i := &index{pool, conn}
	if err := i.isCopy(ctx); err != nil {
		i.close()
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := i.attach(ctx, path+".search"); err != nil {
		i.close()
		return nil, fmt.Errorf("%s.search: %w", file, err)
	}
	return i, nil
}

// address returns the URI with which SQLite opens a file.
func address(path, options string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: options}).String()
}

// isCopy returns an error if the file is not a copy.
func (i *index) isCopy(ctx context.Context) error {
	var tables int
	const known = "select count(*) from sqlite_master where name in ('cfchat_copy', 'messages')"
	if err := i.conn.QueryRowContext(ctx, known).Scan(&tables); err != nil {
		return err
	}
	if tables < 2 {
		return errors.New("not a copy made by cfchat sync")
	}
	return nil
}

// attach attaches the file of the index, which nobody else may read, as own.
func (i *index) attach(ctx context.Context, path string) error {
	made, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := made.Close(); err != nil {
		return err
	}
	if _, err := i.conn.ExecContext(ctx, "attach ? as own", address(path, "mode=rw")); err != nil {
		return err
	}
	var tables int
	var texts string
	const known = "select count(*), coalesce(max(sql) filter (where name = 'texts'), '') from own.sqlite_master"
	if err := i.conn.QueryRowContext(ctx, known).Scan(&tables, &texts); err != nil {
		return err
	}
	switch {
	case texts == definition:
		return nil
	case tables > 0:
		return errors.New("not an index, or that of another version of this program, which you can delete")
	}
	_, err = i.conn.ExecContext(ctx, strings.Replace(definition, "texts", "IF NOT EXISTS own.texts", 1))
	return err
}

func (i *index) close() {
	_ = i.conn.Close()
	_ = i.pool.Close()
}

// searched selects the messages to index. A deleted message still exists, with a sentence of the server as its content.
const searched = `select id, folded(content) as folded from messages
where content <> '' and message_type <> 'activity' and content_attributes ->> 'deleted' is not 1`

// refresh removes outdated texts from the index, and adds missing ones. The copy has no column that shows changes, so the
// texts are compared.
func (i *index) refresh(ctx context.Context) error {
	tx, err := i.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after Commit
	for _, step := range []string{
		"delete from own.texts where rowid in (select texts.rowid from own.texts left join (" + searched + ") as now on now.id = texts.rowid " +
			"where now.folded is not texts.folded)",
		"insert into own.texts (rowid, folded) select id, folded from (" + searched + ") as now " +
			"where not exists (select 1 from own.texts where texts.rowid = now.id)",
	} {
		if _, err := tx.ExecContext(ctx, step); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// message is a found message, with names that are safe for a terminal.
type message struct {
	conversation               int64
	at, sender, contact, inbox string
	content                    text
}

// find returns the messages that have all of the words, newest first. The index preselects them.
func (i *index) find(ctx context.Context, words []text) iter.Seq2[*message, error] {
	return func(yield func(*message, error) bool) {
		query := `select m.conversation_id, coalesce(strftime('%Y-%m-%d %H:%M UTC', m.created_at), 'some day'), coalesce(nullif(m.sender_name, ''), m.message_type),
coalesce(m.private, 0), coalesce(nullif(contacts.name, ''), 'nobody'), coalesce(nullif(inboxes.name, ''), 'no inbox'), m.content
from own.texts join messages as m on m.id = texts.rowid
left join conversations on conversations.id = m.conversation_id
left join contacts on contacts.id = conversations.contact_id
left join inboxes on inboxes.id = m.inbox_id `
		var args []any
		if match := match(words); match != "" {
			query += "where texts match ? "
			args = append(args, match)
		}
		rows, err := i.conn.QueryContext(ctx, query+"order by texts.rowid desc", args...)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			found, err := scanned(rows)
			if err != nil {
				yield(nil, err)
				return
			}
			if found.content.hasAll(words) && !yield(found, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// scanned returns the message in a row.
func scanned(rows *sql.Rows) (*message, error) {
	var m message
	var content string
	var private bool
	if err := rows.Scan(&m.conversation, &m.at, &m.sender, &private, &m.contact, &m.inbox, &content); err != nil {
		return nil, err
	}
	m.sender, m.contact, m.inbox = printable(m.sender), printable(m.contact), printable(m.inbox)
	if private {
		m.sender += " (note)"
	}
	m.content = newText(content)
	return &m, nil
}

// match returns the query for the index: the words that are long enough for tokens, in quotes, where operators have no
// meaning. It is empty if there are none.
func match(words []text) string {
	var known []string
	for _, word := range words {
		if len(word.folded) >= least {
			known = append(known, `"`+strings.ReplaceAll(string(word.folded), `"`, `""`)+`"`)
		}
	}
	return strings.Join(known, " AND ")
}
