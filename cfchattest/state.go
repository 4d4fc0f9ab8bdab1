package cfchattest

import (
	"fmt"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/release"
)

// state is everything that the server stores. Ids but a conversation's are counted over all accounts, as in a database.
type state struct {
	version        release.Version
	recorded       release.Version // of the server that a snapshot is of
	clock          func() time.Time
	latest         time.Time // the last moment given out
	accounts       map[int64]*account
	users          map[int64]*user
	bots           map[int64]*bot
	keys           map[string]owner
	home           int64                      // the account that a Server's methods are about
	bySource       map[string][]*contactInbox // over all accounts and inboxes, in order of creation
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
	jobs           []job             // what is done later
	outbox         []*outgoing       // what hooks are to be told of the present request
	inMind         []*conversation   // what it has in mind of conversations: see shows
	inJob          bool              // it is no request but a job
	tags           map[string]string // labels as they were first written, by their lower case
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

	labels      []cfchat.Label               // that it knows
	definitions []cfchat.AttributeDefinition // of both kinds of custom attributes
	webhooks    []*accountWebhook            // in order of id

	conversations map[int64]*conversation
	lastDisplayID int64
	byActivity    []*conversation // always in order, latest last: that is where nearly all changes happen
}

// owner is who a key belongs to: a user or a bot.
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

// now returns the time, later each time it is asked, so that the order of what happened is never a matter of luck.
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

// newUUID makes ids that can be told apart and read in a failing test.
func newUUID(n int64) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }
