package cfchattest

import (
	"crypto/rand"
	"math/big"
	"net/url"
	"slices"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
)

// Webhook is a webhook of the account to add.
type Webhook struct {
	URL  string
	Name string // from 4.8.0 on
	// Subscriptions are the events that it gets; by default those of every version: all but typing and inboxes.
	Subscriptions []cfchat.WebhookEvent
}

// accountWebhook is a row of /webhooks.
type accountWebhook struct {
	id            int64
	name          *string // from 4.8.0 on
	url           string
	subscriptions []string
	secret        string // "" before 4.12.0
	inboxID       int64  // has no effect (contract, H1); 0 for none
}

// subscribable are the events that a webhook of an account can get, and the versions that introduced them (contract, H7).
var subscribable = []struct{ name, since string }{
	{"conversation_status_changed", always},
	{"conversation_updated", always},
	{"conversation_created", always},
	{"contact_created", always},
	{"contact_updated", always},
	{"message_created", always},
	{"message_updated", always},
	{"webwidget_triggered", always},
	{"inbox_created", "3.2.0"},
	{"inbox_updated", "3.2.0"},
	{"conversation_typing_on", "4.2.0"},
	{"conversation_typing_off", "4.2.0"},
}

// everySubscription returns the events of every version, the default of a webhook.
func everySubscription() (names []string) {
	for _, event := range subscribable {
		if event.since == always {
			names = append(names, event.name)
		}
	}
	return names
}

// subscriptions returns the events that the version has for webhooks.
func (s *state) subscriptions() (names []string) {
	for _, event := range subscribable {
		if s.since(event.since) {
			names = append(names, event.name)
		}
	}
	return names
}

// subscribes reports whether the version has an event for webhooks.
func (s *state) subscribes(event string) bool {
	return slices.Contains(s.subscriptions(), event)
}

// AddWebhook adds a webhook to the account. It returns its id and the secret that signs its deliveries, which is zero before
// 4.12.0. An invalid or duplicate URL, or an event that the version does not have, fails the test.
func (s *Server) AddWebhook(w Webhook) (id int64, secret auth.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.home()
	s.checkAddress("Webhook.URL", w.URL)
	if a.hasWebhookTo(w.URL, 0) {
		s.mistake("Webhook.URL", "there is a webhook to %s already", w.URL)
	}
	s.checkSince("Webhook.Name", w.Name != "", "4.8.0")
	added := &accountWebhook{url: w.URL, name: orNil(w.Name)}
	if len(w.Subscriptions) == 0 {
		added.subscriptions = everySubscription()
	}
	for _, event := range w.Subscriptions {
		oneOf(s, "Webhook.Subscriptions", "event", string(event), s.state.subscriptions())
		added.subscriptions = append(added.subscriptions, string(event))
	}
	s.state.storeWebhook(a, added)
	return added.id, auth.NewSecret(added.secret)
}

// hasWebhookTo reports whether an account has a webhook to an address, other than the one with the id but.
func (a *account) hasWebhookTo(address string, but int64) bool {
	return slices.ContainsFunc(a.webhooks, func(w *accountWebhook) bool { return w.id != but && w.url == address })
}

// checkAddress fails the test if an address is not a web address.
func (s *Server) checkAddress(field, address string) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		s.mistake(field, "%q is not a web address", address)
	}
}

// WebhookSecret returns the secret of a webhook of the account, as administrators are shown it: zero before 4.12.0.
func (s *Server) WebhookSecret(id int64) auth.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	webhooks := map[int64]*accountWebhook{}
	for _, w := range s.home().webhooks {
		webhooks[w.id] = w
	}
	oneOf(s, "WebhookSecret", "webhook", id, idsOf(webhooks))
	return auth.NewSecret(webhooks[id].secret)
}

// InboxSecret returns the secret of an API inbox, as administrators are shown it: zero before 4.13.0.
func (s *Server) InboxSecret(id int64) auth.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	oneOf(s, "InboxSecret", "inbox", id, idsOf(s.home().inboxes))
	in := s.inbox(id)
	if in.channel != cfchat.ChannelAPI {
		s.mistake("InboxSecret", "inbox %d has none: it is a %s", in.id, in.channel)
	}
	return s.state.shownSecret(in.secret)
}

// BotSecret returns the secret of an agent bot, as administrators are shown it: zero before 4.13.0.
func (s *Server) BotSecret(id int64) auth.Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	oneOf(s, "BotSecret", "bot", id, idsOf(s.state.bots))
	return s.state.shownSecret(s.state.bots[id].secret)
}

// shownSecret returns the secret of an inbox or a bot, if the version has them.
func (s *state) shownSecret(secret string) auth.Secret {
	if !s.version.AtLeast("4.13.0") {
		return auth.Secret{}
	}
	return auth.NewSecret(secret)
}

// storeWebhook adds a webhook to an account under the next id, with a secret if the version has them.
func (s *state) storeWebhook(a *account, w *accountWebhook) {
	s.lastWebhook++
	w.id = s.lastWebhook
	if s.version.AtLeast("4.12.0") {
		w.secret = newSecret()
	}
	a.webhooks = append(a.webhooks, w)
}

// newSecret makes a secret, or a token, as the server does: 24 characters from an alphabet without look-alikes.
func newSecret() string {
	const characters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	secret := make([]byte, 24)
	for i := range secret {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(characters))))
		if err != nil {
			panic(err) // which crypto/rand.Reader never returns
		}
		secret[i] = characters[n.Int64()]
	}
	return string(secret)
}

// snapshotWebhook is a webhook as an answer shows it.
type snapshotWebhook struct {
	ID            int64         `json:"id"`
	Name          *string       `json:"name"`
	URL           string        `json:"url"`
	Subscriptions []string      `json:"subscriptions"`
	Secret        string        `json:"secret"`
	Inbox         snapshotInbox `json:"inbox"`
}

// addWebhooks adds the webhooks of the account.
func (r *snapshot) addWebhooks(s *state, a *account) {
	for _, w := range r.Webhooks {
		a.webhooks = append(a.webhooks, &accountWebhook{
			id: w.ID, name: w.Name, url: w.URL, subscriptions: w.Subscriptions, secret: w.Secret, inboxID: w.Inbox.ID,
		})
		s.lastWebhook = max(s.lastWebhook, w.ID)
	}
}
