package mirror_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// postgresVariable holds the address of a PostgreSQL in which tests may create schemas; .ci/run starts one.
const postgresVariable = "CFCHAT_TEST_POSTGRES"

var schemas atomic.Int64

// inPostgres returns the address of a new schema, and skips the test if there is no PostgreSQL.
func inPostgres(t *testing.T) string {
	t.Helper()
	address := os.Getenv(postgresVariable)
	if address == "" {
		t.Skip(postgresVariable + " has no address of a PostgreSQL, which .ci/run starts")
	}
	schema := fmt.Sprintf("test_%d_%d", os.Getpid(), schemas.Add(1))
	exec(t, address, "create schema "+schema)
	t.Cleanup(func() { exec(t, address, "drop schema "+schema+" cascade") })
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := parsed.Query()
	query.Set("search_path", schema)
	parsed.RawQuery = query.Encode()
	return parsed.String()
}

// inEach runs a test with a new database of each kind.
func inEach(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "chat.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, inPostgres(t)) })
}

// inUTC returns an expression for a time column as text such as 2026-01-31T12:00:00Z.
func inUTC(address, column string) string {
	if strings.HasPrefix(address, "postgres") {
		return "to_char(" + column + ` at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`
	}
	return column
}

// connect connects as a reader of the copy would.
func connect(t *testing.T, address string) *sql.DB {
	t.Helper()
	driver := "sqlite"
	if strings.HasPrefix(address, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func exec(t *testing.T, address, statement string) {
	t.Helper()
	db := connect(t, address)
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(statement, err)
	}
}

// query returns the rows of a query, each as a single string.
func query(t *testing.T, address, text string) (rows []string) {
	t.Helper()
	db := connect(t, address)
	defer db.Close()
	result, err := db.Query(text)
	if err != nil {
		t.Fatal(text, err)
	}
	defer result.Close()
	columns, err := result.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for result.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := result.Scan(into...); err != nil {
			t.Fatal(err)
		}
		cells := make([]string, len(values))
		for i, v := range values {
			if data, isBytes := v.([]byte); isBytes {
				v = string(data)
			}
			cells[i] = fmt.Sprint(v)
		}
		rows = append(rows, strings.Join(cells, "|"))
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}
