package cfchattest

import "github.com/cfchat/cfchat-go"

// populate creates the initial data of every server. The bot belongs to the inbox without answering in it, so that new
// conversations are open.
func (s *Server) populate() {
	st := s.state
	st.home = 1
	a := st.addAccount(st.home)
	a.name = "Acme Inc"
	admin, _ := st.addAgent(a, Agent{Name: "Ada Admin", Email: "ada@example.com", Administrator: true})
	agent, _ := st.addAgent(a, Agent{Name: "Grace Agent", Email: "grace@example.com"})
	st.addInbox(a, Inbox{Name: "API inbox", Channel: cfchat.ChannelAPI, Members: []int64{agent}})
	st.assignKeys(a, st.users[admin], st.users[agent], st.addBot(Bot{Name: "Helper Bot"}))
}

// assignKeys gives the roles their keys. Both bots belong to the account; the helper has an inbox there.
func (s *state) assignKeys(a *account, admin, agent *user, helper *bot) {
	stray := s.addBot(Bot{Name: "Stray Bot"})
	helper.account, stray.account, helper.accounts[a.id] = a.id, a.id, true
	s.keys[keyFor(roleAdministrator)] = owner{user: admin}
	if agent != nil { // a recorded account may have none
		s.keys[keyFor(roleAgent)] = owner{user: agent}
	}
	s.keys[keyFor(roleBot)] = owner{bot: helper}
	s.keys[keyFor(roleStrayBot)] = owner{bot: stray}
}
