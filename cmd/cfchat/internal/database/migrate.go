package database

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// migrations are the tables and views, in steps that are never changed any more.
//
//go:embed migrations
var migrations embed.FS

// migrationsTable says which steps a database has had.
const migrationsTable = "cfchat_migrations"

// isFree refuses a database that is somebody else's, which has tables or views but not of this program. The query is for what one of theirs is.
func isFree(ctx context.Context, conn *sql.Conn, query string) error {
	var what sql.NullString
	if err := conn.QueryRowContext(ctx, query).Scan(&what); err != nil {
		return err
	}
	if what.Valid {
		return fmt.Errorf("it already has a %s that cfchat did not make; name a database or a schema of its own, or a new file", what.String)
	}
	return nil
}

// migrate makes the steps that a database has not had, and refuses one that a later program has written.
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
		err = fmt.Errorf("a later version of this program has changed its tables (to their version %d, and this one knows %d); use that program", current, known)
	}
	return err
}
