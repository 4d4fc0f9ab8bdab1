package cfchattest

import (
	"slices"

	"github.com/cfchat/cfchat-go"
)

// Kinds of hooks.
const (
	HookAccount = "account" // a webhook of the account
	HookInbox   = "inbox"   // the webhook of an API inbox
	HookBot     = "bot"     // the address of an agent bot
)

// always and never stand for a version in the tables below.
const (
	always = "0.0.0"
	never  = ""
)

// events are the events that the stand-in sends, and since which version each kind of hook gets them (contract, H1). There
// is no web widget here, and servers send inbox events only if the operator enables them.
var events = map[string]struct{ account, inbox, bot string }{
	"conversation_created":        {always, always, never},
	"conversation_updated":        {always, always, "4.13.0"},
	"conversation_status_changed": {always, always, "4.13.0"},
	"conversation_resolved":       {never, never, always},
	"conversation_opened":         {never, never, always},
	"message_created":             {always, always, always},
	"message_updated":             {always, always, always},
	"contact_created":             {always, never, never},
	"contact_updated":             {always, never, never},
	"conversation_typing_on":      {"4.2.0", "4.2.0", never},
	"conversation_typing_off":     {"4.2.0", "4.2.0", never},
}

// triggers are the columns whose change causes a conversation_updated, and since which version (contract, H1).
var triggers = map[string]string{
	"team_id":                always,
	"assignee_id":            always,
	"status":                 always,
	"snoozed_until":          always,
	"custom_attributes":      always,
	"label_list":             always,
	"first_reply_created_at": always,
	"priority":               "2.17.0",
	"waiting_since":          "3.0.0",
	"assignee_agent_bot_id":  "4.8.0",
}

// signed has the versions since which deliveries have their headers, by the kind of hook (contract, H2).
var signed = map[string]struct{ id, signature string }{
	HookAccount: {"4.12.0", "4.12.0"},
	HookInbox:   {"4.12.0", "4.13.0"},
	HookBot:     {"4.13.0", "4.13.0"},
}

// since reports whether the version is at least one in the tables above.
func (s *state) since(version string) bool {
	return version != never && s.version.AtLeast(version)
}

// hook is a receiver as it was at the time of the event: deliveries that are already queued keep the former secret.
type hook struct{ kind, url, secret string }

// occurrence is an event and its subject.
type occurrence struct {
	name    string
	account *account
	of      *conversation // nil for a contact
	message *message
	body    func(job bool) (fields, error) // as of the call, in a job or in a request
}

// tell queues an event for every hook that gets it. For bots the body is built now, for the others at delivery (contract,
// H3).
func (s *state) tell(e *occurrence) {
	for _, to := range s.hooksOf(e) {
		s.lastDelivery++
		queued := &outgoing{hook: to, occurrence: e, from: s, id: newUUID(s.lastDelivery), attempt: 1}
		if to.kind == HookBot && !queued.build(s.inJob) {
			continue
		}
		s.outbox = append(s.outbox, queued)
	}
}

// hooksOf returns the hooks that get an event, bots first because their bodies are built within the request.
func (s *state) hooksOf(e *occurrence) []hook {
	var to []hook
	gets := events[e.name]
	if e.of != nil && s.since(gets.bot) {
		for _, b := range s.botsOf(e.of) {
			to = append(to, hook{HookBot, *b.OutgoingURL, b.secret})
		}
	}
	if s.since(gets.account) {
		for _, w := range e.account.webhooks {
			if slices.Contains(w.subscriptions, e.name) {
				to = append(to, hook{HookAccount, w.url, w.secret})
			}
		}
	}
	if e.of != nil && e.of.source.inbox.webhookURL != "" && s.since(gets.inbox) {
		to = append(to, hook{HookInbox, e.of.source.inbox.webhookURL, e.of.source.inbox.secret})
	}
	return to
}

// botsOf returns the bots with an address that serve a conversation: that of the inbox and, from 4.8.0 on, the owner, each
// once.
func (s *state) botsOf(of *conversation) []*bot {
	bots := []*bot{of.source.inbox.bot}
	if of.ownedBy != of.source.inbox.bot && s.version.AtLeast("4.8.0") {
		bots = append(bots, of.ownedBy)
	}
	return slices.DeleteFunc(bots, func(b *bot) bool { return b == nil || deref(b.OutgoingURL) == "" })
}

// listens reports whether any hook gets the events of a conversation.
func (s *state) listens(of *conversation) bool {
	return len(of.account.webhooks) > 0 || of.source.inbox.webhookURL != "" || len(s.botsOf(of)) > 0
}

// tellConversation queues an event of a conversation, with more fields after its name.
func (s *state) tellConversation(name string, of *conversation, more ...field) {
	s.tell(&occurrence{name: name, account: of.account, of: of, body: func(job bool) (fields, error) {
		body, err := hookView{s.viewOf(of.account), job}.conversation(of)
		return append(append(body, field{"event", name}), more...), err
	}})
	s.shows(of)
}

// tellMessage queues an event of a message: never of an activity message, and of templates from 2.18.0 on.
func (s *state) tellMessage(name string, of *conversation, m *message) {
	switch m.MessageType {
	case cfchat.MessageTypeActivity:
		return
	case cfchat.MessageTypeTemplate:
		if !s.version.AtLeast("2.18.0") {
			return
		}
	}
	s.tell(&occurrence{name: name, account: of.account, of: of, message: m, body: func(job bool) (fields, error) {
		body, err := hookView{s.viewOf(of.account), job}.message(of, m)
		return append(body, field{"event", name}), err
	}})
	if len(s.botsOf(of)) > 0 {
		s.shows(of)
	}
}

// tellContact queues an event of a contact, with more fields after its name.
func (s *state) tellContact(name string, a *account, who *contact, more ...field) {
	s.tell(&occurrence{name: name, account: a, body: func(job bool) (fields, error) {
		if who.deleted || a.contacts[who.ID] != who {
			return nil, errGone
		}
		return append(append(hookView{s.viewOf(a), job}.contact(who), field{"event", name}), more...), nil
	}})
}

// tellTyping queues the event that somebody starts or stops typing.
func (s *state) tellTyping(name string, of *conversation, who owner, private any) {
	s.tell(&occurrence{name: name, account: of.account, of: of, body: func(job bool) (fields, error) {
		conversation, err := hookView{s.viewOf(of.account), job}.conversation(of)
		return fields{
			{"event", name}, {"user", ownerNoun(who)}, {"conversation", conversation}, {"is_private", private},
		}, err
	}})
}

// viewOf returns a view for no particular reader.
func (s *state) viewOf(a *account) view { return view{s, a, owner{}} }
