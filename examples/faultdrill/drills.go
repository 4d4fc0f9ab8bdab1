package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// call is a program's call about conversation 1.
type call struct {
	name, operation string
	do              func(context.Context, *cfchat.Account, cfchat.CallOption) error
	stored          func(cfchat.Conversation) bool // whether it is; nil for a read
}

var (
	get = call{"Get", "getDetailsOfAConversation", func(ctx context.Context, account *cfchat.Account, o cfchat.CallOption) error {
		_, err := account.Conversations.Get(ctx, 1, o)
		return err
	}, nil}
	getOther = call{"Get", get.operation, func(ctx context.Context, account *cfchat.Account, o cfchat.CallOption) error {
		_, err := account.Conversations.Get(ctx, 2, o)
		return err
	}, nil}
	findByEmail = call{"FindByEmail", "contactFilter", func(ctx context.Context, account *cfchat.Account, o cfchat.CallOption) error {
		_, err := account.Contacts.FindByEmail(ctx, "mia@customer.test", o)
		return err
	}, nil}
	filter = filterBy(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen))

	resolve = setStatus(cfchat.StatusResolved)
	closed  = setStatus("closed")

	send = call{"Send", "createANewMessageInAConversation", func(ctx context.Context, account *cfchat.Account, o cfchat.CallOption) error {
		_, err := account.Messages.Send(ctx, 1, cfchat.MessageCreate{Content: "It is on its way."}, o)
		return err
	}, func(c cfchat.Conversation) bool { return c.LastNonActivityMessage != nil }}
	addLabels = call{"AddLabels", "conversationAddLabels", func(ctx context.Context, account *cfchat.Account, o cfchat.CallOption) error {
		_, err := account.Conversations.AddLabels(ctx, 1, []string{"vip"}, o)
		return err
	}, func(c cfchat.Conversation) bool { return slices.Contains(c.Labels, "vip") }}
)

func filterBy(rule cfchat.Rule) call {
	return call{"Filter", "conversationFilter", func(ctx context.Context, account *cfchat.Account, o cfchat.CallOption) error {
		_, err := account.Conversations.Filter(ctx, cfchat.Where(rule), 1, o)
		return err
	}, nil}
}

func setStatus(status cfchat.Status) call {
	return call{"SetStatus", "toggleStatusOfAConversation", func(ctx context.Context, account *cfchat.Account, o cfchat.CallOption) error {
		_, err := account.Conversations.SetStatus(ctx, 1, status, o)
		return err
	}, func(c cfchat.Conversation) bool { return c.Status == cfchat.StatusResolved }}
}

// drill is a failure to play. Zero fields mean the usual behaviour.
type drill struct {
	played string
	call   call
	fault  cfchattest.Failure // of a try
	times  int                // how many tries have the fault, at least one
	config func(*cfchat.Config)
	// after is what happens on the way back, after the server has carried out the call.
	after   func(*cfchattest.Server, *http.Response) (*http.Response, error)
	context func(context.Context) (context.Context, context.CancelFunc)
}

const always = 3 // as often as a call is tried

// drills are ordered by the stages of a call: refused here, not sent, answered, and answers that do not arrive.
var drills = []drill{
	{played: "no failure", call: resolve},
	{played: "a status that does not exist", call: closed},
	{played: "only a bot's key", call: findByEmail, config: onlyBot},
	{played: "the limiter fails", call: resolve, config: func(c *cfchat.Config) { c.Limiter = broken{} }},
	{played: "the caller gives up before", call: resolve, context: givenUp},
	{played: "a request editor panics", call: resolve, config: panics},
	{played: "nobody listens", call: resolve, config: nobodyListens},

	{played: "a wrong key", call: resolve, config: func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey("wrong")} }},
	{played: "a bot's key, where bots are not allowed", call: filter, config: onlyBot},
	{played: "403 of a proxy", call: resolve, fault: cfchattest.Failure{Status: http.StatusForbidden}},
	{played: "no such conversation", call: getOther},
	{played: "nobody with this address", call: findByEmail},
	{played: "404 of a proxy", call: resolve, fault: cfchattest.Failure{Status: http.StatusNotFound}},
	{played: "no such call on this server", call: resolve, fault: cfchattest.Failure{Status: http.StatusNotFound, Body: `{"status":404,"error":"Not Found"}`}},
	{played: "400", call: resolve, fault: cfchattest.Failure{Status: http.StatusBadRequest}},
	{played: "no such custom attribute", call: filterBy(cfchat.Equal("teir", "gold"))},
	{played: "422 of a message that is refused", call: send, fault: cfchattest.Failure{Status: 422, Body: `{"error":"Validation failed: Too many messages"}`}},
	{played: "422 of a message, with any other text", call: send, fault: cfchattest.Failure{Status: 422, Body: `{"error":"undefined method"}`}},
	{played: "422 of a slow database, once", call: get, fault: overdue},
	{played: "422 of a slow database, always", call: get, fault: overdue, times: always},
	{played: "422 of a slow database", call: resolve, fault: overdue},
	{played: "429 once", call: resolve, fault: limited},
	{played: "429 always", call: resolve, fault: limited, times: always},
	{played: "429 that asks to wait for an hour", call: resolve, fault: cfchattest.Failure{Status: 429, Header: http.Header{"Retry-After": {"3600"}}}},
	{played: "429, and the caller gives up", call: resolve, fault: limited, context: givesUp},
	{played: "500 once", call: get, fault: cfchattest.Failure{Status: 500}},
	{played: "500 once", call: filter, fault: cfchattest.Failure{Status: 500}},
	{played: "500", call: resolve, fault: cfchattest.Failure{Status: 500}},
	{played: "503 once", call: filter, fault: cfchattest.Failure{Status: 503}},
	{played: "503 always", call: get, fault: cfchattest.Failure{Status: 503}, times: always},
	{played: "503 before the server did it", call: send, fault: cfchattest.Failure{Status: 503}},
	{played: "502 after the server did it", call: send, after: badGateway},
	{played: "a redirect", call: resolve, fault: cfchattest.Failure{Status: 302, Header: http.Header{"Location": {"https://chat.example.com/"}}}},
	{played: "a page of HTML with 200", call: get, fault: cfchattest.Failure{Status: 200, Body: "<html>"}},
	{played: "a page of HTML with 200", call: resolve, fault: cfchattest.Failure{Status: 200, Body: "<html>"}},
	{played: "the answer to another call", call: resolve, fault: cfchattest.Failure{Status: 200, Body: mixedUp, Header: http.Header{"Content-Type": {"application/json"}}}},
	{played: "another program sets the labels", call: addLabels, after: otherLabels},

	{played: "more than Config.MaxBody", call: get, config: func(c *cfchat.Config) { c.MaxBody = 100 }},
	{played: "more than Config.MaxBody", call: resolve, config: func(c *cfchat.Config) { c.MaxBody = 10 }},
	{played: "the connection is lost, always", call: get, after: lost},
	{played: "the connection is lost", call: resolve, after: lost},
	{played: "an answer cut short, once", call: get, fault: cfchattest.Failure{Cut: true}},
	{played: "an answer cut short, always", call: get, fault: cfchattest.Failure{Cut: true}, times: always},
	{played: "an answer cut short", call: resolve, fault: cfchattest.Failure{Cut: true}},
	{played: "no answer in time, once", call: get, fault: slow, config: impatient},
	{played: "no answer in time, always", call: get, fault: slow, config: impatient, times: always},
	{played: "no answer in time", call: send, fault: slow, config: impatient},
	{played: "the caller's deadline", call: get, fault: slow, context: deadline},
	{played: "the caller's deadline", call: resolve, fault: slow, context: deadline},
}

var (
	limited = cfchattest.Failure{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1"}}}
	overdue = cfchattest.Failure{Status: 422, Body: `{"error":"The request took too long to complete. Please try again."}`}
	slow    = cfchattest.Failure{Delay: time.Minute}
)

const patience = 500 * time.Millisecond

func impatient(c *cfchat.Config) { c.Timeout = patience }

func deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, patience)
}

func givenUp(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx, cancel
}

// givesUp gives up while the call waits for its next try.
func givesUp(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	time.AfterFunc(patience, cancel)
	return ctx, cancel
}

func onlyBot(c *cfchat.Config) { c.Keys.User = auth.Key{} }

func panics(c *cfchat.Config) {
	c.RequestEditors = append(c.RequestEditors, func(context.Context, *http.Request) error { panic("an editor") })
}

// broken is a limiter that fails.
type broken struct{}

func (broken) Wait(context.Context) error { return errors.New("the limiter is broken") }

// mixedUp is a server's answer to setting the status of another conversation.
const mixedUp = `{"meta":{},"payload":{"success":true,"current_status":"resolved","conversation_id":2}}`

func nobodyListens(c *cfchat.Config) { c.HTTPClient, c.Server = nil, "http://127.0.0.1:1" }

func badGateway(_ *cfchattest.Server, answer *http.Response) (*http.Response, error) {
	answer.StatusCode = http.StatusBadGateway
	return answer, nil
}

func lost(_ *cfchattest.Server, answer *http.Response) (*http.Response, error) {
	return nil, errors.Join(io.ErrUnexpectedEOF, answer.Body.Close())
}

// otherLabels acts as another program that sets the labels right after ours has.
func otherLabels(server *cfchattest.Server, answer *http.Response) (*http.Response, error) {
	if chat, err := cfchat.New(configOf(server, server.Transport())); err == nil {
		_, _ = chat.Account(server.AccountID()).Conversations.SetLabels(context.Background(), 1, []string{"theirs"})
	}
	return answer, nil
}

// configOf returns a config that reaches a server without sockets, with both keys.
func configOf(server *cfchattest.Server, transport http.RoundTripper) cfchat.Config {
	return cfchat.Config{
		Keys:       auth.Keys{User: auth.NewKey(server.AdminKey()), AgentBot: auth.NewKey(server.BotKey())},
		Server:     "http://localhost",
		HTTPClient: &http.Client{Transport: transport},
	}
}

// outcome is the result of a drill.
type outcome struct {
	drill

	tries  int
	err    error
	saw    []string
	stored string
	advice string
}

// misleads reports whether a program that follows the advice would repeat a write.
func (o outcome) misleads() bool {
	return o.stored == "yes" && o.advice != done && o.advice != look
}

// play makes the call, with the failure, on a server of its own.
func (d drill) play(ctx context.Context) (outcome, error) {
	server := cfchattest.Start()
	defer server.Close()
	server.AddConversation(cfchattest.Conversation{})
	for range cmp.Or(d.times, 1) {
		server.FailNext(d.call.operation, d.fault)
	}
	config := configOf(server, &wire{server, d})
	if d.config != nil {
		d.config(&config)
	}
	chat, err := cfchat.New(config)
	if err != nil {
		return outcome{}, err
	}
	if d.context != nil {
		var cancel context.CancelFunc
		ctx, cancel = d.context(ctx)
		defer cancel()
	}
	var response cfchat.Response
	err = d.call.do(ctx, chat.Account(server.AccountID()), cfchat.WithResponse(&response))
	o := outcome{drill: d, err: err, tries: response.Tries, stored: "-", advice: advice(err)}
	for _, s := range sentinels {
		if errors.Is(err, s.err) {
			o.saw = append(o.saw, s.name)
		}
	}
	switch {
	case err == nil:
		o.saw = []string{"no error"}
	case len(o.saw) == 0:
		o.saw = []string{"no sentinel"}
	}
	if d.call.stored != nil {
		c, _ := server.Conversation(1)
		if o.stored = "no"; d.call.stored(c) {
			o.stored = "yes"
		}
	}
	return o, nil
}

// wire is the connection to a server, on which something may happen after the server has answered.
type wire struct {
	server *cfchattest.Server
	drill  drill
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	answer, err := w.server.Transport().RoundTrip(req)
	if operation, _ := cfchat.OperationOf(req.Context()); err != nil || w.drill.after == nil || operation != w.drill.call.operation {
		return answer, err
	}
	return w.drill.after(w.server, answer)
}
