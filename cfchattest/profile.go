package cfchattest

import (
	"maps"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// fetchProfile answers the owner of the key, with every account that the person is in, suspended ones too (contract, W4.7).
// Nobody is active here, so that the last active account is the first one, as recorded.
func (c *caller) fetchProfile() (any, error) {
	u := c.user
	out := object{
		"access_token": c.key, "account_id": nil, "available_name": u.AvailableName, "avatar_url": u.Thumbnail, "confirmed": u.Confirmed,
		"display_name": nil, "message_signature": nil, "email": u.Email, "id": u.ID, "inviter_id": nil, "name": u.Name, "provider": "email",
		"pubsub_token": "pubsub-" + newUUID(u.ID), "role": nil, "ui_settings": object{}, "uid": u.Email, "type": nil,
	}
	if len(u.CustomAttributes.Keys()) > 0 {
		out["custom_attributes"] = u.CustomAttributes
	}
	accounts := []object{}
	for _, id := range slices.Sorted(maps.Keys(u.roles)) {
		if len(accounts) == 0 {
			out["account_id"], out["role"] = id, u.roles[id]
		}
		accounts = append(accounts, c.accountOf(u, c.accounts[id]))
	}
	out["accounts"] = accounts
	return out, nil
}

// accountOf renders an account as in a person's profile, without the fields of the enterprise edition.
func (s *state) accountOf(u *user, a *account) object {
	out := object{
		"id": a.id, "name": a.name, "status": cfchat.AccountStatusActive, "active_at": nil, "role": u.role(a),
		"availability": cfchat.AvailabilityOnline, "availability_status": u.AvailabilityStatus, "auto_offline": u.AutoOffline,
	}
	if a.suspended {
		out["status"] = cfchat.AccountStatusSuspended
	}
	if s.version.AtLeast("3.11.0") {
		out["permissions"] = []cfchat.Role{u.role(a)}
	}
	if s.version.AtLeast("4.14.0") {
		out["onboarding_step"] = nil
	}
	if s.version.AtLeast("4.16.0") {
		out["api_and_webhooks"] = true
	}
	return out
}
