package docs_test

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// limitRow matches a row of the table in limits.md: what is counted, on which servers, and how many are allowed.
var limitRow = regexp.MustCompile(`(?m)^\| (.*?), by [a-z ,]+ \| (before|from) ([0-9.]+)(?: to ([0-9.]+)| on)? \| ([0-9,]+) an? (?:minute|hour).* \|$`)

// limited has the call for each name in the table.
var limited = map[string]func(ctx context.Context, acct *cfchat.Account, id int64) error{
	"every request": func(ctx context.Context, acct *cfchat.Account, id int64) error {
		_, err := acct.Conversations.Labels(ctx, id)
		return err
	},
	"`Contacts.Search`": func(ctx context.Context, acct *cfchat.Account, _ int64) error {
		_, err := acct.Contacts.Search(ctx, "jo", cfchat.ContactListOptions{})
		return err
	},
	"`Messages.Send`": func(ctx context.Context, acct *cfchat.Account, id int64) error {
		_, err := acct.Messages.Send(ctx, id, cfchat.MessageCreate{Content: "Hi"})
		if errors.Is(err, cfchat.ErrRejected) { // how too many messages are refused
			return errors.Join(cfchat.ErrRateLimited, err)
		}
		return err
	},
	"`Conversations.Counts`": func(ctx context.Context, acct *cfchat.Account, _ int64) error {
		_, err := acct.Conversations.Counts(ctx, cfchat.ConversationListOptions{})
		return err
	},
	"`Conversations.Delete`": func(ctx context.Context, acct *cfchat.Account, id int64) error {
		return acct.Conversations.Delete(ctx, id)
	},
	"`Conversations.SendTranscript`": func(ctx context.Context, acct *cfchat.Account, id int64) error {
		return acct.Conversations.SendTranscript(ctx, id, "jo@customer.test")
	},
}

// TestLimits makes each call in the table of limits.md as often as it allows, and one more time, on the first and the last
// version that it names.
func TestLimits(t *testing.T) {
	rows := limitRow.FindAllStringSubmatch(read(t, "limits.md"), -1)
	if section, _, _ := strings.Cut(read(t, "limits.md"), "\n## "); len(rows) != strings.Count(section, "\n| ")-1 {
		t.Errorf("%d rows were recognized", len(rows))
	}
	for _, row := range rows {
		most, err := strconv.Atoi(strings.ReplaceAll(row[5], ",", ""))
		call := limited[row[1]]
		if err != nil || call == nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		versions := []string{row[3], row[4]}
		if row[2] == "before" {
			versions = []string{"2.16.0", before(t, row[3])}
		}
		for _, version := range versions {
			if version == "" {
				continue // the row names no last version
			}
			if got := taken(t, version, call, most+1); got != most {
				t.Errorf("%s %s: %d calls were accepted, but the table says %d", version, row[1], got, most)
			}
		}
	}
}

// taken makes a call until it is refused as one too many, at most the given number of times, within one minute of the
// server's clock, and returns how many were accepted.
func taken(t *testing.T, version string, call func(context.Context, *cfchat.Account, int64) error, most int) int {
	t.Helper()
	noon := cfchattest.Clock(func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) })
	srv := cfchattest.New(t, cfchattest.RateLimits, cfchattest.Version(version), noon)
	id := srv.AddConversation(cfchattest.Conversation{})
	acct := srv.Account(t, func(c *cfchat.Config) { c.Retry.MaxTries, c.ServerVersion = 1, version })
	for n := range most {
		if err := call(t.Context(), acct, id); errors.Is(err, cfchat.ErrRateLimited) {
			return n
		} else if err != nil {
			t.Fatal(version, err)
		}
	}
	return most
}
