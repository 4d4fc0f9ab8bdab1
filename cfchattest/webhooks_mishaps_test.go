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

// TestMishapsAreTakenBack checks that n = 0 takes back the mishap of the same kind and address, and nothing else.
func TestMishapsAreTakenBack(t *testing.T) {
	account, bot := hookURLs[cfchattest.HookAccount], hookURLs[cfchattest.HookBot]
	for name, c := range map[string]struct {
		ask, takeBack func(p *play, url string, n int)
		takenBack     bool
	}{
		"failures":           {failing, failing, true},
		"losses":             {losing, losing, true},
		"repetitions":        {repeating, repeating, true},
		"queued again":       {requeueing, requeueing, true},
		"of another kind":    {losing, repeating, false},
		"of another address": {losing, func(p *play, _ string, n int) { losing(p, bot, n) }, false},
		"of every address":   {losing, func(p *play, _ string, n int) { losing(p, "", n) }, false},
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
			t.Errorf("%s: the mishap has no effect", name)
		}
		c.takeBack(p, "HTTPS://hooks.example:443/account", 0)
		if got := tell(); (got == "[200]") != c.takenBack {
			t.Errorf("%s: then the statuses are %s", name, got)
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

// TestOnlyBotsAreRetried checks that the webhooks of accounts and of API inboxes are not retried after 429 or 500 (contract,
// H3).
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

// TestLaterAttempts checks that only the first attempt of a delivery is lost, repeated or queued again, and not a retry.
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

// TestRequeuedBot checks that a delivery to a bot that is queued again has the same body, whatever has changed since.
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

// TestDeliveriesAreCopies checks that a caller who changes the header of a delivery does not change the next caller's.
func TestDeliveriesAreCopies(t *testing.T) {
	p := newPlay(t, "4.16.2")
	p.begin()
	p.Deliveries()[0].Header.Set("Accept", "changed")
	if got := p.Deliveries()[0].Header.Get("Accept"); got != "application/json" {
		t.Errorf("the header is %q", got)
	}
}

// TestHeldAtClose checks that nothing is delivered after Close, even if it was held before and is released then.
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
