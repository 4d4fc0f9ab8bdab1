// Package database keeps a copy of an account in SQLite or PostgreSQL.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// DB is the database that holds a copy. Only one goroutine at a time may use it.
type DB struct {
	Name string // without a password, so that it can be shown

	dialect dialect
	pool    *sql.DB
	conn    *sql.Conn // the only one; it also holds the lock, so that a program that loses the lock cannot write
	unlock  func() error
	shard   shards.Shard
}

// owned returns the SQL condition that a conversation belongs to a shard, like shards.Shard.Owns.
func owned(s shards.Shard, column string) string {
	return fmt.Sprintf("(%s - 1) / %d %% %d = %d", column, shards.BlockSize, s.Of, s.Index)
}

// dialect is the interface to what differs between the databases.
type dialect interface {
	// open connects, and creates a missing file.
	open(ctx context.Context) (*sql.DB, error)
	// migrate brings the tables to this program's version, and refuses a database that belongs to another program.
	migrate(ctx context.Context, pool *sql.DB, conn *sql.Conn) error
	// lock keeps other programs from the same shard. It returns nil if another one holds the lock.
	lock(ctx context.Context, conn *sql.Conn, shard shards.Shard) (unlock func() error, err error)
	// words returns a statement in the database's syntax.
	words(statement string) string
	// value returns a value in the form in which it is stored.
	value(v any) any
	// batches returns how many rows one statement may write, in descending order, ending with 1.
	batches() []int
	// lockContacts returns the statement that keeps others from writing contacts until the transaction ends, "" if none is
	// needed.
	lockContacts() string
}

// Open opens a database by its address: postgres://… for PostgreSQL, and otherwise the name of a file, which is created if
// it does not exist. Only one program at a time may keep a shard; 0/1 is the whole account.
func Open(ctx context.Context, address string, shard shards.Shard) (*DB, error) {
	d, name, err := dialectOf(address, shard)
	if err != nil {
		return nil, err
	}
	db := &DB{Name: name, dialect: d, shard: shard}
	if err := db.open(ctx); err != nil {
		return nil, errors.Join(db.failed(err), db.Close())
	}
	return db, nil
}

// Check rejects an address that no copy can be written to.
func Check(address string, shard shards.Shard) error {
	_, _, err := dialectOf(address, shard)
	return err
}

func dialectOf(address string, shard shards.Shard) (d dialect, name string, err error) { //nolint:ireturn // the type depends on the address
	scheme, _, hasScheme := strings.Cut(address, "://")
	switch {
	case address == "":
		return nil, "", errors.New("name the database with --to: a file such as chat.db, or postgres://…")
	case hasPassword(address):
		return nil, "", errPassword
	case scheme == "postgres" || scheme == "postgresql":
		return newPostgres(address)
	case hasScheme:
		return nil, "", fmt.Errorf("--to %s://…: give the name of a file, or postgres://…", scheme)
	case libpq.MatchString(address):
		return nil, "", errors.New("--to: write PostgreSQL's address as postgres://user@host/name")
	case address == ":memory:":
		return nil, "", errors.New("--to :memory: would be lost when the program ends; give the name of a file")
	case prefixed.MatchString(address):
		return nil, "", fmt.Errorf("--to %s: give only the name of a file, such as chat.db, or ./%[1]s if that is its name", address)
	case shard.Of > 1:
		return nil, "", errors.New("--to is a file, which only one program can keep current; for several shards use postgres://…")
	}
	return &sqlite{file: address}, address, nil
}

// Patterns of addresses that are not meant as the name of a file, though they could be one: PostgreSQL's key=value form, and
// the prefixes that other programs put before a file's name. A single letter is a drive.
var (
	libpq    = regexp.MustCompile(`(?i)(^|\s)(host|hostaddr|port|dbname|user|service)\s*=`)
	prefixed = regexp.MustCompile(`(?i)^[a-z][a-z0-9+.-]+:`)
)

// errPassword reports a password in an address, where anybody who lists the machine's processes would see it.
var errPassword = errors.New("--to has a password, which is visible to anyone who lists the processes; set PGPASSWORD to it, or write it to ~/.pgpass")

// hasPassword reports whether an address has password=, or sslpassword=, in whatever form it is written.
func hasPassword(address string) bool {
	plain, err := url.PathUnescape(address)
	if err != nil {
		plain = address
	}
	return strings.Contains(strings.ToLower(strings.Join(strings.Fields(plain), "")), "password=")
}

func (db *DB) open(ctx context.Context) (err error) {
	if db.pool, err = db.dialect.open(ctx); err != nil {
		return err
	}
	if db.conn, err = db.pool.Conn(ctx); err != nil {
		return err
	}
	if db.unlock, err = db.dialect.lock(ctx, db.conn, db.shard); err != nil {
		return err
	}
	if db.unlock == nil {
		return errors.New("another program is keeping this copy, or this shard of it; wait until it ends, or name another database")
	}
	return db.dialect.migrate(ctx, db.pool, db.conn)
}

// Close releases the database. A connection that has already ended, as PostgreSQL's does if the context ends in the middle
// of a statement, has released its lock too.
func (db *DB) Close() error {
	var failed error
	if db.unlock != nil {
		failed = ignoreDone(db.unlock())
	}
	if db.conn != nil {
		failed = errors.Join(failed, ignoreDone(db.conn.Close()))
	}
	if db.pool != nil {
		failed = errors.Join(failed, db.pool.Close())
	}
	return failed
}

// get reads one row.
func (db *DB) get(ctx context.Context, query string, args []any, into ...any) error {
	err := db.conn.QueryRowContext(ctx, db.dialect.words(query), args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return db.failed(err)
}

// Identity identifies what a copy is of.
type Identity struct {
	Server  string
	Account int64
	Key     string // whose key it was read with
}

// Belong claims a new database for an account, and refuses one that belongs to another.
func (db *DB) Belong(ctx context.Context, to Identity) error {
	const insert = `insert into cfchat_copy (only_one, server, account, "key", shards) values ($1, $2, $3, $4, $5) on conflict do nothing`
	if _, err := db.conn.ExecContext(ctx, db.dialect.words(insert), true, to.Server, to.Account, to.Key, db.shard.Of); err != nil {
		return db.failed(err)
	}
	var is Identity
	var shards int
	if err := db.get(ctx, `select server, account, "key", shards from cfchat_copy`, nil, &is.Server, &is.Account, &is.Key, &shards); err != nil {
		return err
	}
	const remedy = "use that one, or name another database"
	switch {
	case account.ServerName(is.Server) != account.ServerName(to.Server):
		return fmt.Errorf("%s: it is a copy of %s, not of %s; %s", db.Name, is.Server, to.Server, remedy)
	case is.Account != to.Account:
		return fmt.Errorf("%s: it is a copy of account %d, not of %d; %s", db.Name, is.Account, to.Account, remedy)
	case is.Key != to.Key:
		return fmt.Errorf("%s: it was made with the key of %s, and this is the key of %s; use that key, or name another database", db.Name, is.Key, to.Key)
	case shards != db.shard.Of:
		return fmt.Errorf("%s: it is kept by %d shards, not by %d; give --shard I/%[2]d, or name another database", db.Name, shards, db.shard.Of)
	}
	return nil
}

// Phase is a phase of a walk.
type Phase string

// The phases of a walk, in order.
const (
	Names         Phase = "names"
	Conversations Phase = "conversations"
	Contacts      Phase = "contacts"
	Sweep         Phase = "sweep"
	Done          Phase = "done"
)

// Position is how far a shard's copy has come.
type Position struct {
	Walk           int64 // the number written to each row that the walk finds
	Phase          Phase // "" before the first walk
	ConversationID int64 // to continue with
	MessageID      int64 // to continue after
	BegunAt        time.Time
	Since          time.Time // the time from which to fetch changes; zero until the first walk is done
	WalkedAt       time.Time // when the last finished walk began
	AskedAt        time.Time // when the last finished round began
}

// Position reads how far the copy has come.
func (db *DB) Position(ctx context.Context) (p Position, err error) {
	var begun, since, walked, asked sql.NullString
	const query = `select walk, phase, conversation_id, message_id, begun_at, since, walked_at, asked_at from cfchat_positions where shard = $1`
	err = db.get(ctx, query, []any{db.shard.Index}, &p.Walk, &p.Phase, &p.ConversationID, &p.MessageID, &begun, &since, &walked, &asked)
	if errors.Is(err, sql.ErrNoRows) {
		return Position{}, nil
	}
	if err != nil {
		return p, err
	}
	p.BegunAt, p.Since, p.WalkedAt, p.AskedAt = timeOf(begun), timeOf(since), timeOf(walked), timeOf(asked)
	return p, nil
}

// timeOf parses a time in a position.
func timeOf(text sql.NullString) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, text.String) // an empty text is the zero time
	return t
}

// Counts returns the number of rows of each kind, in all shards.
func (db *DB) Counts(ctx context.Context) (counts []Count, err error) {
	for _, t := range allTables() {
		c := Count{Table: t.name}
		if err := db.get(ctx, "select count(*) from "+t.name, nil, &c.Rows); err != nil {
			return nil, err
		}
		counts = append(counts, c)
	}
	return counts, nil
}

// Count is the number of rows in a table.
type Count struct {
	Table string
	Rows  int64
}

// Unreadable returns the number of conversations, messages, contacts and lists that could not be read.
func (db *DB) Unreadable(ctx context.Context) (n int64, err error) {
	err = db.get(ctx, "select count(*) from unreadable", nil, &n)
	return n, err
}

// Has reports whether the copy has a conversation exactly as received, and had settled when it was read with its messages.
func (db *DB) Has(ctx context.Context, id int64, data []byte) (bool, error) {
	var has string
	var settled bool
	err := db.get(ctx, "select received, settled from conversations where id = $1", []any{id}, &has, &settled)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return settled && db.dialect.value(received(data)) == has, err
}

// NewestMessage returns the highest id among a conversation's stored messages, 0 for none.
func (db *DB) NewestMessage(ctx context.Context, conversation int64) (id int64, err error) {
	const query = "select coalesce(max(id), 0) from messages where conversation_id = $1"
	err = db.get(ctx, query, []any{conversation}, &id)
	return id, err
}

// Forgotten returns the contacts that used to be in the list, and were not found by a walk.
func (db *DB) Forgotten(ctx context.Context, walk int64) (ids []int64, err error) {
	rows, err := db.conn.QueryContext(ctx, db.dialect.words("select id from contacts where listed and walk < $1 order by id"), walk)
	if err != nil {
		return nil, db.failed(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, db.failed(err)
		}
		ids = append(ids, id)
	}
	return ids, db.failed(rows.Err())
}
