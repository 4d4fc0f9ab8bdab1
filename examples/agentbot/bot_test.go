package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
)

const (
	hours  = "We are open from Monday to Friday, 9 to 17."
	parcel = "Parcels leave the same day when you order before noon."
)

// TestBot plays actions of customers and people that could make a bot answer twice, never, or in place of a person.
func TestBot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do     func(*shop, int64)
		want   []string
		status cfchat.Status
	}{
		"a question": {func(s *shop, id int64) { s.says(id, "Are you open?") }, []string{hours}, cfchat.StatusPending},
		"more messages than a page has": {func(s *shop, id int64) {
			s.LoseDeliveries(hook, 100)
			for range 25 {
				s.says(id, "Are you open?")
			}
		}, slices.Repeat([]string{hours}, 25), cfchat.StatusPending},
		"a note of a colleague": {func(s *shop, id int64) {
			s.LoseDeliveries(hook, 100)
			s.says(id, "Are you open?")
			s.sends(id, cfchat.MessageCreate{Content: "VIP", Private: true})
		}, []string{hours}, cfchat.StatusPending},
		"an answer of a colleague": {func(s *shop, id int64) {
			s.LoseDeliveries(hook, 100)
			s.says(id, "Are you open?")
			s.sends(id, cfchat.MessageCreate{Content: "Yes."})
		}, nil, cfchat.StatusPending},
		"a question that is taken back": {func(s *shop, id int64) {
			s.LoseDeliveries(hook, 100)
			asked := s.says(id, "Help!")
			if _, err := s.Account(s.t).Messages.Delete(s.asPerson(), id, asked.ID); err != nil {
				s.t.Fatal(err)
			}
		}, nil, cfchat.StatusPending},
		"a conversation that goes on after a person has resolved it": {func(s *shop, id int64) {
			s.says(id, "Help!")
			time.Sleep(time.Minute)
			s.sets(id, cfchat.StatusResolved)
			s.says(id, "Are you open?")
		}, []string{colleague, hours}, cfchat.StatusPending},
		"an answer that somebody deletes": {func(s *shop, id int64) {
			s.says(id, "Are you open?")
			time.Sleep(5 * time.Minute)
			if _, err := s.Account(s.t).Messages.Delete(s.asPerson(), id, s.last(id)); err != nil {
				s.t.Fatal(err)
			}
			s.says(id, "Do you ship?")
		}, []string{"This message was deleted", parcel}, cfchat.StatusPending},
		"an answer that somebody deletes while the bot is away": {func(s *shop, id int64) {
			s.says(id, "Are you open?")
			time.Sleep(5 * time.Minute)
			s.away()
			s.LoseDeliveries(hook, 1) // a failed delivery would make the server open the conversation
			if _, err := s.Account(s.t).Messages.Delete(s.asPerson(), id, s.last(id)); err != nil {
				s.t.Fatal(err)
			}
			s.start(1 << 40)
		}, []string{"This message was deleted"}, cfchat.StatusPending},
		"an answer that was sent again": {func(s *shop, id int64) {
			s.says(id, "Are you open?")
			time.Sleep(5 * time.Minute)
			if _, err := s.Account(s.t).Messages.Resend(s.asPerson(), id, s.last(id)); err != nil {
				s.t.Fatal(err)
			}
			s.says(id, "Do you ship?")
		}, []string{hours, parcel}, cfchat.StatusPending},
		"a message while the bot is away": {func(s *shop, id int64) {
			s.away()
			s.LoseDeliveries(hook, 1)
			s.says(id, "Are you open?")
			time.Sleep(time.Hour)
			s.start(1 << 40)
			time.Sleep(2 * time.Second)
			s.says(id, "Do you ship?")
		}, []string{hours, parcel}, cfchat.StatusPending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newShop(t, "4.16.2", 1)
				s.start(1 << 40)
				id := s.opens(s.inbox)
				time.Sleep(2 * time.Second)
				c.do(s, id)
				time.Sleep(5 * time.Minute)
				s.away()
				now, _ := s.Conversation(id)
				if got := s.answers(id); !slices.Equal(got, c.want) || now.Status != c.status {
					t.Errorf("%q, %s; want %q, %s", got, now.Status, c.want, c.status)
				}
			})
		})
	}
}

// TestOtherInbox checks that the bot ignores messages in another inbox.
func TestOtherInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, "4.16.2", 1)
		s.start(1 << 40)
		id := s.opens(s.other)
		s.says(id, "Are you open?")
		time.Sleep(5 * time.Minute)
		s.away()
		if got := s.answers(id); len(got) > 0 {
			t.Errorf("%q", got)
		}
	})
}

// TestTakenOver checks that the bot stops if a person takes over the conversation between two answers.
func TestTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop(t, "4.16.2", 1)
		id := s.opens(s.inbox)
		s.LoseDeliveries(hook, 2)
		s.says(id, "Are you open?")
		s.says(id, "Do you ship?")
		s.meanwhile = func(req *http.Request) {
			if req.Method == http.MethodPost && strings.HasSuffix(req.URL.Path, "/messages") {
				s.sets(id, cfchat.StatusOpen)
			}
		}
		s.start(1 << 40)
		time.Sleep(5 * time.Minute)
		s.away()
		if got := s.answers(id); !slices.Equal(got, []string{hours}) {
			t.Errorf("%q", got)
		}
	})
}

// TestSlowly uses a server that is slow with each request. The bot must not make the server's delivery wait for the bot's
// answer, because the server would then take the conversation away.
func TestSlowly(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4.7.0", "4.16.2"} {
		for _, takes := range []time.Duration{700 * time.Millisecond, 4 * time.Second} {
			t.Run(fmt.Sprint(version, " ", takes), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newShop(t, version, 1)
					s.meanwhile = func(req *http.Request) {
						select {
						case <-time.After(takes):
						case <-req.Context().Done():
						}
					}
					s.start(1 << 40)
					id := s.opens(s.inbox)
					s.says(id, "Are you open?")
					time.Sleep(5 * time.Minute)
					s.away()
					if now, _ := s.Conversation(id); !slices.Equal(s.answers(id), []string{hours}) || now.Status != cfchat.StatusPending {
						t.Errorf("%q, %s", s.answers(id), now.Status)
					}
				})
			})
		}
	}
}

// sends posts a message as a person.
func (s *shop) sends(id int64, m cfchat.MessageCreate) {
	s.t.Helper()
	if _, err := s.Account(s.t).Messages.Send(s.asPerson(), id, m); err != nil {
		s.t.Fatal(err)
	}
}

// sets changes the status as a person.
func (s *shop) sets(id int64, status cfchat.Status) {
	s.t.Helper()
	if _, err := s.Account(s.t).Conversations.SetStatus(s.asPerson(), id, status); err != nil {
		s.t.Error(err)
	}
}

// away stops the bot.
func (s *shop) away() {
	l := s.life.Load()
	l.die()
	<-l.dead
	l.left.Store(0)
}

// last returns the id of the last message that was sent out.
func (s *shop) last(id int64) (last int64) {
	for m, err := range s.Account(s.t).Messages.Scan(s.t.Context(), id, cfchat.MessageScanOptions{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		if m.MessageType == cfchat.MessageTypeOutgoing {
			last = m.ID
		}
	}
	return last
}
