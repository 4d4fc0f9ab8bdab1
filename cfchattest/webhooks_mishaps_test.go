package cfchattest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestTakenBack takes back what was asked for an address, and nothing else.
func TestTakenBack(t *testing.T) {
	account, bot := hookURLs[cfchattest.HookAccount], hookURLs[cfchattest.HookBot]
	for name, c := range map[string]struct {
		ask, takeBack func(p *play, url string, n int)
		takenBack     bool
	}{
		"failures":              {failing, failing, true},
		"losses":                {losing, losing, true},
		"repetitions":           {repeating, repeating, true},
		"queued again":          {requeueing, requeueing, true},
		"of another kind":       {losing, repeating, false},
		"of another address":    {losing, func(p *play, _ string, n int) { losing(p, bot, n) }, false},
		"of none in particular": {losing, func(p *play, _ string, n int) { losing(p, "", n) }, false},
	} {
		p := newPlay(t, "4.7.0")
		p.begin()
		tell := func() string {
			before := len(p.Deliveries())
			p.AddContact(cfchattest.Contact{})
			p.received()
			return fmt.Sprint(statusOf(p.Deliveries()[before:]))
		}
		c.ask(p, account, 2)
		if got := tell(); got == "[200]" {
			t.Errorf("%s: it has no effect", name)
		}
		c.takeBack(p, "HTTPS://hooks.example:443/account", 0)
		if got := tell(); (got == "[200]") != c.takenBack {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func failing(p *play, url string, n int) {
	p.FailDeliveries(url, n, cfchattest.DeliveryFailure{Status: 418})
}
func losing(p *play, url string, n int)     { p.LoseDeliveries(url, n) }
func repeating(p *play, url string, n int)  { p.RepeatDeliveries(url, n) }
func requeueing(p *play, url string, n int) { p.RequeueDeliveries(url, n) }

func statusOf(all []cfchattest.Delivery) (statuses []int) {
	for _, d := range all {
		statuses = append(statuses, d.Status)
	}
	return statuses
}

// TestOnlyBotsAreRetried has an answer of 429 or 500 be the end for the webhooks of accounts and of API inboxes (contract, H3).
func TestOnlyBotsAreRetried(t *testing.T) {
	for _, kind := range []string{cfchattest.HookAccount, cfchattest.HookInbox} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError} {
			synctest.Test(t, func(t *testing.T) {
				p := newPlay(t, "4.16.2")
				p.begin()
				p.FailDeliveries(hookURLs[kind], 1, cfchattest.DeliveryFailure{Status: status})
				p.on(p.first, "/custom_attributes", `{"custom_attributes":{"tier":"gold"}}`)
				if got := p.received(); !slices.Equal(got, both("conversation_updated[updated_at custom_attributes]")) {
					t.Errorf("%s answers %d: %q", kind, status, got)
				}
			})
		}
	}
}

// TestLaterAttempts has what is to be lost or to come twice be so at its first attempt, and not when it is tried again.
func TestLaterAttempts(t *testing.T) {
	for name, ask := range map[string]func(p *play, url string, n int){"lost": losing, "repeated": repeating, "queued again": requeueing} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlay(t, "4.16.2")
			p.begin()
			bot := hookURLs[cfchattest.HookBot]
			p.LoseDeliveries(hookURLs[cfchattest.HookAccount], 9)
			p.Receive(bot, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusInternalServerError)
				p.Receive(bot, http.HandlerFunc(takes))
				ask(p, bot, 1)
			}))
			p.AddMessage(p.bots, cfchattest.Message{})
			p.received()
			var attempts []int
			for _, d := range p.made() {
				attempts = append(attempts, d.Attempt)
			}
			if !slices.Equal(attempts, []int{1, 2}) {
				t.Errorf("%s: %v", name, attempts)
			}
		})
	}
}

// TestRequeuedBot has what is queued again for a bot say what it said at first, whatever has happened between.
func TestRequeuedBot(t *testing.T) {
	p := newPlay(t, "4.7.0")
	p.begin()
	bot := hookURLs[cfchattest.HookBot]
	p.RequeueDeliveries(bot, 1)
	p.LoseDeliveries(hookURLs[cfchattest.HookAccount], 9)
	p.Receive(bot, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		p.Receive(bot, http.HandlerFunc(takes))
		p.SetStatus(p.bots, cfchat.StatusSnoozed)
	}))
	p.AddMessage(p.bots, cfchattest.Message{})
	p.received()
	all := p.made()
	if len(all) != 2 || all[0].Body != all[1].Body || !strings.Contains(all[1].Body, `"status":"pending"`) {
		t.Errorf("%+v", all)
	}
}

// TestDeliveriesAreCopies lets a caller change the header of a delivery without changing the next caller's.
func TestDeliveriesAreCopies(t *testing.T) {
	p := newPlay(t, "4.16.2")
	p.begin()
	p.Deliveries()[0].Header.Set("Accept", "changed")
	if got := p.Deliveries()[0].Header.Get("Accept"); got != "application/json" {
		t.Error(got)
	}
}

// TestHeldAtClose has nothing leave after Close, though it was held before and is released then.
func TestHeldAtClose(t *testing.T) {
	p := newPlay(t, "4.16.2")
	p.begin()
	p.HoldDeliveries()
	p.AddMessage(p.first, cfchattest.Message{})
	p.Close()
	p.ReleaseDeliveries(cfchattest.InOrder)
	if got := p.received(); len(got) > 0 {
		t.Errorf("%q", got)
	}
}
