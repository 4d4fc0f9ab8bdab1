package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/webhook"
)

// TestShow runs the program without arguments, as a newcomer does.
func TestShow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), nil, func(string) string { return "" }, &out); err != nil {
		t.Fatal(err)
	}
	const want = `
1 > Are you open on Saturday?
1 < We are open from Monday to Friday, 9 to 17.
1 > Where is my parcel? It should have been shipped.
1 < Parcels leave the same day when you order before noon.
1 > I want my money back.
1 < I do not know that. A colleague will answer you here.
Conversation 1 is open now for a person to take.
`
	if !strings.Contains(out.String(), want) {
		t.Errorf("%s\nwant\n%s", out.String(), want)
	}
}

// TestInput checks that missing or wrong input is refused.
func TestInput(t *testing.T) {
	keys := map[string]string{"CFCHAT_USER_API_KEY": "u", "CFCHAT_ACCOUNT_ID": "1", "CFCHAT_AGENT_BOT_API_KEY": "b"}
	for want, c := range map[string]struct {
		args []string
		env  map[string]string
	}{
		"name the inbox with -inbox":   {nil, keys},
		"and no CFCHAT_SERVER":         {nil, map[string]string{"CFCHAT_SERVER": "https://chat.example.com"}},
		"set CFCHAT_AGENT_BOT_API_KEY": {[]string{"-inbox", "3"}, map[string]string{"CFCHAT_USER_API_KEY": "u", "CFCHAT_ACCOUNT_ID": "1"}},
		"set CFCHAT_WEBHOOK_SECRET":    {[]string{"-inbox", "3", "-path", "short"}, keys},
		"-inbox":                       {[]string{"-inbox", "-3"}, keys},
	} {
		err := run(t.Context(), c.args, func(name string) string { return c.env[name] }, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", c.args, err, want)
		}
	}
}

// TestServe receives deliveries over a connection, verified by signature or by path, until the context ends.
func TestServe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret, path, to string
		status           int
	}{
		"signed":                      {"s", "", "/", http.StatusOK},
		"not signed":                  {"other", "", "/", http.StatusUnauthorized},
		"where servers do not sign":   {"", "a-long-random-text", "/a-long-random-text", http.StatusOK},
		"and without the right path":  {"", "a-long-random-text", "/", http.StatusNotFound},
		"and with more than the path": {"", "a-long-random-text", "/a-long-random-text/x", http.StatusNotFound},
	} {
		server := cfchattest.New(t, cfchattest.Version("4.16.2"))
		secret, err := secretOf(strings.ReplaceAll(c.secret, "other", "s"), c.path)
		if err != nil {
			t.Fatal(err)
		}
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "localhost:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		b := newBot(server.Account(t), server.AddInbox(cfchattest.Inbox{}), io.Discard)
		b.started = time.Now()
		go func() { ended <- serve(ctx, listener, routes(b, secret, c.path), b) }()
		body := []byte(`{"event":"something","account":{"id":1}}`)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String()+c.to, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if c.secret != "" {
			webhook.Sign(webhook.NewSecret(c.secret), req.Header, body, time.Now())
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != c.status {
			t.Errorf("%s: %s, want %d", name, resp.Status, c.status)
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("%s: the server ended with %v", name, err)
		}
	}
}

// errKilled is the error of a dead program's requests. They have no effect.
var errKilled = errors.New("killed")

// life is one run of the bot, which is killed at a random request: before the server sees it, after it, or with the request
// still on its way.
type life struct {
	random *rand.Rand
	server *cfchattest.Server
	left   atomic.Int64 // requests to live, 0 or less for dead
	bot    *bot
	die    context.CancelFunc

	meanwhile func(*http.Request) // called after a request, if not nil
	dead      chan struct{}       // closed when nothing of this run is left
}

func (l *life) lives() bool { return l != nil && l.left.Load() > 0 }

func (l *life) RoundTrip(req *http.Request) (*http.Response, error) {
	left := l.left.Add(-1)
	if left < 0 {
		return nil, errKilled
	}
	if left > 0 {
		resp, err := l.server.Transport().RoundTrip(req)
		if l.meanwhile != nil {
			l.meanwhile(req)
		}
		return resp, err
	}
	l.die()
	late := req.Clone(context.WithoutCancel(req.Context()))
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		late.Body = io.NopCloser(bytes.NewReader(body))
	}
	send := func() {
		if resp, err := l.server.Transport().RoundTrip(late); err == nil {
			_ = resp.Body.Close()
		}
	}
	switch l.random.IntN(3) {
	case 0:
	case 1:
		send()
	default:
		after := time.Duration(l.random.Int64N(int64(50 * time.Second)))
		go func() { time.Sleep(after); send() }()
	}
	return nil, errKilled
}

// shop is a server with customers, whose bot is killed and restarted, and whose deliveries go astray.
type shop struct {
	*cfchattest.Server

	t       *testing.T
	random  *rand.Rand
	inbox   int64
	other   int64 // an inbox of the same bot that the program does not serve
	bot     int64
	key     string
	life    atomic.Pointer[life]
	written map[int64][]string // the customers' messages, by conversation
	ids     []int64
	kills   int

	meanwhile func(*http.Request) // for later lives
}

const hook = "https://bot.example.com/"

func newShop(t *testing.T, version string, seed uint64) *shop {
	s := &shop{Server: cfchattest.New(t, cfchattest.Version(version)), t: t, random: rand.New(rand.NewPCG(seed, 6)), written: map[int64][]string{}}
	s.inbox = s.AddInbox(cfchattest.Inbox{})
	s.other = s.AddInbox(cfchattest.Inbox{})
	s.bot, s.key = s.AddBot(cfchattest.Bot{OutgoingURL: hook, Inboxes: []int64{s.inbox, s.other}})
	s.Receive(hook, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := s.life.Load()
		if !l.lives() {
			w.WriteHeader(http.StatusBadGateway) // from a proxy in front of the program
			return
		}
		secret := webhook.Unsigned
		if shown := s.BotSecret(s.bot); !shown.IsZero() {
			secret = shown
		}
		handler(l.bot, secret).ServeHTTP(w, r)
	}))
	return s
}

// start starts the bot, which makes the given number of requests before it is killed.
func (s *shop) start(requests int64) {
	ctx, die := context.WithCancel(s.t.Context())
	l := &life{random: rand.New(rand.NewPCG(s.random.Uint64(), 0)), server: s.Server, die: die, dead: make(chan struct{}), meanwhile: s.meanwhile}
	l.left.Store(requests)
	account := s.Account(s.t, func(c *cfchat.Config) {
		c.HTTPClient, c.Keys.AgentBot = &http.Client{Transport: l}, auth.NewKey(s.key)
	})
	l.bot = newBot(account, s.inbox, io.Discard)
	s.life.Store(l)
	go func() { defer close(l.dead); l.bot.work(ctx) }()
}

// opens creates a conversation in an inbox for a new customer.
func (s *shop) opens(inbox int64) int64 {
	s.t.Helper()
	customer := s.AddContact(cfchattest.Contact{Inbox: inbox})
	create := cfchat.ConversationCreate{InboxID: inbox, ContactID: customer}
	c, err := s.Account(s.t).Conversations.Create(s.asPerson(), create)
	if err != nil {
		s.t.Fatal(err)
	}
	s.ids = append(s.ids, c.ID)
	return c.ID
}

// says sends a text from the customer.
func (s *shop) says(id int64, text string) *cfchat.Message {
	s.t.Helper()
	incoming := cfchat.MessageCreate{Content: text, MessageType: cfchat.MessageKindIncoming}
	sent, err := s.Account(s.t).Messages.Send(s.asPerson(), id, incoming)
	if err != nil {
		s.t.Fatal(err)
	}
	s.written[id] = append(s.written[id], text)
	return sent
}

func (s *shop) asPerson() context.Context { return auth.WithScheme(s.t.Context(), auth.UserAPIKey) }

// writes sends a random text from a customer, in a new conversation or in an existing one.
func (s *shop) writes() {
	if len(s.ids) == 0 || s.random.IntN(4) == 0 {
		s.opens(s.inbox)
	}
	texts := []string{"Are you open?", "Is it shipped?", "Are you open?", "Do you ship?", "Help!"}
	s.says(s.ids[s.random.IntN(len(s.ids))], texts[s.random.IntN(len(texts))])
}

// answers returns the bot's answers in a conversation.
func (s *shop) answers(id int64) (all []string) {
	s.t.Helper()
	for m, err := range s.Account(s.t).Messages.Scan(s.t.Context(), id, cfchat.MessageScanOptions{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		if m.MessageType == cfchat.MessageTypeOutgoing && m.Sender.GetType() != cfchat.SenderKindUser {
			all = append(all, m.GetContent())
		}
	}
	return all
}

// goAstray makes deliveries fail, get lost, repeat, or arrive in another order, at random.
func (s *shop) goAstray() {
	switch s.random.IntN(7) {
	case 0:
		s.FailDeliveries(hook, 1+s.random.IntN(2), cfchattest.DeliveryFailure{Status: 500})
	case 1:
		s.LoseDeliveries(hook, 1+s.random.IntN(2))
	case 2:
		s.RepeatDeliveries(hook, 1+s.random.IntN(2))
	case 3:
		s.RequeueDeliveries(hook, 1+s.random.IntN(2))
	case 4:
		s.HoldDeliveries()
	case 5:
		s.ReleaseDeliveries(cfchattest.Shuffled(s.random.Uint64()))
	}
}

// check checks that each message was answered once, up to the first that the bot does not know, or up to the point at which
// the server handed the conversation to people because the bot did not accept a delivery.
func (s *shop) check() {
	s.t.Helper()
	acct := s.Account(s.t)
	for _, id := range s.ids {
		c, err := acct.Conversations.Get(s.t.Context(), id)
		if err != nil {
			s.t.Fatal(err)
		}
		got, want := s.answers(id), []string(nil)
		handedOver := false
		for _, text := range s.written[id] {
			if reply, known := replyTo(text); !handedOver {
				want, handedOver = append(want, reply), !known
			}
		}
		switch {
		case slices.Equal(got, want) && handedOver == (c.Status == cfchat.StatusOpen):
		case c.Status == cfchat.StatusOpen && s.gaveUp() && len(got) <= len(want) && slices.Equal(got, want[:len(got)]):
		default:
			s.t.Errorf("%d is %s: %q, to %q", id, c.Status, got, s.written[id])
		}
	}
}

// gaveUp reports whether a delivery has failed, after which servers from 4.7.0 on open the conversation.
func (s *shop) gaveUp() bool {
	for _, d := range s.Deliveries() {
		if d.Failed != "" {
			return true
		}
	}
	return false
}

// TestKilled kills the bot again and again while customers write and deliveries go astray, and checks at the end that no
// message was answered twice, and that every message for the bot was answered.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.4.0", "4.7.0", "4.12.0", "4.16.2"} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint(version, "/", seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newShop(t, version, seed)
					for range 40 {
						if !s.life.Load().lives() {
							s.start(1 + s.random.Int64N(30))
							s.kills++
						}
						s.goAstray()
						s.writes()
						time.Sleep(time.Duration(s.random.Int64N(int64(20 * time.Second))))
					}
					s.ReleaseDeliveries(cfchattest.Reversed)
					s.away()
					s.start(1 << 40)
					if err := s.Settle(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(3 * time.Minute)
					s.away()
					if s.kills < 2 {
						t.Errorf("only %d lives", s.kills)
					}
					s.check()
				})
			})
		}
	}
}
