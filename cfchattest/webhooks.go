package cfchattest

import (
	"crypto/rand"
	"math/big"
)

// accountWebhook is a row of /webhooks.
type accountWebhook struct {
	id            int64
	name          *string // from 4.8.0 on
	url           string
	subscriptions []string
	secret        string // "" before 4.12.0
	inboxID       int64  // which filters nothing (contract, H1); 0 for none
}

// storeWebhook adds a webhook to an account under the next id, with a secret where the version has them.
func (s *state) storeWebhook(a *account, w *accountWebhook) {
	s.lastWebhook++
	w.id = s.lastWebhook
	if s.version.AtLeast("4.12.0") {
		w.secret = newSecret()
	}
	a.webhooks = append(a.webhooks, w)
}

// newSecret makes a secret, or a token, as the server does: 24 characters, none of which looks like another one.
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

// snapshotWebhook is a webhook as the server shows it.
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
