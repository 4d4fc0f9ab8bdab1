package cfchattest

import (
	"slices"
	"strings"
)

// The roles of the keys that every server has.
const (
	roleAdministrator = "administrator"
	roleAgent         = "agent"
	roleBot           = "bot"
	roleStrayBot      = "stray_bot"
)

// AccountID returns the id of the account that the Add methods add to and that the keys belong to: 1, or that of a snapshot.
func (s *Server) AccountID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.home().id
}

// home returns the account that the methods of Server work on.
func (s *Server) home() *account { return s.state.accounts[s.state.home] }

// AdminKey returns the key of an administrator.
func (s *Server) AdminKey() string { return s.Key(roleAdministrator) }

// AgentKey returns the key of an agent who is a member of the first inbox.
func (s *Server) AgentKey() string { return s.Key(roleAgent) }

// BotKey returns the key of a bot that belongs to the account.
func (s *Server) BotKey() string { return s.Key(roleBot) }

// Key returns the key of a role: "administrator", "agent", "bot", and "stray_bot", a bot of the account without an inbox in
// it, which is refused before 4.8.0. A snapshot adds the users that its facts name, such as "agent2", and may lack an agent.
// Any other role fails the test.
func (s *Server) Key(role string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	oneOf(s, "Key", "role", role, s.state.roles())
	return keyFor(role)
}

// roles returns the roles that have a key, without those added by AddAgent and AddBot.
func (s *state) roles() []string {
	var roles []string
	for key := range s.keys {
		if role := strings.TrimPrefix(key, keyFor("")); !strings.HasPrefix(role, "user-") && !strings.HasPrefix(role, "bot-") {
			roles = append(roles, role)
		}
	}
	slices.Sort(roles)
	return roles
}

// keyFor returns the key of a role or of somebody added later. Its text shows whose it is, and that it opens nothing real.
func keyFor(name string) string { return "cfchattest-key-" + name }
