// Package account finds out what a command must know about an account before reading it.
package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/cfchat/cfchat-go"
)

// Administrator is the kind of key that sees everything.
const Administrator = "an administrator"

// Seen returns whose view an account is read with, [Administrator] or, for example, "agent 12", who sees only some inboxes,
// and the time by [Clock].
func Seen(ctx context.Context, chat *cfchat.Chat, id int64) (key string, now time.Time, err error) {
	now, profile, err := clock(ctx, chat)
	if err != nil {
		return "", now, err
	}
	for _, of := range profile.Accounts {
		switch {
		case of.ID != id:
		case of.Role == cfchat.RoleAdministrator:
			return Administrator, now, nil
		default:
			return fmt.Sprintf("%s %d", of.Role, profile.ID), now, nil
		}
	}
	return "", now, fmt.Errorf("the key belongs to %s, who is not in account %d; use the key of somebody who is", profile.Name, id)
}

// Margin is how long before the start of one reading the next asks for changes: longer than the servers take from
// timestamping a change to storing it, and than their clocks differ.
const Margin = time.Minute

// Clock returns the time by the server's clock. If the answer has no Date, it is a day before the local clock, which may be
// wrong: a reading of changes since then repeats some, but misses nothing.
func Clock(ctx context.Context, chat *cfchat.Chat) (time.Time, error) {
	now, _, err := clock(ctx, chat)
	return now, err
}

func clock(ctx context.Context, chat *cfchat.Chat) (time.Time, *cfchat.Profile, error) {
	var answer cfchat.Response
	profile, err := chat.Profile(ctx, cfchat.WithResponse(&answer))
	if err != nil {
		return time.Time{}, nil, err
	}
	now, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		now = time.Now().Truncate(time.Second).AddDate(0, 0, -1)
	}
	return now.UTC(), profile, nil
}

// Newest returns the highest known id of a conversation, and the number of conversations. It skips a page that cannot be
// read because of a conversation on it.
func Newest(ctx context.Context, account *cfchat.Account) (newest, total int64, err error) {
	const pages = 5
	for page := 1; page <= pages; page++ {
		rows, err := account.Conversations.List(ctx, cfchat.ConversationListOptions{Status: cfchat.StatusAll, Page: page})
		if errors.Is(err, cfchat.ErrServer) {
			continue
		}
		if err != nil {
			return 0, 0, err
		}
		for i := range rows.Payload {
			newest = max(newest, rows.Payload[i].ID)
		}
		return newest, rows.Meta.AllCount, nil
	}
	return 0, 0, nil
}

// Patience is how often a list, or a page of contacts, is requested. Scans wait for a limit by themselves.
var Patience = cfchat.WithRetry(cfchat.Retry{MaxTries: 5, MaxWait: 2 * time.Minute})

// tries is how often a list is requested before it counts as unreadable.
const tries = 3

// Tried reads a list, or one of its rows. It returns the reason if only this cannot be read, "" if it can: because the key's
// user may not, or the server lacks it or fails at it, while it otherwise answers for the account. Any other failure is
// returned as an error.
func Tried(ctx context.Context, account *cfchat.Account, read func() error) (why string, failed error) {
	for range tries {
		err := read()
		if err == nil || !isOfList(err) {
			return "", err
		}
		beyond := cfchat.ConversationListOptions{Status: cfchat.StatusAll, Page: pageBeyond}
		if _, other := account.Conversations.List(ctx, beyond); other != nil {
			return "", err
		}
		why = err.Error()
	}
	return why, nil
}

// pageBeyond is a page after all conversations, so that none can break it.
const pageBeyond = 1 << 20

// IsGone reports whether the server itself says that something does not exist: any other message is a proxy's.
func IsGone(err error) bool {
	e, ok := errors.AsType[*cfchat.Error](err)
	return ok && e.StatusCode == http.StatusNotFound && e.Message == "Resource could not be found"
}

// isOfList reports whether a failure may be specific to a list, and not the server's.
func isOfList(err error) bool {
	return errors.Is(err, cfchat.ErrUnauthorized) || errors.Is(err, cfchat.ErrForbidden) || errors.Is(err, cfchat.ErrNotFound) ||
		errors.Is(err, cfchat.ErrServer) || errors.Is(err, cfchat.ErrDecode) || errors.Is(err, cfchat.ErrTooLarge)
}
