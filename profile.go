package cfchat

import (
	"context"
	"errors"

	"github.com/cfchat/cfchat-go/internal/operation"
)

var profileCall = newCall(operation.FetchProfile, checkProfile)

// Profile gets the owner of the user's key and the accounts that it serves. It has the ids for [Chat.Account]: each of
// Accounts has its ID, and the person's Role in it. Suspended accounts are included, marked by their Status, and refuse
// every call. AccountID and Role of the Profile itself are those of the last active account, nil if there is none.
//
// From 4.16.0 on an account has APIAndWebhooks, which is false if it allows no keys: its calls fail with ErrForbidden. A bot
// has no profile: with its key alone the call fails with auth.ErrNoKey, and nothing is sent. The servers send back the key,
// and other secrets; a Profile omits them, but the Body of [WithResponse] includes them.
//
// GET /api/v1/profile, fetchProfile. Key: user.
func (c *Chat) Profile(ctx context.Context, opts ...CallOption) (*Profile, error) {
	return profileCall.run(ctx, c.itself(), refusal{}, opts, newFetchProfileRequest)
}

// checkProfile wants what no list of people has.
func checkProfile(p *Profile, _ []byte) error {
	if p.ID <= 0 || p.Accounts == nil {
		return errors.New("there is no person with an id and accounts")
	}
	return eachRow("accounts", p.Accounts, func(a *ProfileAccount) error {
		if a.ID <= 0 || a.Role == "" {
			return errors.New("there is no account with an id and a role")
		}
		return nil
	})
}
