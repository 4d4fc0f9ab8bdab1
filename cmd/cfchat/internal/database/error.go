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

// Error is a failure of a database, which may be gone the next time.
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

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.Err }

// failed adds the database's name to an error, once.
func (db *DB) failed(err error) error {
	if _, isNamed := errors.AsType[*Error](err); isNamed || err == nil {
		return err
	}
	return &Error{db.Name, err}
}

// textOf returns a driver's message in one line. PostgreSQL's driver tries several ways to connect, most of which fail for
// the same reason.
func textOf(err error) string {
	e, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return err.Error()
	}
	reasons := slices.Collect(strings.SplitSeq(e.Unwrap().Error(), "\n"))
	slices.Sort(reasons)
	return "no connection: " + strings.Join(slices.Compact(reasons), "; ")
}

// remedyOf returns what a person can do about a failure, "" if nothing is known.
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
		return "check the host and the port, and whether PostgreSQL runs there"
	case errors.Is(err, fs.ErrPermission):
		return "name a file in a folder that you can write to"
	case errors.Is(err, fs.ErrNotExist):
		return "create the folder first"
	}
	return ""
}

// remediesOfSQLite maps SQLite's primary result codes to remedies.
var remediesOfSQLite = map[int]string{
	sqlite3.SQLITE_BUSY:     "another program is writing to the file; stop that program",
	sqlite3.SQLITE_LOCKED:   "another program is writing to the file; stop that program",
	sqlite3.SQLITE_READONLY: "give this program write access to the file and its folder",
	sqlite3.SQLITE_IOERR:    "check that the disk is healthy and has free space",
	sqlite3.SQLITE_FULL:     "free some space on the disk",
	sqlite3.SQLITE_CORRUPT:  "move the file away; the same command then makes a new copy",
	sqlite3.SQLITE_NOTADB:   "name a new file, or one that this command has made",
	sqlite3.SQLITE_CANTOPEN: "give this program write access to the file and its folder",
}

// remediesOfPostgres maps SQLSTATE codes to remedies.
var remediesOfPostgres = map[string]string{
	"28P01": "set PGPASSWORD to the role's password, or write it to ~/.pgpass",
	"28000": "check the role's name, its password in PGPASSWORD or ~/.pgpass, and pg_hba.conf",
	"3D000": "create the database, or name another one",
	"42501": "connect as the role that made the tables, or have it grant this role the missing privileges",
	"42704": "leave out of the address the options that only PostgreSQL's own programs accept",
	"53100": "free some space on the server's disk",
	"53300": "close another connection, or raise max_connections",
	"57P03": "wait until the server has started",
}
