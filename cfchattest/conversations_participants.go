package cfchattest

import (
	"errors"
	"maps"
	"slices"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// errParticipants is the error for a value that is not a list of people, errNobody for a user that does not exist: both a
// 500 (contract, W3.6).
var (
	errParticipants = errors.New("there is no list of ids")
	errNobody       = errors.New("there is no such user")
)

// listParticipantsOfAConversation answers the participants: in no order on a server, here by id.
func (c *caller) listParticipantsOfAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	return c.people(slices.Collect(maps.Keys(of.participants)))
}

// addParticipantsToAConversation adds people and answers the new ones.
func (c *caller) addParticipantsToAConversation() (any, error) {
	of, ids, err := c.sentPeople()
	if err != nil {
		return nil, err
	}
	added, err := c.addParticipants(of, ids)
	if err != nil {
		return nil, err
	}
	return c.people(added)
}

// setParticipantsOfAConversation adds people, removes the others, and answers everybody, including those who could not be
// added.
func (c *caller) setParticipantsOfAConversation() (any, error) {
	of, ids, err := c.sentPeople()
	if err != nil {
		return nil, err
	}
	if _, err := c.addParticipants(of, ids); err != nil {
		return nil, err
	}
	maps.DeleteFunc(of.participants, func(id int64, _ bool) bool { return !slices.Contains(ids, id) })
	return c.people(ids)
}

// removeParticipantsFromAConversation removes people.
func (c *caller) removeParticipantsFromAConversation() (any, error) {
	of, ids, err := c.sentPeople()
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(of.participants, func(id int64, _ bool) bool { return slices.Contains(ids, id) })
	return nil, empty()
}

// sentPeople returns the conversation of the path and the ids that were sent.
func (c *caller) sentPeople() (of *conversation, ids []int64, err error) {
	if of, err = c.conversation(); err != nil {
		return nil, nil, err
	}
	sent, ok := c.params["user_ids"].([]any)
	if !ok {
		return nil, nil, errParticipants
	}
	for _, value := range sent {
		id, _ := cast.Integer(value)
		ids = append(ids, id)
	}
	return of, ids, nil
}

// addParticipants adds the people who can be assigned in the inbox, and returns the new ones. From 4.16.2 on the others are
// refused; before, they are dropped silently.
func (c *caller) addParticipants(of *conversation, ids []int64) ([]int64, error) {
	added := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return of.participants[id] })
	cannot := func(id int64) bool { return !c.canBeAssigned(of, id) }
	if c.version.AtLeast("4.16.2") && slices.ContainsFunc(added, cannot) {
		return nil, unprocessable("Invalid participant IDs")
	}
	for _, id := range added {
		if !cannot(id) {
			of.join(id)
		}
	}
	return added, nil
}

// canBeAssigned reports whether a user can be assigned in the inbox of a conversation.
func (c *caller) canBeAssigned(of *conversation, id int64) bool {
	if c.users[id] == nil {
		return false
	}
	role := c.users[id].role(c.account)
	return role == cfchat.RoleAdministrator || role != "" && of.source.inbox.members[id]
}

// people renders people by their ids, without a role for those who are not in the account.
func (c *caller) people(ids []int64) (any, error) {
	shown := []object{}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if c.users[id] == nil {
			return nil, errNobody
		}
		agent := c.view().agent(c.users[id], c.account)
		if c.users[id].role(c.account) == "" {
			agent["availability_status"], agent["auto_offline"], agent["role"] = nil, nil, nil
		}
		shown = append(shown, agent)
	}
	return shown, nil
}
