package cfchattest

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// filterFunc reports whether a list includes a conversation.
type filterFunc func(*conversation) bool

// listFilters returns the filters for the parameters that are present.
func (c *caller) listFilters() ([]filterFunc, error) {
	filters := []filterFunc{c.byInbox()}
	if kind, _ := c.params["conversation_type"].(string); kind != "" {
		filters = c.byType(filters, kind)
	}
	if c.params["team_id"] != nil {
		byTeam, err := c.byTeam()
		if err != nil {
			return nil, err
		}
		filters = append(filters, byTeam)
	}
	if q := c.params["q"]; q != nil {
		filters = append(filters, byText(q)) // which drops the status
	} else {
		byStatus, err := c.byStatus()
		if err != nil {
			return nil, err
		}
		filters = append(filters, byStatus)
	}
	if c.params["labels"] != nil {
		filters = append(filters, byLabels(parseLabels(c.params["labels"])))
	}
	if id := c.params["source_id"]; id != nil && c.version.AtLeast("2.17.0") {
		filters = append(filters, func(each *conversation) bool { return each.source.sourceID == id })
	}
	return filters, nil
}

// seen keeps the conversations of inboxes that the caller may see: all of them for an administrator, else those that the
// caller is a member of.
func (c *caller) seen() filterFunc {
	if c.user.role(c.account) == cfchat.RoleAdministrator {
		return func(*conversation) bool { return true }
	}
	return func(each *conversation) bool { return each.source.inbox.members[c.user.ID] }
}

// byInbox keeps the inboxes that the caller sees, or the named ones among them; an unknown inbox matches nothing and is not
// an error (contract, 1.2).
func (c *caller) byInbox() filterFunc {
	sees := c.seen()
	if c.params["inbox_id"] == nil {
		return sees
	}
	named := map[int64]bool{}
	for _, value := range c.params.list("inbox_id") {
		if id, ok := cast.ID(value); ok {
			named[id] = true
		}
	}
	return func(each *conversation) bool { return named[each.source.inbox.id] && sees(each) }
}

// byType narrows to unanswered conversations or to those that mention the caller. The type for those that the caller
// participates in replaces the filters before it: inboxes no longer count (contract, 1.2).
func (c *caller) byType(filters []filterFunc, kind string) []filterFunc {
	switch cfchat.ConversationType(kind) {
	case cfchat.ConversationTypeUnattended:
		return append(filters, func(each *conversation) bool {
			return each.firstReply.IsZero() || c.version.AtLeast("3.1.0") && !each.waiting.IsZero()
		})
	case cfchat.ConversationTypeMention:
		return append(filters, func(each *conversation) bool { return each.mentions(c.user) })
	case cfchat.ConversationTypeParticipating:
		return []filterFunc{func(each *conversation) bool { return each.participants[c.user.ID] }}
	}
	return filters
}

// byTeam keeps a team's conversations. A team that does not exist is a 404 (contract, 1.2).
func (c *caller) byTeam() (filterFunc, error) {
	named := map[int64]bool{}
	for _, value := range c.params.list("team_id") {
		id, ok := cast.ID(value)
		if !ok || c.account.teams[id] == nil {
			return nil, notFound()
		}
		named[id] = true
	}
	return func(each *conversation) bool { return each.team != nil && named[*each.team] }, nil
}

// errListStatus is the error for a status that 2.16.0 passes to the database unchanged.
var errListStatus = errors.New("the status is no integer")

// byStatus keeps statuses, given by name or number; "all" keeps every status, and the default is open. An unknown status
// matches nothing from 2.17.0 on; before that it is a 500 (contract, 1.2 and 4.2).
func (c *caller) byStatus() (filterFunc, error) {
	var named []cfchat.Status
	switch c.params["status"] {
	case nil:
		named = append(named, cfchat.StatusOpen)
	case "all":
		return func(*conversation) bool { return true }, nil
	}
	for _, value := range c.params.list("status") {
		n, ok := c.listedStatus(value)
		if !ok && value != nil && !c.version.AtLeast("2.17.0") {
			return nil, errListStatus
		}
		if ok && n >= 0 && n < int64(len(statuses)) {
			named = append(named, statuses[n])
		}
	}
	return func(each *conversation) bool { return slices.Contains(named, each.status) }, nil
}

// listedStatus reads a status to list: its name, or its number as text. Before 2.17.0 the database, which is strict, reads
// anything else.
func (c *caller) listedStatus(value any) (int64, bool) {
	text, isText := value.(string)
	if n := statusNumber(text); isText && n >= 0 {
		return n, true
	}
	if isText && !c.version.AtLeast("2.17.0") {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
		return n, err == nil
	}
	if isText && !cast.StartsWithNumber(text) {
		return 0, false
	}
	return cast.Integer(value)
}

// byAssignee narrows to an assignee_type. An unknown one keeps everything (contract, 1.2).
func (f *found) byAssignee() []*conversation {
	switch kind, _ := f.params["assignee_type"].(string); cfchat.AssigneeType(kind) {
	case cfchat.AssigneeTypeMe:
		return kept(f.conversations, f.mine)
	case cfchat.AssigneeTypeUnassigned:
		return kept(f.conversations, unassigned)
	case cfchat.AssigneeTypeAssigned:
		return kept(f.conversations, assigned)
	}
	return f.conversations
}

func (c *caller) mine(each *conversation) bool {
	return each.assignee != nil && *each.assignee == c.user.ID
}

func unassigned(each *conversation) bool { return each.assignee == nil }

func assigned(each *conversation) bool { return each.assignee != nil }

// recently keeps conversations that changed within updated_within seconds, which from 3.6.0 on replaces pages. It returns
// nil without that parameter (contract, 4.2 and 6.7).
func (c *caller) recently() (filterFunc, error) {
	within := c.params["updated_within"]
	if !c.version.AtLeast("3.6.0") || cast.Blank(within) {
		return nil, nil
	}
	seconds, ok := cast.Integer(within)
	if _, isText := within.(string); !ok && !isText {
		return nil, errPage
	}
	now := c.clock()
	return func(each *conversation) bool { return now.Sub(each.updated).Seconds() < float64(seconds) }, nil
}

func keptByAll(filters []filterFunc, each *conversation) bool {
	for _, keep := range filters {
		if !keep(each) {
			return false
		}
	}
	return true
}

// kept returns the rows that a filter keeps.
func kept(rows []*conversation, keep filterFunc) []*conversation {
	var out []*conversation
	for _, each := range rows {
		if keep(each) {
			out = append(out, each)
		}
	}
	return out
}
