package database

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Error is what a database has failed at, which may be over the next time.
type Error struct {
	Name string // of the database
	Err  error
}

func (e *Error) Error() string {
	if remedy := remedyOf(e.Err); remedy != "" {
		return fmt.Sprintf("%s: %s; %s", e.Name, textOf(e.Err), remedy)
	}
	return e.Name + ": " + textOf(e.Err)
}

// Unwrap returns what the driver says.
func (e *Error) Unwrap() error { return e.Err }

// failed names the database of a failure, once.
func (db *DB) failed(err error) error {
	if _, isNamed := errors.AsType[*Error](err); isNamed || err == nil {
		return err
	}
	return &Error{db.Name, err}
}

// textOf says what a driver says, in one line. PostgreSQL's tries several ways to connect, most of which fail for one reason.
func textOf(err error) string {
	e, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return err.Error()
	}
	reasons := slices.Collect(strings.SplitSeq(e.Unwrap().Error(), "\n"))
	slices.Sort(reasons)
	return "no connection: " + strings.Join(slices.Compact(reasons), "; ")
}

// remedyOf returns what a person can do about a failure, "" for nothing that is known.
func remedyOf(err error) string {
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		return remediesOfSQLite[e.Code()&0xff]
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return remediesOfPostgres[e.Code]
	}
	_, isOfConnection := errors.AsType[*pgconn.ConnectError](err)
	switch {
	case isOfConnection:
		return "look at the host and the port, and whether PostgreSQL runs there"
	case errors.Is(err, fs.ErrPermission):
		return "name a file in a folder that you may write to"
	case errors.Is(err, fs.ErrNotExist):
		return "make the folder first"
	}
	return ""
}

// remediesOfSQLite are by the primary codes of its results.
var remediesOfSQLite = map[int]string{
	sqlite3.SQLITE_BUSY:     "another program is writing to the file; end that one",
	sqlite3.SQLITE_LOCKED:   "another program is writing to the file; end that one",
	sqlite3.SQLITE_READONLY: "let this program write to the file and to its folder",
	sqlite3.SQLITE_IOERR:    "look whether the disk is well, and has room",
	sqlite3.SQLITE_FULL:     "make room on the disk",
	sqlite3.SQLITE_CORRUPT:  "move the file away, and the same command makes a new copy",
	sqlite3.SQLITE_NOTADB:   "name a new file, or one that this command has made",
	sqlite3.SQLITE_CANTOPEN: "let this program write to the file and to its folder",
}

// remediesOfPostgres are by its SQLSTATE.
var remediesOfPostgres = map[string]string{
	"28P01": "set PGPASSWORD to the role's password, or write it to ~/.pgpass",
	"28000": "look at the role's name, at its password in PGPASSWORD or ~/.pgpass, and at pg_hba.conf",
	"3D000": "create the database, or name another one",
	"42501": "connect as the role that made the tables, or have it grant this one what is missing",
	"42704": "leave out of the address what only PostgreSQL's own programs take",
	"53100": "make room on the server's disk",
	"53300": "let another program end its connection, or raise max_connections",
	"57P03": "wait until the server has started",
}
