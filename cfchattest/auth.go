package cfchattest

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// caller is the caller of an operation, with the account and the parameters of the request.
type caller struct {
	*state
	account *account // nil for an operation without one
	owner
	key      string            // of the owner
	base     string            // the address that the request was sent to
	ids      map[string]string // in the path
	params   params
	complain func(string) // of a mistake in the test
	between  func()       // serves other requests in between, nil if no test asks for it
}

// authenticate does the checks that precede every operation, in the server's order (contract, 1.0).
func (s *Server) authenticate(r *http.Request, to route) (*caller, error) {
	if to.IsPublic() {
		return &caller{state: s.state}, nil
	}
	key := s.keyOf(r.Header)
	if key == "" {
		return nil, refuse(http.StatusUnauthorized,
			map[string]any{"errors": []string{"You need to sign in or sign up before continuing."}})
	}
	who, ok := s.state.keys[key]
	if !ok {
		return nil, unauthorized("Invalid Access Token")
	}
	if who.bot != nil && !to.letsBotsIn(s.state.version) {
		return nil, unauthorized("Access to this endpoint is not authorized for bots")
	}
	c := &caller{
		state: s.state, owner: who, key: key, base: baseOf(r), ids: to.ids, complain: s.complain, between: s.betweenOf(r.Context()),
	}
	if _, of := to.ids["account_id"]; !of { // it is of no account
		return c, nil
	}
	id, _ := cast.ID(to.ids["account_id"])
	c.account = s.state.accounts[id]
	if c.account == nil {
		return nil, notFound()
	}
	return c, s.state.enter(c.account, who)
}

// keyOf returns the key. A proxy turns - into _ and letters into capitals, so all spellings name the same header; a blank
// value counts as none (contract, 1.0).
func (s *Server) keyOf(header http.Header) string {
	for _, name := range slices.Sorted(maps.Keys(header)) { // the same one each time, if there are several
		if s.dropUnderscores && strings.Contains(name, "_") {
			continue
		}
		if !strings.EqualFold(strings.ReplaceAll(name, "-", "_"), "api_access_token") {
			continue
		}
		for _, value := range header[name] {
			if key := strings.TrimSpace(value); key != "" {
				return key
			}
		}
	}
	return ""
}

// errDoubleRender is the error of servers before 3.1.0 that answer twice: because the account is suspended, and because the
// caller is a stranger (contract, 3 and 4.2).
var errDoubleRender = errors.New("answered twice")

// enter checks that the account is active and that the owner of the key belongs to it.
func (s *state) enter(a *account, who owner) error {
	stranger := s.stranger(a, who)
	switch {
	case a.suspended && stranger != nil && !s.version.AtLeast("3.1.0"):
		return errDoubleRender
	case a.suspended:
		return unauthorized("Account is suspended")
	}
	return stranger
}

// stranger returns the refusal for an owner who does not belong to the account, nil for one who does (contract, 3 and 4.2).
func (s *state) stranger(a *account, who owner) error {
	switch {
	case who.user != nil && who.user.role(a) != "", who.bot != nil && who.bot.enters(s, a):
		return nil
	case who.bot != nil && s.version.AtLeast("3.6.0"):
		return unauthorized("Bot is not authorized to access this account")
	}
	return unauthorized("You are not authorized to access this account")
}

// mayOpen checks that the caller may see a conversation. From 4.8.0 on members of its team may too, although no list shows
// it to them (contract, N3).
func (c *caller) mayOpen(of *conversation) error {
	if of.team != nil && c.user != nil && c.version.AtLeast("4.8.0") {
		if team := c.account.teams[*of.team]; team != nil && team.members[c.user.ID] {
			return nil
		}
	}
	return c.mayShow(of.source.inbox)
}

// mayShow checks that the caller may see an inbox: a bot sees every inbox, an administrator those of the account, an agent
// those that they are a member of (contract, 1.0).
func (c *caller) mayShow(in *inbox) error {
	ours := c.account.inboxes[in.id] == in // a source id is looked up across all accounts
	if c.bot != nil || ours && (c.user.role(c.account) == cfchat.RoleAdministrator || in.members[c.user.ID]) {
		return nil
	}
	return unauthorized("You are not authorized to do this action")
}
