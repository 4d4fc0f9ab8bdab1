package cfchattest

import (
	"maps"
	"slices"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// assignAConversation changes who owns a conversation, or its team. It answers 200 whatever the result (contract, W3.2).
func (c *caller) assignAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	assignee, ofAssignee := c.params["assignee_id"]
	team, ofTeam := c.params["team_id"]
	switch {
	case c.version.AtLeast("4.8.0") && c.params["assignee_type"] == "AgentBot":
		return c.assignToBot(of, assignee), nil
	case ofAssignee:
		return c.assignToPerson(of, assignee), nil
	case ofTeam:
		return c.assignToTeam(of, team), nil
	}
	return nil, nil
}

// assignToPerson makes a person of the account the owner, or nobody if there is no such person.
func (c *caller) assignToPerson(of *conversation, value any) any {
	id, _ := cast.ID(value)
	who := c.users[id]
	if who == nil || who.role(c.account) == "" {
		c.assign(of, nil)
		return nil
	}
	c.assign(of, &who.ID)
	return c.view().agent(who, c.account)
}

// assignToBot makes a bot of the account the owner. Without one nothing happens.
func (c *caller) assignToBot(of *conversation, value any) any {
	id, _ := cast.ID(value)
	owner := c.bots[id]
	if owner == nil || owner.account != c.account.id {
		return nil
	}
	if of.ownedBy != owner {
		defer c.saving(of).done()
		of.assignee, of.ownedBy, of.updated = nil, owner, c.now()
	}
	return renderedBot(owner)
}

// assignToTeam gives the conversation to a team of the account, or to none if there is no such team.
func (c *caller) assignToTeam(of *conversation, value any) any {
	id, _ := cast.ID(value)
	next := c.account.teams[id]
	c.setTeam(of, next)
	if next == nil {
		return nil
	}
	return c.view().teamRow(next)
}

// setTeam changes the team, and with it the assignee: one who is not in the team is dropped, and a team with auto-assignment
// gets another. There is one activity message, the team's; with a person in it, it is (unseen).
func (c *caller) setTeam(of *conversation, next *team) {
	before, save := of.team, c.saving(of)
	if next == nil && before == nil || next != nil && before != nil && next.ID == *before {
		return
	}
	of.team, of.updated = nil, c.now()
	if next == nil {
		save.done()
		if last := c.account.teams[*before]; last != nil && c.name() != "" {
			c.activityMessage(of, "Unassigned from "+last.Name+" by "+c.name())
		}
		return
	}
	of.team = &next.ID
	via := ""
	if of.assignee != nil && !next.members[*of.assignee] {
		of.assignee = nil
	}
	if who := c.nextOf(next, of); who != nil && of.assignee == nil && of.ownedBy == nil {
		of.assignee, via = &who.ID, who.Name+" via "
		of.participate()
	}
	save.done()
	if c.name() != "" {
		c.activityMessage(of, "Assigned to "+via+next.Name+" by "+c.name())
	}
}

// nextOf returns the person to whom a team gives a conversation: somebody who is online, in the team and in the inbox; nil
// for none. The choice among several is (unseen): here the lowest id wins.
func (c *caller) nextOf(t *team, of *conversation) *user {
	if !deref(t.AllowAutoAssign) {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(t.members)) {
		who := c.users[id]
		if who != nil && of.source.inbox.members[id] && deref(who.AvailabilityStatus) == cfchat.AvailabilityOnline {
			return who
		}
	}
	return nil
}

// teamRow renders a team as its database row.
func (v view) teamRow(t *team) object {
	out := v.team(t)
	delete(out, "is_member")
	out["created_at"], out["updated_at"] = cfchat.NewISOTime(t.created), cfchat.NewISOTime(t.created)
	return out
}
