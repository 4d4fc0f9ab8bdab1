package mirror_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/mirror"
)

// TestDatabaseFails checks that a run ends with the database's error, and does not retry it like a failure of the server.
func TestDatabaseFails(t *testing.T) {
	address := filepath.Join(t.TempDir(), "chat.db")
	synctest.Test(t, func(t *testing.T) {
		server := old(t, 40, time.Now)
		mirrored(t, server, address, never)
		exec(t, address, "create trigger full before insert on conversations when new.id = 20 begin select raise(abort, 'it is full'); end")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		options := mirror.Options{Every: time.Minute, Repair: always, Failed: func(error) { cancel() }}
		if _, err := run(ctx, t, server, address, options); err == nil || !strings.Contains(err.Error(), "it is full") {
			t.Error(err)
		}
	})
}
