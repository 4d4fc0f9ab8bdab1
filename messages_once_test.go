package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// conversationIn adds a conversation to an inbox of a channel.
func conversationIn(srv *cfchattest.Server, channel cfchat.Channel) int64 {
	return srv.AddConversation(cfchattest.Conversation{Inbox: srv.AddInbox(cfchattest.Inbox{Channel: channel})})
}

// userOnly removes the bot's key.
func userOnly(c *cfchat.Config) { c.Keys.AgentBot = auth.Key{} }

// askedOf counts the requests for an operation.
func askedOf(srv *cfchattest.Server, operation string) (n int) {
	for _, r := range srv.Requests() {
		if r.Operation == operation {
			n++
		}
	}
	return n
}

// textsOf returns the texts of a conversation's messages.
func textsOf(t *testing.T, srv *cfchattest.Server, conversation int64) (all []string) {
	t.Helper()
	page, err := srv.Account(t).Messages.List(auth.WithScheme(t.Context(), auth.UserAPIKey), conversation, cfchat.MessageListOptions{After: 1, Before: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Payload {
		all = append(all, m.GetContent())
	}
	return all
}

// TestMark checks that a mark is sent to wherever each version and channel keeps it, and that the message goes out and is
// found; if there is no such place, the message is refused and nothing is sent. The conversation is requested only if the
// channel decides, and only once.
func TestMark(t *testing.T) {
	for _, c := range []struct {
		version string
		channel cfchat.Channel
		want    string // "" if refused
		gets    int
	}{
		{"2.16.0", cfchat.ChannelAPI, "", 0},
		{"3.3.1", cfchat.ChannelAPI, "", 0},
		{"3.4.0", cfchat.ChannelAPI, "source_id", 1},
		{"3.4.0", cfchat.ChannelWebWidget, "source_id", 1},
		{"4.8.0", cfchat.ChannelAPI, "source_id", 1},
		{"4.7.0", cfchat.ChannelEmail, "", 2},
		{"4.8.0", cfchat.ChannelEmail, "", 2},
		{"4.8.0", cfchat.ChannelWhatsApp, "", 2},
		{"4.9.0", cfchat.ChannelAPI, "content_attributes", 0},
		{"4.9.0", cfchat.ChannelWhatsApp, "content_attributes", 0},
		{"4.16.2", cfchat.ChannelEmail, "content_attributes", 0},
	} {
		srv := cfchattest.New(t, cfchattest.Version(c.version))
		id, messages := conversationIn(srv, c.channel), srv.Account(t).Messages
		message := cfchat.MessageCreate{Content: "hi", Mark: "order 17", ContentAttributes: map[string]any{}}
		for range 2 {
			sent, err := messages.Send(t.Context(), id, message)
			if c.want == "" {
				e, ok := errors.AsType[*cfchat.Error](err)
				if !ok || len(e.Fields) != 1 || e.Fields[0].Field != "Mark" || askedOf(srv, "createANewMessageInAConversation") > 0 {
					t.Errorf("%s, %s: not refused: %v", c.version, c.channel, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s, %s: %v", c.version, c.channel, err)
				continue
			}
			attribute, _ := sent.ContentAttributes.Text(cfchat.MarkAttribute)
			place := map[string]string{attribute: "content_attributes", sent.GetSourceID(): "source_id"}["order 17"]
			if place != c.want || attribute != "" && sent.GetSourceID() != "" || !slices.Contains(srv.Delivered(id), sent.ID) {
				t.Errorf("%s, %s: the mark is in %q; the messages %v went out", c.version, c.channel, place, srv.Delivered(id))
			}
		}
		if len(message.ContentAttributes) > 0 {
			t.Errorf("the caller's attributes became %v", message.ContentAttributes)
		}
		if got := askedOf(srv, "getDetailsOfAConversation"); got != min(c.gets, 1) {
			t.Errorf("%s, %s: the conversation was requested %d times, want %d", c.version, c.channel, got, min(c.gets, 1))
		}
		found, err := messages.FindSent(t.Context(), id, message, cfchat.SentSince{Time: time.Now()})
		if c.want == "" { // the advice is not circular: SendOnce refuses the same message, and names what does send it
			_, _, err := messages.SendOnce(t.Context(), id, cfchat.MessageCreate{Content: "hi", Mark: "m"})
			if !errors.Is(err, cfchat.ErrInvalidInput) || !strings.HasSuffix(err.Error(), "use Send without it, and FindSent on ErrUnknownOutcome") {
				t.Errorf("%s, %s: %v", c.version, c.channel, err)
			}
		}
		if c.want != "" && (err != nil || !found.Certain || found.Message.GetContent() != "hi") || c.want == "" && !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s, %s: found %+v, %v", c.version, c.channel, found, err)
		}
	}
}

// TestMarkRefused checks that invalid marks are refused before anything is sent.
func TestMarkRefused(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	id := conversationIn(srv, cfchat.ChannelAPI)
	botOnly := func(c *cfchat.Config) { c.Keys.User = auth.Key{} }
	bot := cfchat.WithKeys(auth.Keys{AgentBot: auth.NewKey(srv.BotKey())})
	user := cfchat.WithKeys(auth.Keys{User: auth.NewKey(srv.AdminKey())})
	hidden := func(c *cfchat.Config) {
		c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			if strings.HasSuffix(req.URL.Path, "/api") {
				return trial.Reply(404, "text/plain", ""), nil
			}
			return srv.Transport().RoundTrip(req)
		})}
	}
	all := func(*cfchat.Config) {}
	marked := cfchat.MessageCreate{Content: "hi", Mark: "m"}
	for _, c := range []struct {
		message cfchat.MessageCreate
		config  func(*cfchat.Config)
		opts    []cfchat.CallOption
		refused bool
	}{
		{marked, all, nil, false},
		{marked, botOnly, nil, true},
		{marked, botOnly, []cfchat.CallOption{user}, false},
		{marked, all, []cfchat.CallOption{bot}, false}, // the Config's key can look for it
		{marked, hidden, nil, true},
		{cfchat.MessageCreate{Content: "hi", Mark: "m", SourceID: "s"}, all, nil, true},
		{cfchat.MessageCreate{Content: "hi", Mark: "m", ContentAttributes: map[string]any{cfchat.MarkAttribute: "n"}}, all, nil, true},
		{cfchat.MessageCreate{Content: "hi", ContentAttributes: map[string]any{cfchat.MarkAttribute: "n"}}, all, nil, false},
		{cfchat.MessageCreate{Content: "hi", Mark: "m", ContentAttributes: map[string]any{"automation_rule_id": 1}}, all, nil, true},
		{cfchat.MessageCreate{Content: "hi", ContentAttributes: map[string]any{"automation_rule_id": 1, "a": "b"}}, all, nil, true},
		{cfchat.MessageCreate{Content: "hi", ContentAttributes: map[string]any{"automation_rule_id": 1}}, all, nil, false},
		{cfchat.MessageCreate{Content: "hi", Mark: strings.Repeat("ä", 255)}, all, nil, false},
		{cfchat.MessageCreate{Content: "hi", Mark: strings.Repeat("ä", 256)}, all, nil, true},
		{cfchat.MessageCreate{Content: "hi", Mark: "a\x00"}, all, nil, true},
	} {
		before := askedOf(srv, "createANewMessageInAConversation")
		_, err := srv.Account(t, c.config).Messages.Send(t.Context(), id, c.message, c.opts...)
		sent := askedOf(srv, "createANewMessageInAConversation") > before
		if errors.Is(err, cfchat.ErrInvalidInput) != c.refused || sent == c.refused || !c.refused && err != nil {
			t.Errorf("%+v: %v, sent %t", c.message, err, sent)
		}
	}
}

// TestMarkByBot checks that the Config's user key is used to look for what a call's bot sends, and to find out where the
// mark goes.
func TestMarkByBot(t *testing.T) {
	srv := cfchattest.New(t)
	id, messages := conversationIn(srv, cfchat.ChannelAPI), srv.Account(t, userOnly).Messages
	bot := cfchat.WithKeys(auth.Keys{AgentBot: auth.NewKey(srv.BotKey())})
	message := cfchat.MessageCreate{Content: "hi", Mark: "m"}
	sent, now, err := messages.SendOnce(t.Context(), id, message, bot)
	if err != nil || !now || sent.Sender.Type != cfchat.SenderKindAgentBot {
		t.Errorf("%+v, %t, %v", sent, now, err)
	}
	if found, err := messages.FindSent(t.Context(), id, message, cfchat.SentSince{}, bot); err != nil || !found.Certain {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestMarkNotKept checks the error for a mark that the server does not keep: it says that the message was sent, and cannot
// be mistaken for a refusal.
func TestMarkNotKept(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.8.0"))
	id := conversationIn(srv, cfchat.ChannelEmail)
	wrong := func(c *cfchat.Config) { c.ServerVersion = "4.9.0" }
	_, err := srv.Account(t, wrong).Messages.Send(t.Context(), id, cfchat.MessageCreate{Content: "hi", Mark: "m"})
	if !errors.Is(err, cfchat.ErrDecode) || !errors.Is(err, cfchat.ErrUnknownOutcome) || len(srv.Delivered(id)) != 1 {
		t.Errorf("%v", err)
	}
}

// TestFindSent looks for a message among others.
func TestFindSent(t *testing.T) {
	const text = " it's {{odd}} `text`\nof {% two %} lines "
	hi, marked := cfchat.MessageCreate{Content: text}, cfchat.MessageCreate{Content: text, Mark: "m"}
	type place struct {
		*testing.T
		cfchat.MessagesService

		srv  *cfchattest.Server
		id   int64
		user string // another user's key
	}
	send := func(p place, message cfchat.MessageCreate, opts ...cfchat.CallOption) *cfchat.Message {
		sent, err := p.Send(p.Context(), p.id, message, opts...)
		if err != nil {
			p.Fatal(err)
		}
		return sent
	}
	sent := func(message cfchat.MessageCreate) func(p place) { return func(p place) { send(p, message) } }
	for name, c := range map[string]struct {
		since   string // the first version; "" for 2.16.0
		before  func(place)
		message cfchat.MessageCreate
		want    string // certain, doubtful, or "" if nothing is found
	}{
		"nothing":               {"", func(place) {}, hi, ""},
		"by text":               {"", sent(hi), hi, "doubtful"},
		"another text":          {"", sent(cfchat.MessageCreate{Content: "ho"}), hi, ""},
		"a note":                {"", sent(cfchat.MessageCreate{Content: text, Private: true}), hi, ""},
		"not a note":            {"", sent(hi), cfchat.MessageCreate{Content: text, Private: true}, ""},
		"from the contact":      {"", sent(cfchat.MessageCreate{Content: text, MessageType: cfchat.MessageKindIncoming}), hi, ""},
		"both from the contact": {"", sent(cfchat.MessageCreate{Content: text, MessageType: cfchat.MessageKindIncoming}), cfchat.MessageCreate{Content: text, MessageType: cfchat.MessageKindIncoming}, "doubtful"},
		"a template":            {"", sent(cfchat.MessageCreate{Content: "{{contact.name}}", Template: true}), cfchat.MessageCreate{Content: "{{contact.name}}", Template: true}, "doubtful"},
		"from another user":     {"", func(p place) { send(p, hi, cfchat.WithKeys(auth.Keys{User: auth.NewKey(p.user)})) }, hi, ""},
		"from a bot":            {"", func(p place) { send(p, hi, cfchat.WithKeys(auth.Keys{AgentBot: auth.NewKey(p.srv.BotKey())})) }, hi, ""},
		"deleted": {"", func(p place) {
			if _, err := p.Delete(p.Context(), p.id, send(p, hi).ID); err != nil {
				p.Fatal(err)
			}
		}, hi, "doubtful"},
		"by mark":               {"3.4.0", sent(marked), marked, "certain"},
		"another mark":          {"3.4.0", sent(cfchat.MessageCreate{Content: text, Mark: "n"}), marked, ""},
		"sent without a mark":   {"3.4.0", sent(hi), marked, "doubtful"},
		"by mark, another text": {"3.4.0", sent(cfchat.MessageCreate{Content: "ho", Mark: "m"}), marked, "certain"},
		"by mark, among others": {"3.4.0", func(p place) { send(p, hi); send(p, marked) }, marked, "certain"},
		"deleted with its mark": {"4.9.0", func(p place) {
			if _, err := p.Delete(p.Context(), p.id, send(p, marked).ID); err != nil {
				p.Fatal(err)
			}
		}, marked, "doubtful"},
		"resent": {"4.9.0", func(p place) {
			if _, err := p.Resend(p.Context(), p.id, send(p, marked).ID); err != nil {
				p.Fatal(err)
			}
		}, marked, "doubtful"},
		"sent to an older version": {"4.9.0", sent(cfchat.MessageCreate{Content: "ho", SourceID: "m"}), marked, "doubtful"},
		"sought without a mark":    {"4.9.0", sent(marked), hi, ""},
	} {
		for _, version := range []string{"2.16.0", "3.4.0", "4.7.0", "4.9.0", "4.16.2"} {
			if version < c.since {
				continue
			}
			srv := cfchattest.New(t, cfchattest.Version(version))
			_, key := srv.AddAgent(cfchattest.Agent{Name: "Bo", Administrator: true})
			p := place{t, srv.Account(t, userOnly).Messages, srv, conversationIn(srv, cfchat.ChannelAPI), key}
			began := time.Now()
			c.before(p)
			found, err := p.FindSent(t.Context(), p.id, c.message, cfchat.SentSince{Time: began})
			got := ""
			switch {
			case err == nil && found.Certain:
				got = "certain"
			case err == nil:
				got = "doubtful"
			case !errors.Is(err, cfchat.ErrUnknownOutcome):
				t.Errorf("%s, %s: %v", name, version, err)
			}
			if got != c.want {
				t.Errorf("%s, %s: found %q, want %q: %+v", name, version, got, c.want, found)
			}
		}
	}
}

// TestFindSentSender checks that the keys of the call determine whose message may be found: the one key's owner's, or either
// owner's.
func TestFindSentSender(t *testing.T) {
	srv := cfchattest.New(t)
	other, otherKey := srv.AddBot(cfchattest.Bot{Name: "Bo"})
	_ = otherKey
	const user, bot, either = auth.UserAPIKey, auth.AgentBotAPIKey, auth.Scheme("")
	with := func(scheme auth.Scheme) context.Context {
		if scheme == either {
			return t.Context()
		}
		return auth.WithScheme(t.Context(), scheme)
	}
	asOther := cfchat.MessageCreate{Content: "hi", SenderType: cfchat.SenderTypeAgentBot, SenderID: other}
	for name, c := range map[string]struct {
		by, as  auth.Scheme
		sent    cfchat.MessageCreate
		message cfchat.MessageCreate
		want    bool
	}{
		"bot's, sought for either":       {bot, either, cfchat.MessageCreate{Content: "hi"}, cfchat.MessageCreate{Content: "hi"}, true},
		"user's, sought for either":      {user, either, cfchat.MessageCreate{Content: "hi"}, cfchat.MessageCreate{Content: "hi"}, true},
		"user's, sought for bot":         {user, bot, cfchat.MessageCreate{Content: "hi"}, cfchat.MessageCreate{Content: "hi"}, false},
		"bot's, sought for user":         {bot, user, cfchat.MessageCreate{Content: "hi"}, cfchat.MessageCreate{Content: "hi"}, false},
		"bot's, sought for bot":          {bot, bot, cfchat.MessageCreate{Content: "hi"}, cfchat.MessageCreate{Content: "hi"}, true},
		"as a bot":                       {user, user, asOther, asOther, true},
		"bot's, sought for another bot":  {bot, user, cfchat.MessageCreate{Content: "hi"}, asOther, false},
		"sent as a bot, sought for user": {user, user, asOther, cfchat.MessageCreate{Content: "hi"}, false},
	} {
		id, messages := conversationIn(srv, cfchat.ChannelAPI), srv.Account(t).Messages
		began := time.Now()
		if _, err := messages.Send(with(c.by), id, c.sent); err != nil {
			t.Fatal(err)
		}
		if found, err := messages.FindSent(with(c.as), id, c.message, cfchat.SentSince{Time: began}); (err == nil) != c.want {
			t.Errorf("%s: %+v, %v", name, found, err)
		}
	}
}

// TestFindSentTime checks that a message that is not there counts as not stored after a minute by whichever clock allows
// more time, and that a message from before the start counts as another one.
func TestFindSentTime(t *testing.T) {
	for _, skew := range []time.Duration{0, 5 * time.Minute, -5 * time.Minute} {
		for _, byServer := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				srv := cfchattest.New(t, cfchattest.Clock(func() time.Time { return time.Now().Add(skew) }))
				id, messages := conversationIn(srv, cfchat.ChannelAPI), srv.Account(t, userOnly).Messages
				hi := cfchat.MessageCreate{Content: "hi"}
				if _, err := messages.Send(t.Context(), id, hi); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Second)
				began := time.Now()
				if byServer {
					began = began.Add(skew)
				}
				look := func() error {
					_, err := messages.FindSent(t.Context(), id, hi, cfchat.SentSince{Time: began})
					return err
				}
				if err := look(); skew > 0 && !byServer || skew < 0 && byServer { // it appears to have been sent later
					if err != nil {
						t.Errorf("%s, %t: %v", skew, byServer, err)
					}
					hi.Content = "ho"
				} else if !errors.Is(err, cfchat.ErrUnknownOutcome) {
					t.Errorf("%s, %t: immediately: %v", skew, byServer, err)
				}
				time.Sleep(59 * time.Second)
				if err := look(); !errors.Is(err, cfchat.ErrUnknownOutcome) || errors.Is(err, cfchat.ErrNotFound) {
					t.Errorf("%s, %t: after 59 s: %v", skew, byServer, err)
				}
				time.Sleep(2 * time.Second)
				late := skew < 0 != byServer && skew != 0
				if err := look(); errors.Is(err, cfchat.ErrUnknownOutcome) != late || errors.Is(err, cfchat.ErrNotFound) == late {
					t.Errorf("%s, %t: after a minute: %v", skew, byServer, err)
				}
				if time.Sleep(5 * time.Minute); !errors.Is(look(), cfchat.ErrNotFound) {
					t.Errorf("%s, %t: after six minutes: %v", skew, byServer, look())
				}
			})
		}
	}
}

// TestFindSentAfterSend checks that the minute counts from the end of a Send, which may have waited long.
func TestFindSentAfterSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		id, hi := conversationIn(srv, cfchat.ChannelAPI), cfchat.MessageCreate{Content: "hi"}
		messages := srv.Account(t, func(c *cfchat.Config) {
			c.Limiter = slow{}
			c.HTTPClient = &http.Client{Transport: outcomes{srv, func() string { return "lost before" }}}
		}).Messages
		began := time.Now()
		_, sent := messages.Send(t.Context(), id, hi)
		if _, err := messages.FindSent(t.Context(), id, hi, cfchat.SentSince{Time: began}); !errors.Is(sent, cfchat.ErrUnknownOutcome) || !errors.Is(err, cfchat.ErrUnknownOutcome) {
			t.Errorf("%v, %v", sent, err)
		}
		time.Sleep(time.Minute)
		if _, err := messages.FindSent(t.Context(), id, hi, cfchat.SentSince{Time: began}); !errors.Is(err, cfchat.ErrNotFound) {
			t.Error(err)
		}
	})
}

// slow is a Limiter that makes a write wait for two minutes.
type slow struct{}

func (slow) Wait(ctx context.Context) error {
	if id, _ := cfchat.OperationOf(ctx); id == "createANewMessageInAConversation" {
		time.Sleep(2 * time.Minute)
	}
	return nil
}

// TestFindSentSettles checks that the outcome settles later if a try may take longer, and never without a time.
func TestFindSentSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		id, hi := conversationIn(srv, cfchat.ChannelAPI), cfchat.MessageCreate{Content: "hi"}
		patient := srv.Account(t, func(c *cfchat.Config) { c.Timeout = time.Minute }).Messages
		began := time.Now()
		time.Sleep(119 * time.Second)
		if _, err := patient.FindSent(t.Context(), id, hi, cfchat.SentSince{Time: began}); !errors.Is(err, cfchat.ErrUnknownOutcome) {
			t.Error(err)
		}
		if _, err := srv.Account(t).Messages.FindSent(t.Context(), id, hi, cfchat.SentSince{MessageID: 1}); !errors.Is(err, cfchat.ErrUnknownOutcome) {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if _, err := patient.FindSent(t.Context(), id, hi, cfchat.SentSince{Time: began}); !errors.Is(err, cfchat.ErrNotFound) {
			t.Error(err)
		}
		for version := range map[string]bool{"4.7.0": true, "4.9.0": true} { // the conversation is a 404, in either request
			srv := cfchattest.New(t, cfchattest.Version(version))
			marked := cfchat.MessageCreate{Content: "hi", Mark: "m"}
			_, err := srv.Account(t).Messages.FindSent(t.Context(), 99, marked, cfchat.SentSince{Time: began})
			if e, ok := errors.AsType[*cfchat.Error](err); !ok || e.StatusCode != 404 || errors.Is(err, cfchat.ErrNotFound) {
				t.Errorf("%s: %v", version, err)
			}
		}
	})
}

// windows is a conversation as the server shows it, whose messages' ids and times need not agree.
type windows struct {
	rows     []row // in order of time
	broken   int64 // the id of a message that makes any response with it a 500
	takes    time.Duration
	requests int
}

type row struct {
	id   int64
	text string
}

func (w *windows) RoundTrip(req *http.Request) (*http.Response, error) {
	w.requests++
	var after, before int64
	_, _ = fmt.Sscan(req.URL.Query().Get("after")+" "+req.URL.Query().Get("before"), &after, &before)
	time.Sleep(w.takes)
	if w.broken >= after && w.broken < before {
		return trial.Reply(500, "text/html", ""), nil
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	var rows []string
	for i := range w.rows {
		if r := &w.rows[i]; r.id >= after && r.id < before && len(rows) < 1000 {
			rows = append(rows, `{"id":`+strconv.FormatInt(r.id, 10)+`,"conversation_id":42,"content":"`+r.text+
				`","content_type":"text","message_type":1,"private":false,"created_at":`+now+`}`)
		}
	}
	return trial.Reply(200, "application/json", `{"meta":{},"payload":[`+strings.Join(rows, ",")+"]}"), nil
}

// TestFindSentReadsAll checks that each message of a long conversation is found, even if ids and times disagree.
func TestFindSentReadsAll(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 999, 1000, 1100, 2500} {
		for _, shuffled := range []bool{false, true} {
			w := windows{}
			id := int64(0)
			for range size {
				id += 1 + rand.Int64N(5)
				w.rows = append(w.rows, row{id, fmt.Sprint("text ", id)})
			}
			if shuffled {
				rand.Shuffle(size, func(i, j int) { w.rows[i], w.rows[j] = w.rows[j], w.rows[i] })
			}
			messages := trial.Chat(t, &w).Account(trial.AccountID).Messages
			for range min(size, part(6)) {
				one := w.rows[rand.IntN(size)]
				found, err := messages.FindSent(t.Context(), 42, cfchat.MessageCreate{Content: one.text}, cfchat.SentSince{MessageID: one.id / 2})
				if err != nil || found.Message.ID != one.id {
					t.Fatalf("%d messages, shuffled %t: message %d is not found: %v", size, shuffled, one.id, err)
				}
			}
			w.requests = 0
			_, err := messages.FindSent(t.Context(), 42, cfchat.MessageCreate{Content: "none"}, cfchat.SentSince{})
			if most := 1 + size/1000*5; !errors.Is(err, cfchat.ErrUnknownOutcome) || w.requests > most {
				t.Errorf("%d messages, shuffled %t: %d requests, want at most %d: %v", size, shuffled, w.requests, most, err)
			}
			t.Logf("%d messages, shuffled %t: %d requests", size, shuffled, w.requests)
		}
	}
}

// TestFindSentUnreadable checks that an unreadable message may be the one sought, unless it is before the range that is
// searched.
func TestFindSentUnreadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := windows{rows: []row{{1, "a"}, {2, "b"}, {4, "c"}, {5, "d"}}, broken: 3}
		messages := trial.Chat(t, &w).Account(trial.AccountID).Messages
		find := func(text string, after int64) (*cfchat.Sent, error) {
			since := cfchat.SentSince{MessageID: after, Time: time.Now().Add(-time.Hour)}
			return messages.FindSent(t.Context(), 42, cfchat.MessageCreate{Content: text}, since)
		}
		if found, err := find("d", 0); err != nil || found.Message.ID != 5 {
			t.Errorf("the message after the unreadable one is not found: %v", err)
		}
		_, err := find("none", 0)
		if !errors.Is(err, cfchat.ErrUnknownOutcome) || errors.Is(err, cfchat.ErrNotFound) || !strings.Contains(err.Error(), "message 3 cannot be read, and may be it") {
			t.Error(err)
		}
		if _, err := find("none", 3); !errors.Is(err, cfchat.ErrNotFound) {
			t.Errorf("searching after the unreadable message: %v", err)
		}
	})
}

// TestFindSentWhileItSettles checks that a search does not report that nothing was stored if it began while a message could
// still be stored.
func TestFindSentWhileItSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := windows{takes: 10 * time.Second}
		messages := trial.Chat(t, &w).Account(trial.AccountID).Messages
		since := cfchat.SentSince{Time: time.Now().Add(-55 * time.Second)}
		if _, err := messages.FindSent(t.Context(), 42, cfchat.MessageCreate{Content: "none"}, since); !errors.Is(err, cfchat.ErrUnknownOutcome) || !strings.HasSuffix(err.Error(), "look again in 5s") {
			t.Error(err)
		}
		if _, err := messages.FindSent(t.Context(), 42, cfchat.MessageCreate{Content: "none"}, since); !errors.Is(err, cfchat.ErrNotFound) {
			t.Error(err)
		}
	})
}

// outcomes is a transport that gives each POST of a message one of the outcomes that a client may see.
type outcomes struct {
	srv  *cfchattest.Server
	next func() string
}

func (o outcomes) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPost {
		return o.srv.Transport().RoundTrip(req)
	}
	what := o.next()
	switch what {
	case "lost before":
		return nil, io.ErrUnexpectedEOF
	case "failed before":
		return trial.Reply(500, "text/html", ""), nil
	case "stored later":
		later := req.Clone(context.WithoutCancel(req.Context()))
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		later.Body = io.NopCloser(strings.NewReader(string(body)))
		go func() {
			time.Sleep(time.Duration(rand.Int64N(int64(59 * time.Second))))
			_, _ = o.srv.Transport().RoundTrip(later)
		}()
		return nil, io.ErrUnexpectedEOF
	}
	resp, err := o.srv.Transport().RoundTrip(req)
	switch what {
	case "lost after":
		return nil, io.ErrUnexpectedEOF
	case "failed after":
		return trial.Reply(500, "text/html", ""), nil
	case "refused after":
		return trial.Reply(422, "application/json", `{"error":"Redis::CannotConnectError"}`), nil
	}
	return resp, err
}

var allOutcomes = []string{"good", "lost before", "failed before", "stored later", "lost after", "failed after", "refused after"}

// TestSendOnce checks that successive calls send one message, whatever the outcome of each request, whether the calls use
// the same Chat or new ones whose program has recorded when it last called.
func TestSendOnce(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 17))
			version := []string{"3.4.0", "4.7.0", "4.9.0", "4.16.2"}[random.IntN(4)]
			srv := cfchattest.New(t, cfchattest.Version(version))
			id := conversationIn(srv, cfchat.ChannelAPI)
			var played []string
			over := func(c *cfchat.Config) {
				c.HTTPClient = &http.Client{Transport: outcomes{srv, func() string {
					played = append(played, allOutcomes[random.IntN(len(allOutcomes))])
					return played[len(played)-1]
				}}}
			}
			messages := srv.Account(t, over).Messages
			hi := cfchat.MessageCreate{Content: "{hi}", Mark: "m"}
			var tried []cfchat.CallOption
			var now bool
			var sent *cfchat.Message
			err := errors.New("never")
			calls := 0
			for ; err != nil; calls++ {
				began := time.Now()
				sent, now, err = messages.SendOnce(t.Context(), id, hi, tried...)
				tried = nil
				if err != nil && !errors.Is(err, cfchat.ErrUnknownOutcome) {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if random.IntN(3) == 0 { // the program is killed and restarted
					messages = srv.Account(t, over).Messages
					tried = []cfchat.CallOption{cfchat.TriedSince(cfchat.SentSince{Time: began}, time.Now())}
				}
				time.Sleep(time.Duration(random.Int64N(int64(30 * time.Second))))
			}
			if last := played[len(played)-1]; now != (last == "good") {
				t.Errorf("seed %d: sent by the last call %t, after %v", seed, now, played)
			}
			time.Sleep(time.Minute)
			again, now, err := messages.SendOnce(t.Context(), id, hi, tried...)
			if got := textsOf(t, srv, id); len(got) != 1 || got[0] != "{hi}" || err != nil || now || again.ID != sent.ID {
				t.Errorf("seed %d: %d messages after %d calls, %v: %v", seed, len(got), calls, played, err)
			}
			for _, what := range played {
				count[what]++
			}
		})
	}
	t.Log(count)
}

// TestSendOnceRequests counts the requests of SendOnce.
func TestSendOnceRequests(t *testing.T) {
	for version, want := range map[string]int{"4.7.0": 4, "4.16.2": 3} { // the version, the conversation, the search, the message
		srv := cfchattest.New(t, cfchattest.Version(version))
		id, messages := conversationIn(srv, cfchat.ChannelAPI), srv.Account(t).Messages
		for i := range 2 { // the second time only the search and the message
			before := len(srv.Requests())
			if _, now, err := messages.SendOnce(t.Context(), id, cfchat.MessageCreate{Content: "hi", Mark: fmt.Sprint(i)}); err != nil || !now {
				t.Error(err)
			}
			if got := len(srv.Requests()) - before; got != want {
				t.Errorf("%s: %d requests, want %d", version, got, want)
			}
			want = 2
		}
		before := len(srv.Requests())
		if _, now, err := messages.SendOnce(t.Context(), id, cfchat.MessageCreate{Content: "hi", Mark: "0"}); err != nil || now || len(srv.Requests()) != before+1 {
			t.Errorf("%s: %t, %v", version, now, err)
		}
	}
}

// TestSendOnceConcurrently checks that many concurrent calls of one Chat send one message per mark.
func TestSendOnceConcurrently(t *testing.T) {
	srv := cfchattest.New(t)
	id, messages := conversationIn(srv, cfchat.ChannelAPI), srv.Account(t).Messages
	var all sync.WaitGroup
	for i := range 24 {
		all.Go(func() {
			if _, _, err := messages.SendOnce(t.Context(), id, cfchat.MessageCreate{Content: "hi", Mark: fmt.Sprint(i % 3)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := textsOf(t, srv, id); len(got) != 3 {
		t.Errorf("%d messages, want 3", len(got))
	}
}

// TestSendOnceUnknown checks that nothing is sent while an earlier try may still arrive, and that a message that may be the
// one is returned if the mark is lost.
func TestSendOnceUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
		id, play := conversationIn(srv, cfchat.ChannelAPI), "lost before"
		messages := srv.Account(t, userOnly, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: outcomes{srv, func() string { return play }}}
		}).Messages
		posts := func() int { return askedOf(srv, "createANewMessageInAConversation") }
		hi := cfchat.MessageCreate{Content: "hi", Mark: "m"}
		once := func(opts ...cfchat.CallOption) (*cfchat.Message, bool, error) {
			return messages.SendOnce(t.Context(), id, hi, opts...)
		}
		for range 3 {
			if _, now, err := once(); !errors.Is(err, cfchat.ErrUnknownOutcome) || now || posts() > 0 {
				t.Errorf("%t, %v", now, err)
			}
			play = "good"
			time.Sleep(20 * time.Second)
		}
		first, now, err := once()
		if err != nil || !now || posts() != 1 {
			t.Fatalf("after a minute: %t, %v", now, err)
		}
		began := time.Now()
		for _, lose := range []func(context.Context, int64, int64, ...cfchat.CallOption) (*cfchat.Message, error){messages.Resend, messages.Delete} {
			if _, err := lose(t.Context(), id, first.ID); err != nil {
				t.Fatal(err)
			}
			may, now, err := once(cfchat.TriedSince(cfchat.SentSince{Time: began}, time.Now()))
			if !errors.Is(err, cfchat.ErrUnknownOutcome) || now || may == nil || may.ID != first.ID || posts() != 1 {
				t.Errorf("%+v, %v", may, err)
			}
		}
	})
}

// TestSendOnceWaitEnds checks that nothing is sent if the context ends while another call has its turn.
func TestSendOnceWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		id, one := conversationIn(srv, cfchat.ChannelAPI), cfchat.MessageCreate{Content: "hi", Mark: "m"}
		messages := srv.Account(t, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				time.Sleep(time.Second)
				return srv.Transport().RoundTrip(req)
			})}
		}).Messages
		var first sync.WaitGroup
		first.Go(func() {
			if _, now, err := messages.SendOnce(t.Context(), id, one); err != nil || !now {
				t.Errorf("the first call: %t, %v", now, err)
			}
		})
		time.Sleep(time.Millisecond)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if sent, now, err := messages.SendOnce(ctx, id, one); sent != nil || now || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the second call: %+v, %t, %v", sent, now, err)
		}
		first.Wait()
		if got := textsOf(t, srv, id); len(got) != 1 {
			t.Errorf("%d messages are stored, want 1", len(got))
		}
	})
}

// TestSendOnceAfterSend checks that a Send with the same mark and an unknown outcome counts as a try.
func TestSendOnceAfterSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t)
		id, one := conversationIn(srv, cfchat.ChannelAPI), cfchat.MessageCreate{Content: "hi", Mark: "m"}
		play := "stored later"
		messages := srv.Account(t, userOnly, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: outcomes{srv, func() string { return play }}}
		}).Messages
		if _, err := messages.Send(t.Context(), id, one); !errors.Is(err, cfchat.ErrUnknownOutcome) {
			t.Fatal(err)
		}
		play = "good"
		if _, now, err := messages.SendOnce(t.Context(), id, cfchat.MessageCreate{Content: "ho", Mark: "n"}); err != nil || !now {
			t.Errorf("with another mark: %t, %v", now, err)
		}
		_, now, err := messages.SendOnce(t.Context(), id, one)
		time.Sleep(time.Minute)
		if got := textsOf(t, srv, id); len(got) != 2 || now {
			t.Errorf("stored are %q; now %t, %v", got, now, err)
		}
	})
}

// TestMarkWhileDown checks that a server that is briefly unreachable does not make a mark invalid, and that nothing about it
// is remembered.
func TestMarkWhileDown(t *testing.T) {
	for name, down := range map[string]func() (*http.Response, error){
		"503":     func() (*http.Response, error) { return trial.Reply(503, "text/html", "<html>"), nil },
		"429":     func() (*http.Response, error) { return trial.Reply(429, "text/plain", "Retry later"), nil },
		"refused": func() (*http.Response, error) { return nil, trial.ErrRefused },
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := cfchattest.New(t)
			id, one, isDown := conversationIn(srv, cfchat.ChannelAPI), cfchat.MessageCreate{Content: "hi", Mark: "m"}, true
			messages := srv.Account(t, userOnly, func(c *cfchat.Config) {
				c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
					if isDown {
						return down()
					}
					return srv.Transport().RoundTrip(req)
				})}
			}).Messages
			for range 2 {
				if _, _, err := messages.SendOnce(t.Context(), id, one); !errors.Is(err, cfchat.ErrNotSent) || errors.Is(err, cfchat.ErrInvalidInput) {
					t.Errorf("%s: %v", name, err)
				}
			}
			isDown = false
			if _, now, err := messages.SendOnce(t.Context(), id, one); err != nil || !now {
				t.Errorf("%s: up again: %t, %v", name, now, err)
			}
		})
	}
}

// TestFindSentWithoutDate checks that no message is ruled out by a clock that is unknown.
func TestFindSentWithoutDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := cfchattest.Clock(func() time.Time { return time.Now().Add(-10 * time.Second) })
		srv := cfchattest.New(t, behind)
		id, one := conversationIn(srv, cfchat.ChannelAPI), cfchat.MessageCreate{Content: "hi"}
		messages := srv.Account(t, userOnly, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				resp, err := srv.Transport().RoundTrip(req)
				if err != nil || req.Method == http.MethodPost {
					return nil, io.ErrUnexpectedEOF
				}
				resp.Header.Del("Date")
				return resp, nil
			})}
		}).Messages
		began := time.Now()
		if _, err := messages.Send(t.Context(), id, one); !errors.Is(err, cfchat.ErrUnknownOutcome) {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if found, err := messages.FindSent(t.Context(), id, one, cfchat.SentSince{Time: began}); err != nil || found.Certain {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

// TestSendOnceUnknownBot checks that each call reports that the message was not sent as the requested bot.
func TestSendOnceUnknownBot(t *testing.T) {
	srv := cfchattest.New(t)
	id := conversationIn(srv, cfchat.ChannelAPI)
	as := cfchat.MessageCreate{Content: "hi", Mark: "m", SenderType: cfchat.SenderTypeAgentBot, SenderID: 4711}
	for range 2 {
		sent, now, err := srv.Account(t, userOnly).Messages.SendOnce(t.Context(), id, as)
		if sent == nil || now || !errors.Is(err, cfchat.ErrUnknownOutcome) || !errors.Is(err, cfchat.ErrDecode) || !strings.Contains(err.Error(), "not as agent bot 4711") {
			t.Errorf("%+v, %t, %v", sent, now, err)
		}
	}
	if got := textsOf(t, srv, id); len(got) != 1 {
		t.Errorf("%d messages are stored, want 1", len(got))
	}
}

// TestSendOnceWhenSearchFails checks that SendOnce returns ErrNotSent with the cause if a request before the message fails,
// and that Send with a Mark does the same.
func TestSendOnceWhenSearchFails(t *testing.T) {
	marked := cfchat.MessageCreate{Content: "hi", Mark: "m"}
	for _, c := range []struct {
		version, fails string
		status         int
		cause          error
		send           bool // by Send, otherwise by SendOnce
		because        string
	}{
		{"4.16.2", "listAllMessages", 401, cfchat.ErrUnauthorized, false, "the search for it failed"},
		{"4.16.2", "listAllMessages", 503, cfchat.ErrServer, false, "the search for it failed"},
		{"4.7.0", "getDetailsOfAConversation", 404, cfchat.ErrNotFound, false, "the search for it failed"},
		{"4.7.0", "getDetailsOfAConversation", 401, cfchat.ErrUnauthorized, true, "it is not known where its Mark goes"},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := cfchattest.New(t, cfchattest.Version(c.version))
			id := conversationIn(srv, cfchat.ChannelAPI)
			messages := srv.Account(t, func(config *cfchat.Config) {
				config.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
					if operation, _ := cfchat.OperationOf(req.Context()); operation == c.fails {
						return trial.Reply(c.status, "application/json", `{"error":"x"}`), nil
					}
					return srv.Transport().RoundTrip(req)
				})}
			}).Messages
			var err error
			if c.send {
				_, err = messages.Send(t.Context(), id, marked)
			} else {
				_, _, err = messages.SendOnce(t.Context(), id, marked)
			}
			if !errors.Is(err, cfchat.ErrNotSent) || !errors.Is(err, c.cause) || strings.Contains(err.Error(), "nothing was sent") ||
				strings.Contains(err.Error(), "again") || !strings.HasSuffix(err.Error(), "it was not sent, because "+c.because) {
				t.Errorf("%+v: %v", c, err)
			}
		})
	}
}

// TestSendOnceReportsWait checks that the text and the error report how long a message may still be stored.
func TestSendOnceReportsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
		id, play := conversationIn(srv, cfchat.ChannelAPI), "lost before"
		messages := srv.Account(t, func(c *cfchat.Config) {
			c.HTTPClient = &http.Client{Transport: outcomes{srv, func() string { return play }}}
		}).Messages
		hi := cfchat.MessageCreate{Content: "hi", Mark: "m"}
		tells := func(err error, text string, wait time.Duration) {
			t.Helper()
			e, ok := errors.AsType[*cfchat.Error](err)
			if !ok || e.RetryAfter != wait || !strings.HasSuffix(err.Error(), text) || strings.Contains(err.Error(), "minute begins") {
				t.Errorf("RetryAfter is %s, want %s: %v", e.RetryAfter, wait, err)
			}
		}
		_, _, err := messages.SendOnce(t.Context(), id, hi)
		tells(err, `the message marked "m" is not there now, and may still be stored; call again in 1m0s`, time.Minute)
		play = "failed before"
		_, _, err = messages.SendOnce(t.Context(), id, cfchat.MessageCreate{Content: "hi", Mark: "n"})
		tells(err, `the message marked "n" is not there now, and may still be stored; call again in 1m0s`, time.Minute)
		time.Sleep(20 * time.Second)
		_, _, err = messages.SendOnce(t.Context(), id, hi)
		tells(err, "look again in 40s", 40*time.Second)
		_, err = messages.FindSent(t.Context(), id, cfchat.MessageCreate{Content: "other"}, cfchat.SentSince{Time: time.Now()})
		tells(err, "look again in 1m0s", time.Minute)
	})
}

// TestTriedSince checks that the minute counts from when the tries ended.
func TestTriedSince(t *testing.T) {
	srv := cfchattest.New(t)
	id, now := conversationIn(srv, cfchat.ChannelAPI), time.Now()
	tried := cfchat.TriedSince(cfchat.SentSince{Time: now.Add(-time.Hour)}, now)
	_, _, err := srv.Account(t).Messages.SendOnce(t.Context(), id, cfchat.MessageCreate{Content: "hi", Mark: "m"}, tried)
	if !errors.Is(err, cfchat.ErrUnknownOutcome) || len(srv.Delivered(id)) > 0 {
		t.Errorf("%v", err)
	}
}

// TestSendOnceCanceled checks that SendOnce returns what is known, whenever the context ends.
func TestSendOnceCanceled(t *testing.T) {
	for ends, want := range map[int]struct{ unknown, stored bool }{1: {}, 2: {}, 3: {}, 4: {true, true}, 5: {true, true}} {
		synctest.Test(t, func(t *testing.T) {
			srv := cfchattest.New(t)
			id := conversationIn(srv, cfchat.ChannelAPI)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			requests := 0
			messages := srv.Account(t, func(c *cfchat.Config) {
				c.HTTPClient = &http.Client{Transport: trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
					resp, err := srv.Transport().RoundTrip(req)
					if requests++; requests == ends {
						cancel()
						return nil, ctx.Err()
					}
					if requests == 4 { // the message
						return nil, io.ErrUnexpectedEOF
					}
					return resp, err
				})}
			}).Messages
			_, now, err := messages.SendOnce(ctx, id, cfchat.MessageCreate{Content: "hi", Mark: "m"})
			if now || !errors.Is(err, context.Canceled) && ends != 5 || errors.Is(err, cfchat.ErrUnknownOutcome) != want.unknown || len(srv.Delivered(id)) > 0 != want.stored {
				t.Errorf("canceled at request %d: %v; the messages %v went out", ends, err, srv.Delivered(id))
			}
			if found, now, err := messages.SendOnce(t.Context(), id, cfchat.MessageCreate{Content: "hi", Mark: "m"}); len(textsOf(t, srv, id)) > 1 {
				t.Errorf("canceled at request %d: more than one message is stored: %t, %v, %v", ends, now, found, err)
			}
		})
	}
}
