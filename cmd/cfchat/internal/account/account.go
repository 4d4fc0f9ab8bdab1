// Package account finds out what a command has to know of an account before it reads it.
package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cfchat/cfchat-go"
)

// Key returns whose eyes an account is read with: "administrator", or "agent 12", who sees only some inboxes.
func Key(ctx context.Context, chat *cfchat.Chat, id int64) (string, error) {
	profile, err := chat.Profile(ctx)
	if err != nil {
		return "", err
	}
	for _, of := range profile.Accounts {
		switch {
		case of.ID != id:
		case of.Role == cfchat.RoleAdministrator:
			return string(of.Role), nil
		default:
			return fmt.Sprintf("%s %d", of.Role, profile.ID), nil
		}
	}
	return "", fmt.Errorf("the key is of %s, who is not in account %d; take the key of somebody who is", profile.Name, id)
}

// Clock returns the server's version, "" where it does not tell, and the time by its clock, or else by the local one.
func Clock(ctx context.Context, chat *cfchat.Chat) (version string, now time.Time) {
	info, err := chat.ServerInfo(ctx)
	if err != nil {
		return "", time.Now().UTC().Truncate(time.Second)
	}
	now, err = time.ParseInLocation(time.DateTime, info.GetTimestamp(), time.UTC)
	if err != nil {
		now = time.Now().UTC().Truncate(time.Second)
	}
	return info.Version, now
}

// IsClosed reports whether it is only a list that cannot be read: because it is not for the key's user, or the server lacks it or
// fails at it, while it answers other requests.
func IsClosed(ctx context.Context, chat *cfchat.Chat, err error) bool {
	for _, kind := range []error{cfchat.ErrUnauthorized, cfchat.ErrForbidden, cfchat.ErrNotFound, cfchat.ErrServer} {
		if errors.Is(err, kind) {
			_, err := chat.Profile(ctx)
			return err == nil
		}
	}
	return false
}
