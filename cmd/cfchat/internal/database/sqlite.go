package database

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// sqlite is an SQLite database in a file.
type sqlite struct {
	file string
	path string // the resolved name, by which it is locked however it was named
}

// open creates a file that nobody else may read. Readers and the writer do not wait for each other, and a power failure may
// lose the last transactions, each together with the position that it had reached.
func (s *sqlite) open(context.Context) (*sql.DB, error) {
	path, err := filepath.Abs(s.file)
	if err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	if s.path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, err
	}
	options := url.Values{
		"_pragma": {"busy_timeout(10000)", "synchronous(NORMAL)", "foreign_keys(0)"}, "_txlock": {"immediate"},
	}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(s.path), RawQuery: options.Encode()}).String())
}

// migrate changes nothing in a file that belongs to another program.
func (s *sqlite) migrate(ctx context.Context, pool *sql.DB, conn *sql.Conn) error {
	const foreign = "select min(type || ' ' || name) from sqlite_master where type in ('table', 'view') " +
		"and not exists (select 1 from sqlite_master where name = '" + migrationsTable + "')"
	if err := isFree(ctx, conn, foreign); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "pragma journal_mode = WAL"); err != nil {
		return err
	}
	return migrate(ctx, goose.DialectSQLite3, pool, "sqlite")
}

func (s *sqlite) lock(context.Context, *sql.Conn, shards.Shard) (func() error, error) {
	lock := flock.New(s.path+".lock", flock.SetPermissions(0o600))
	if locked, err := lock.TryLock(); err != nil || !locked {
		return nil, err
	}
	return lock.Close, nil
}

// words writes numbered parameters in SQLite's syntax.
func (s *sqlite) words(statement string) string { return strings.ReplaceAll(statement, "$", "?") }

// value writes a time in a form that SQLite's date functions read.
func (s *sqlite) value(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.999999999Z")
	case document:
		return string(v)
	}
	return v
}

func (s *sqlite) batches() []int { return []int{1} } // longer statements take longer to prepare, and save nothing

func (s *sqlite) lockContacts() string { return "" } // there is only one writer
