package cfchattest

import (
	"fmt"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/release"
)

// state is everything that the server stores. Ids are counted across all accounts, as in a database, except those of
// conversations.
type state struct {
	version        release.Version
	recorded       release.Version // of the server of the snapshot
	clock          func() time.Time
	latest         time.Time // the last moment given out
	accounts       map[int64]*account
	users          map[int64]*user
	bots           map[int64]*bot
	keys           map[string]owner
	home           int64                      // the account that a Server's methods work on
	bySource       map[string][]*contactInbox // across all accounts and inboxes, in order of creation
	lastInbox      int64
	lastContact    int64
	lastTeam       int64
	lastLabel      int64
	lastDefinition int64
	lastUser       int64
	lastBot        int64
	lastWebhook    int64
	lastPlace      int64 // of contacts in inboxes
	lastDelivery   int64
	files          map[int64]*storedFile // by the ids of their attachments
	lastMessage    int64
	lastAttachment int64
	lastInternal   int64 // of conversations, which show another id
	lastSource     int64
	lastRequestID  int64
	jobs           []job             // run later
	outbox         []*outgoing       // the events of the current request, for hooks
	inMind         []*conversation   // conversations that the current request has loaded: see shows
	inJob          bool              // a job is running, not a request
	tags           map[string]string // labels as first written, by their lower case
}

// account is one account.
type account struct {
	id         int64
	name       string
	suspended  bool
	inboxes    map[int64]*inbox
	contacts   map[int64]*contact
	teams      map[int64]*team
	attributes map[string]string // display type by key, of the defined custom attributes of conversations

	contactAttributes map[string]string // and of contacts

	labels      []cfchat.Label               // of the account
	definitions []cfchat.AttributeDefinition // of both kinds of custom attributes
	webhooks    []*accountWebhook            // in order of id

	conversations map[int64]*conversation
	lastDisplayID int64
	byActivity    []*conversation // always in order, latest last, where nearly all changes happen
}

// owner is the owner of a key: a user or a bot.
type owner struct {
	user *user
	bot  *bot
}

func newState(v release.Version, clock func() time.Time) *state {
	return &state{
		version: v, clock: clock,
		accounts: map[int64]*account{}, users: map[int64]*user{}, bots: map[int64]*bot{},
		keys: map[string]owner{}, files: map[int64]*storedFile{}, bySource: map[string][]*contactInbox{}, tags: map[string]string{},
	}
}

// now returns the time, which increases with each call, so that the order of events is never left to chance.
func (s *state) now() time.Time {
	t := s.clock().UTC().Truncate(time.Microsecond)
	if !t.After(s.latest) {
		t = s.latest.Add(time.Microsecond)
	}
	s.latest = t
	return t
}

func (s *state) addAccount(id int64) *account {
	a := &account{
		id: id, name: fmt.Sprintf("Account %d", id), inboxes: map[int64]*inbox{}, contacts: map[int64]*contact{}, teams: map[int64]*team{},
		attributes: map[string]string{}, contactAttributes: map[string]string{}, conversations: map[int64]*conversation{},
	}
	s.accounts[id] = a
	return a
}

// newUUID makes ids that are distinct and readable in a failing test.
func newUUID(n int64) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }
