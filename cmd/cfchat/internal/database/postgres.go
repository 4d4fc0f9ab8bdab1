package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// postgres is a PostgreSQL database; the tables are in the first schema of its search_path.
type postgres struct{ config *pgx.ConnConfig }

// newPostgres parses an address.
func newPostgres(address string) (*postgres, string, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, "", errors.New("--to: it is not an address such as postgres://user@host:5432/database")
	}
	if _, has := parsed.User.Password(); has {
		return nil, "", errPassword
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, "", fmt.Errorf("--to: %w", err)
	}
	return &postgres{config}, address, nil
}

func (p *postgres) open(ctx context.Context) (*sql.DB, error) {
	pool := stdlib.OpenDB(*p.config)
	return pool, pool.PingContext(ctx)
}

// hasSchema refuses a search_path without a schema that the role may use, and a new copy in a schema where it may not create
// tables.
func (p *postgres) hasSchema(ctx context.Context, conn *sql.Conn) error {
	const query = `select current_user, current_setting('search_path'), coalesce(quote_ident(current_schema()), ''),
		coalesce(has_schema_privilege(current_schema(), 'create'), false) or to_regclass(quote_ident(current_schema()) || '.` + migrationsTable + `') is not null`
	var role, path, schema string
	var mayCreate bool
	switch err := conn.QueryRowContext(ctx, query).Scan(&role, &path, &schema, &mayCreate); {
	case err != nil:
		return err
	case schema == "":
		return fmt.Errorf("the role %s cannot use any schema in its search_path, %s; create the schema, grant usage and create on it to the role, "+
			"or name another with ?options=-csearch_path%%3DNAME", role, path)
	case !mayCreate:
		return fmt.Errorf("the role %s cannot create tables in the schema %s; grant create on schema %[2]s to it, or name another schema "+
			"with ?options=-csearch_path%%3DNAME", role, schema)
	}
	return nil
}

// migrate makes the programs of several shards take turns, including for the check whose schema it is.
func (p *postgres) migrate(ctx context.Context, pool *sql.DB, conn *sql.Conn) (err error) {
	turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // once a second, for five minutes
	if err != nil {
		return err
	}
	if err := turns.SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, turns.SessionUnlock(context.WithoutCancel(ctx), conn)) }()
	if err := isFree(ctx, conn, foreignTables); err != nil {
		return err
	}
	return migrate(ctx, goose.DialectPostgres, pool, "postgres")
}

// foreignTables selects a table or view in the schema that this program did not create. Those of extensions do not count.
const foreignTables = `select min(case when relkind in ('v', 'm') then 'view ' else 'table ' end || relname) from pg_class where relkind in ('r', 'p', 'v', 'm', 'f')
	and relnamespace = current_schema()::regnamespace
	and not exists (select 1 from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')
	and not exists (select 1 from pg_class as own where own.relname = '` + migrationsTable + `' and own.relnamespace = pg_class.relnamespace)`

// lockPatience is how long to wait for a lock: a killed program may still hold it until the server notices.
const lockPatience = 3 * time.Second

func (p *postgres) lock(ctx context.Context, conn *sql.Conn, shard shards.Shard) (func() error, error) {
	if err := p.hasSchema(ctx, conn); err != nil {
		return nil, err
	}
	const query = "select pg_try_advisory_lock(hashtext('cfchat ' || current_schema()), $1)"
	for begun := time.Now(); ; {
		var locked bool
		err := conn.QueryRowContext(ctx, query, shard.Index).Scan(&locked)
		switch {
		case err != nil:
			return nil, err
		case locked:
			return func() error { return unlock(ctx, conn) }, nil
		case time.Since(begun) > lockPatience:
			return nil, nil
		}
		select {
		case <-time.After(lockPatience / 20):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// unlock releases the lock, so that the next program can start immediately. A connection that is gone no longer holds it.
func unlock(ctx context.Context, conn *sql.Conn) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockPatience)
	defer cancel()
	_, err := conn.ExecContext(ctx, "select pg_advisory_unlock_all()")
	if errors.Is(err, driver.ErrBadConn) {
		return nil
	}
	return err
}

func (p *postgres) words(statement string) string { return statement }

// The range of years that PostgreSQL's times cover.
const (
	firstYear = -4000
	lastYear  = 294000
)

// value removes NUL, which PostgreSQL does not accept in texts; a chat server whose own database is PostgreSQL does not
// accept it either. In JSON PostgreSQL accepts the escape, but then no operator can read the document.
func (p *postgres) value(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(strings.ToValidUTF8(v, "\uFFFD"), "\x00", "")
	case time.Time:
		if v.Year() < firstYear || v.Year() > lastYear {
			return nil // received has it
		}
	case document:
		return readable(strings.ToValidUTF8(string(v), "\uFFFD"))
	}
	return v
}

// escapes matches the escapes of JSON: a pair of surrogates, any other number including half a pair, and single characters,
// such as the backslash itself.
var escapes = regexp.MustCompile(`\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)`)

// readable returns JSON without the escapes that PostgreSQL cannot read.
func readable(document string) string {
	if !strings.Contains(document, `\u`) {
		return document
	}
	return escapes.ReplaceAllStringFunc(document, func(escape string) string {
		switch {
		case escape == `\u0000`:
			return ""
		case len(escape) == len(`\ud800`) && strings.Contains("dD", escape[2:3]) && strings.Contains("89abcdefABCDEF", escape[3:4]):
			return `\ufffd`
		}
		return escape
	})
}

func (p *postgres) batches() []int { return []int{50, 10, 1} } // fewer round trips to a distant server

func (p *postgres) lockContacts() string { return "lock table contacts in exclusive mode" }
