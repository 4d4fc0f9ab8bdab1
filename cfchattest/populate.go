package cfchattest

import "github.com/cfchat/cfchat-go"

// populate makes what every server has. The bot belongs to the inbox without answering in it, so that new conversations
// are open.
func (s *Server) populate() {
	st := s.state
	st.home = 1
	a := st.addAccount(st.home)
	admin, _ := st.addAgent(a, Agent{Name: "Ada Admin", Email: "ada@example.com", Administrator: true})
	agent, _ := st.addAgent(a, Agent{Name: "Grace Agent", Email: "grace@example.com"})
	helper, stray := st.addBot("Helper Bot"), st.addBot("Stray Bot")
	helper.accounts[a.id] = true
	st.addInbox(a, Inbox{Name: "API inbox", Channel: cfchat.ChannelAPI, Members: []int64{agent}})
	st.assignKeys(st.users[admin], st.users[agent], helper, stray)
}

// assignKeys gives the roles their keys.
func (s *state) assignKeys(admin, agent *user, helper, stray *bot) {
	s.keys[keyFor(roleAdministrator)] = owner{user: admin}
	if agent != nil { // a recorded account may have none
		s.keys[keyFor(roleAgent)] = owner{user: agent}
	}
	s.keys[keyFor(roleBot)] = owner{bot: helper}
	s.keys[keyFor(roleStrayBot)] = owner{bot: stray}
}
