package database

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrations holds the steps that create the tables and views. A released step never changes.
//
//go:embed migrations
var migrations embed.FS

// migrationsTable is the table that lists the steps a database has had.
const migrationsTable = "cfchat_migrations"

// isFree refuses a database that belongs to another program: one that has tables or views, but none of this program's. The
// query returns the kind and name of one of theirs.
func isFree(ctx context.Context, conn *sql.Conn, query string) error {
	var what sql.NullString
	if err := conn.QueryRowContext(ctx, query).Scan(&what); err != nil {
		return err
	}
	if what.Valid {
		return fmt.Errorf("it already has a %s that cfchat did not create; name a separate database or schema, or a new file", what.String)
	}
	return nil
}

// migrate applies the steps that a database has not had, and refuses a database that a later version of this program has
// written.
func migrate(ctx context.Context, dialect goose.Dialect, pool *sql.DB, folder string) error {
	steps, err := fs.Sub(migrations, "migrations/"+folder)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(dialect, pool, steps, goose.WithTableName(migrationsTable), goose.WithDisableGlobalRegistry(true),
		goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("making the tables: %w", err)
	}
	current, known, err := provider.GetVersions(ctx)
	if err == nil && current > known {
		err = fmt.Errorf("a later version of this program has changed the tables (to schema version %d; this program knows %d); use that version", current, known)
	}
	return err
}
