package cfchattest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// Bot is an agent bot to add.
type Bot struct {
	Name        string // "Bot 3" and so on by default
	Description string
	OutgoingURL string  // where its events go; BotSecret signs them
	Inboxes     []int64 // the inboxes that it serves: conversations that Create makes there are pending
	// Stray makes it a bot of another account without an inbox in this one, so that it is refused.
	Stray bool
}

// bot is an agent bot.
type bot struct {
	cfchat.AgentBot

	account  int64          // the account that owns it; 0 for an account that is not here
	accounts map[int64]bool // the accounts in which it has an inbox
	secret   string
}

// AddBot adds a bot and returns its id and key. It can own conversations: see [Conversation].
func (s *Server) AddBot(b Bot) (id int64, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.OutgoingURL != "" {
		s.checkAddress("Bot.OutgoingURL", b.OutgoingURL)
	}
	if b.Stray && len(b.Inboxes) > 0 {
		s.mistake("Bot.Inboxes", "a stray bot has none in this account; set only one of the two")
	}
	served := make([]*inbox, len(b.Inboxes))
	for i, id := range b.Inboxes {
		oneOf(s, "Bot.Inboxes", "inbox", id, idsOf(s.home().inboxes))
		served[i] = s.inbox(id)
	}
	added := s.state.addBot(b)
	if !b.Stray {
		added.account, added.accounts[s.home().id] = s.home().id, true
	}
	for _, in := range served {
		in.bot = added
	}
	key = keyFor(fmt.Sprintf("bot-%d", added.ID))
	s.state.keys[key] = owner{bot: added}
	return added.ID, key
}

func (s *state) addBot(b Bot) *bot {
	s.lastBot++
	return s.storeBot(cfchat.AgentBot{
		ID: s.lastBot, Name: new(cmp.Or(b.Name, fmt.Sprintf("Bot %d", s.lastBot))), BotType: "webhook",
		Description: orNil(b.Description), OutgoingURL: orNil(b.OutgoingURL),
	})
}

func (s *state) storeBot(b cfchat.AgentBot) *bot {
	s.bots[b.ID] = &bot{AgentBot: b, accounts: map[int64]bool{}, secret: newSecret()}
	s.lastBot = max(s.lastBot, b.ID)
	return s.bots[b.ID]
}

// enters reports whether a bot may enter an account: if it has an inbox there or, from 4.8.0 on, belongs to it (contract,
// N3).
func (b *bot) enters(s *state, a *account) bool {
	return b.accounts[a.id] || s.version.AtLeast("4.8.0") && b.account == a.id
}

// renderedBot renders a bot as the assignee of a conversation (contract, N2). A bot of the whole server would have no
// outgoing_url; there are none here.
func renderedBot(b *bot) object {
	return object{"id": b.ID, "name": b.Name, "description": b.Description, "thumbnail": b.Thumbnail,
		"outgoing_url": b.OutgoingURL, "bot_type": b.BotType}
}

// listAllAccountAgentBots answers the bots of the account: in no order on a server, here by id. Every agent sees the keys;
// from 4.16.0 on only administrators do (contract, W4.6). Which version added the thumbnail is (unseen).
func (c *caller) listAllAccountAgentBots() (any, error) {
	shows := !c.version.AtLeast("4.16.0") || c.user.role(c.account) == cfchat.RoleAdministrator
	keys := map[*bot]string{}
	for key, of := range c.keys {
		keys[of.bot] = key
	}
	shown := []object{}
	for _, id := range slices.Sorted(maps.Keys(c.bots)) {
		b := c.bots[id]
		if b.account != c.account.id {
			continue
		}
		out := object{
			"id": b.ID, "name": b.Name, "description": b.Description, "outgoing_url": b.OutgoingURL, "bot_type": b.BotType,
			"bot_config": object{}, "account_id": b.account,
		}
		if c.version.AtLeast("4.8.0") {
			out["thumbnail"] = b.Thumbnail
		}
		if shows {
			out["access_token"] = keys[b]
		}
		if shows && c.version.AtLeast("4.13.0") {
			out["secret"] = b.secret
		}
		shown = append(shown, out)
	}
	return shown, nil
}
