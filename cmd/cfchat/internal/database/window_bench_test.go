package database

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// BenchmarkMessages compares the shortest time for writing windows of 500 messages with that of a bare loop over the same
// statements, prepared once per transaction.
func BenchmarkMessages(b *testing.B) {
	server := cfchattest.New(b)
	id := server.AddConversation(cfchattest.Conversation{})
	for i := range 5000 {
		server.AddMessage(id, cfchattest.Message{Content: fmt.Sprintf("Message %d, which is as long as people write them, more or less", i)})
	}
	var rows []*cfchat.Message
	for m, err := range server.Account(b).Messages.Scan(b.Context(), id, cfchat.MessageScanOptions{}, cfchat.KeepJSON()) {
		if err != nil {
			b.Fatal(err)
		}
		rows = append(rows, m)
	}
	b.Run("SQLite", func(b *testing.B) { benchmarkMessages(b, filepath.Join(b.TempDir(), "chat.db"), rows) })
	b.Run("PostgreSQL", func(b *testing.B) {
		address := os.Getenv("CFCHAT_TEST_POSTGRES")
		if address == "" {
			b.Skip("CFCHAT_TEST_POSTGRES has no address of a PostgreSQL, which .ci/run starts")
		}
		schema := fmt.Sprint("bench_", time.Now().UnixNano())
		db, err := Open(b.Context(), address, shards.Shard{Of: 1})
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		if _, err := db.pool.ExecContext(b.Context(), "create schema "+schema); err != nil {
			b.Fatal(err)
		}
		benchmarkMessages(b, address+"&search_path="+schema, rows)
		if _, err := db.pool.ExecContext(b.Context(), "drop schema "+schema+" cascade"); err != nil {
			b.Fatal(err)
		}
	})
}

func benchmarkMessages(b *testing.B, address string, rows []*cfchat.Message) {
	db, err := Open(b.Context(), address, shards.Shard{Of: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const size = 500
	bare, ours := time.Hour, time.Hour
	for b.Loop() {
		begun := time.Now()
		for part := range slices.Chunk(rows, size) {
			db.bare(b, part)
		}
		bare = min(bare, time.Since(begun))
		db.empty(b)
		begun = time.Now()
		for part := range slices.Chunk(rows, size) {
			w := db.NewWindow(1)
			for _, m := range part {
				w.Message(m)
			}
			if err := db.Commit(b.Context(), w, Position{Walk: 1}); err != nil {
				b.Fatal(err)
			}
		}
		ours = min(ours, time.Since(begun))
		db.empty(b)
	}
	b.ReportMetric(ours.Seconds()/bare.Seconds(), "times/bare")
	b.ReportMetric(float64(len(rows))/ours.Seconds(), "rows/s")
}

func (db *DB) empty(b *testing.B) {
	if _, err := db.conn.ExecContext(b.Context(), "delete from messages"); err != nil {
		b.Fatal(err)
	}
}

// bare writes messages with plain statements.
func (db *DB) bare(b *testing.B, rows []*cfchat.Message) {
	tx, err := db.conn.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	stmt, err := tx.PrepareContext(b.Context(), db.dialect.words(messages.upsert))
	if err != nil {
		b.Fatal(err)
	}
	defer stmt.Close()
	for _, m := range rows {
		args := make([]any, 0, len(messages.columns))
		for _, c := range messages.values {
			args = append(args, db.dialect.value(c.value(m)))
		}
		if _, err := stmt.ExecContext(b.Context(), append(args, 1)...); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
