package cfchattest

import (
	"errors"
	"time"

	"github.com/cfchat/cfchat-go"
)

// view renders stored data for one reader. It makes maps instead of the types of package cfchat, because those cannot
// distinguish a null field from one that a version does not know.
type view struct {
	*state
	account *account
	owner
}

// object is a JSON object.
type object = map[string]any

func (c *caller) view() view { return view{c.state, c.account, c.owner} }

// errNoContact is the error for a conversation whose contact is gone, errBroken for one that cannot be rendered for another
// reason, errBotTeam for a team shown to a bot, which has no teams. Each turns the whole answer into a 500, even a page of
// 25 (contract, 1.7 and 4.2).
var (
	errNoContact = errors.New("the contact is gone")
	errBroken    = errors.New("it cannot be rendered")
	errBotTeam   = errors.New("a bot has no teams")
)

// conversation renders a conversation (contract, 1.7 and 4.1).
func (v view) conversation(c *conversation) (object, error) {
	meta, err := v.meta(c)
	if err != nil {
		return nil, err
	}
	out := object{
		"meta": meta, "id": c.id, "account_id": c.account.id, "inbox_id": c.source.inbox.id,
		"messages": v.messages(c), "last_non_activity_message": v.lastNonActivity(c),
		"additional_attributes": c.additional, "custom_attributes": c.custom, "labels": append([]string{}, c.labels...),
		"agent_last_seen_at": unix(c.agentSeen), "assignee_last_seen_at": unix(c.assigneeSeen),
		"contact_last_seen_at": unix(c.contactSeen),
		"can_reply":            c.canReply, "muted": v.isMuted(c), "status": c.status, "snoozed_until": isoOrNull(c.snoozed),
		"created_at": unix(c.created), "timestamp": unix(c.lastActivity), "first_reply_created_at": unix(c.firstReply),
		"unread_count": v.unreadCount(c),
	}
	for _, field := range []struct {
		since, name string
		value       any
	}{
		{"2.17.0", "last_activity_at", unix(c.lastActivity)},
		{"2.17.0", "priority", c.priority},
		{"2.18.0", "uuid", c.uuid},
		{"3.1.0", "waiting_since", unix(c.waiting)},
		{"3.7.0", "sla_policy_id", c.slaPolicy},
		{"4.0.2", "updated_at", cfchat.UnixTime{Time: c.updated}}, // the only time with a fraction
	} {
		if v.version.AtLeast(field.since) {
			out[field.name] = field.value
		}
	}
	return out, nil
}

// conversations renders rows. If one cannot be rendered, all fail.
func (v view) conversations(rows []*conversation) ([]object, error) {
	out := make([]object, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = v.conversation(row); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// meta renders the people and the team of a conversation. Assignee and team are absent, not null, if there are none or they
// are unknown.
func (v view) meta(c *conversation) (object, error) {
	switch {
	case c.source.contact.deleted:
		return nil, errNoContact
	case c.broken:
		return nil, errBroken
	}
	out := object{
		"sender":        v.contact(c.source.contact),
		"channel":       c.source.inbox.channel,
		"hmac_verified": c.source.verified,
	}
	v.assignee(c, out)
	if c.team == nil || c.account.teams[*c.team] == nil {
		return out, nil
	}
	if v.bot != nil {
		return nil, errBotTeam
	}
	out["team"] = v.team(c.account.teams[*c.team])
	return out, nil
}

// assignee adds the owner of a conversation to its meta: a person, or a bot, which assignee_type distinguishes from 4.8.0 on
// (contract, N2).
func (v view) assignee(c *conversation, meta object) {
	kind := cfchat.SenderTypeUser
	assignee := v.person(c.assignee)
	switch {
	case c.ownedBy != nil && v.version.AtLeast("4.8.0"):
		kind, meta["assignee"] = cfchat.SenderTypeAgentBot, renderedBot(c.ownedBy)
	case assignee != nil && assignee.role(c.account) != "":
		meta["assignee"] = v.agent(assignee, c.account)
	default:
		return
	}
	if v.version.AtLeast("4.8.0") {
		meta["assignee_type"] = kind
	}
}

// unix returns a time in whole seconds, 0 for never.
func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// isoOrNull returns a time as ISO text, null for none.
func isoOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return cfchat.NewISOTime(t)
}
