package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
)

// checker is one check of an account.
type checker struct {
	Options
	report    *report
	validator api.Validator
	answers   api.Validator // to requests that are deliberately wrong
	watch     watch
	signs     []sign
	said      version // from GET /api
	total     int64   // the number of conversations
	excused   []excused
	answered  map[string]bool // the operations that have answered, by operationId

	account *cfchat.Account             // compares every exchange with the spec
	odd     *cfchat.ClientWithResponses // for deliberately wrong requests
}

// check checks the account. Besides the report, it returns why it could not check it, or not completely.
func check(ctx context.Context, o Options) (*report, error) {
	transport := http.DefaultTransport // a program that has replaced it uses its own
	if standard, ok := transport.(*http.Transport); ok {
		own := standard.Clone()
		defer own.CloseIdleConnections()
		transport = own
	}
	c := &checker{Options: o, report: newReport(o), watch: watch{base: transport}, answered: map[string]bool{}}
	c.validator.Base, c.answers.Base = &c.watch, &c.watch
	err := c.walk(ctx)
	c.settle()
	c.report.Requests = c.watch.requests
	c.report.Version = rangeOf(append(c.watch.seen.signs(), c.signs...)).says(c.said)
	if c.report.began() { // else it is the wrong server, and what it sends is not drift
		c.report.sort(c.findings())
	}
	if err == nil {
		err = c.missed()
	}
	if err != nil {
		c.report.Error = err.Error()
	}
	c.report.judge()
	return c.report, err
}

// findings returns what does not match the spec, without the deliberately wrong requests.
func (c *checker) findings() []api.Finding {
	all := c.validator.Findings()
	for _, f := range c.answers.Findings() {
		same := func(other api.Finding) bool { other.Count = f.Count; return other == f }
		switch i := slices.IndexFunc(all, same); {
		case f.In != api.InResponse:
		case i >= 0:
			all[i].Count += f.Count
		default:
			all = append(all, f)
		}
	}
	return all
}

// missed returns an error for what could not be checked although every request was answered.
func (c *checker) missed() error {
	switch {
	case len(c.watch.ids) > 0:
	case len(c.report.Unrenderable) > 0:
		return errors.New("the server can render none of the account's conversations, so there was little to check: create one")
	case c.total > 0 || !c.answered[opCounts] || !c.answered[opList]:
		return errors.New("no answer had a conversation, so there was little to check")
	default:
		return errors.New("this key sees no conversation in the account, so there was little to check: " +
			"create one, or set CFCHAT_USER_API_KEY to the key of an administrator")
	}
	if names := c.report.unseen(); len(names) > 0 {
		return fmt.Errorf("answers of %s could not be checked: they are larger than 10 MiB, or compressed in an unknown way",
			strings.Join(names, ", "))
	}
	return nil
}

// walk makes the requests, until one shows that the rest is pointless.
func (c *checker) walk(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		c.findSpelling, c.askVersion, c.readLists, c.readConversations, c.readFilters, c.provoke,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// client returns a client that sends each request once, so that their number is bounded.
func (c *checker) client(spelling string, transport http.RoundTripper) (*cfchat.Chat, error) {
	chat, err := cfchat.New(cfchat.Config{
		Keys:       auth.Keys{User: auth.NewKey(c.Key), Header: spelling},
		Server:     c.Server,
		HTTPClient: &http.Client{Transport: transport},
		Retry:      cfchat.Retry{MaxTries: 1},
	})
	if err != nil {
		return nil, errors.New(connect.InFlags(strings.TrimPrefix(err.Error(), "cfchat: ")))
	}
	return chat, nil
}

// findSpelling tries each spelling of the key's header, and continues with the last one that arrives.
func (c *checker) findSpelling(ctx context.Context) error {
	for _, spelling := range []string{auth.HeaderUnderscore, auth.HeaderDash} {
		if err := c.try(ctx, spelling); err != nil {
			return err
		}
	}
	if c.account == nil {
		return errors.New("the key does not reach the server with either spelling of its header: something in front of the server removes it")
	}
	c.report.of(opCounts).complete = true
	return nil
}

// try counts the conversations under a spelling of the key's header.
func (c *checker) try(ctx context.Context, spelling string) error {
	chat, err := c.client(spelling, &c.validator)
	if err != nil {
		return err
	}
	account := chat.Account(c.Options.Account)
	counts, err := account.Conversations.Counts(ctx, cfchat.ConversationListOptions{Status: cfchat.StatusAll})
	c.sent(opCounts)
	if noKeyArrived(err) {
		c.report.KeyHeaders = append(c.report.KeyHeaders, keyHeader{spelling, false})
		return nil
	}
	if err := c.isTheAPI(); err != nil {
		return err
	}
	if err := c.take(ctx, opCounts, "the counts", err); err != nil {
		return err
	}
	c.report.KeyHeaders = append(c.report.KeyHeaders, keyHeader{spelling, true})
	if counts != nil {
		c.total = counts.AllCount
	}
	if counts != nil && counts.GetAssignedCount()+counts.UnassignedCount != counts.AllCount {
		c.report.problem(opCounts, "assigned_count and unassigned_count do not add up to all_count")
	}
	odd, err := c.client(spelling, &c.answers)
	if err == nil {
		c.account, c.odd = account, odd.Raw()
	}
	return err
}

// isTheAPI returns an error if something else answers, such as a login page.
func (c *checker) isTheAPI() error {
	if slices.ContainsFunc(c.validator.Findings(), func(f api.Finding) bool { return f.Kind == api.KindBody }) {
		return errors.New(c.Server + " is not the API of ClickFunnels Chat: is --server right?")
	}
	return nil
}

// sent records that a request of an operation was made.
func (c *checker) sent(id string) { c.report.of(id).Requests++ }

// take handles the error of a call. If it shows that continuing is pointless, it is returned, with its remedy; any other is
// a problem of the operation.
func (c *checker) take(ctx context.Context, id, what string, err error) error {
	if err == nil || errors.Is(err, cfchat.ErrTooLarge) { // the Validator reports it
		c.answered[id] = true
		return nil
	}
	if reason := c.stopped(ctx, err); reason != nil {
		return reason
	}
	c.report.problem(id, problemOf(what, err))
	return nil
}

// stopped returns the reason to stop, with its remedy, if there is one; else nil.
func (c *checker) stopped(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.New("it was stopped before it finished")
	case c.watch.broken != nil:
		return fmt.Errorf("an answer of %s broke off: %w; try again", c.Server, c.watch.broken)
	}
	return c.inVain(err)
}
