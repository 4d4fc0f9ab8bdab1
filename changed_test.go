package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// changedOf ranges over changes and returns the yielded ids, the ids reported as unreadable, and the final error.
func changedOf(changes *cfchat.Changes) (ids, blamed []int64, err error) {
	for c, err := range changes.All() {
		e, ok := errors.AsType[*cfchat.Error](err)
		switch {
		case ok && e.ConversationID != 0:
			blamed = append(blamed, e.ConversationID)
		case err != nil:
			return ids, blamed, err
		default:
			ids = append(ids, c.ID)
		}
	}
	return ids, blamed, nil
}

// account returns the account of a client that talks to the model.
func (a *livingAccount) account(t *testing.T, options ...func(*cfchat.Config)) *cfchat.Account {
	return trial.Chat(t, a, options...).Account(1)
}

// ofOldDays is how far virtual time, which starts with the year 2000, is advanced first: a scan treats all days before 2000
// as one.
const ofOldDays = 200 * 24 * time.Hour

// mark notes the conversations that a walk from since must yield, and those that it may yield.
func (a *livingAccount) mark(since time.Time) {
	since = since.Truncate(time.Second)
	for _, c := range a.all {
		c.due = !c.active.Before(since) && !c.deleted
		c.dueUpdated = !c.updated.Before(since) && !c.deleted
		c.everBroken = c.broken
	}
	a.watch(since)
}

// watch adds the conversations that the walk may now yield, and drops those that it no longer must.
func (a *livingAccount) watch(since time.Time) {
	for _, c := range a.all {
		active := !c.active.Before(since)
		c.everSince = c.everSince || active || !c.updated.Before(since)
		c.due = c.due && active && !c.deleted // servers that store out of order set the last activity back
		c.dueUpdated = c.dueUpdated && !c.deleted
	}
}

// playChanged plays one history with one call of Changed.
func playChanged(t *testing.T, seed uint64, sum *changedFigures) (problems []string) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	synctest.Test(t, func(t *testing.T) {
		a := newLivingAccount(seed)
		r := a.random
		a.slow, a.skew, a.lag = time.Millisecond<<r.IntN(10), time.Duration(r.IntN(7200)-3600)*time.Second, time.Duration(r.IntN(5))*time.Second
		a.old, a.rowPerLabel = r.IntN(3) == 0, r.IntN(3) == 0
		if a.old || r.IntN(2) == 0 { // the request for updates would make up for losses
			a.version = []string{"", "3.5.2"}[r.IntN(2)]
		}
		time.Sleep(ofOldDays + time.Duration(r.IntN(48))*time.Hour)
		oldest, n := time.Duration(1+r.IntN(72))*time.Hour, r.IntN(1+1<<r.IntN(9))
		brokenOf, harm, busy := 0, 3, []int{0, r.IntN(6)}[r.IntN(2)]
		switch {
		case r.IntN(12) == 0: // enough conversations for a body that is too long, and no other trouble
			a.bodyLimit, a.refusal = 2<<10+r.IntN(256), []int{0, 400, 403, 500}[r.IntN(4)]
			a.first, n, harm = 10_000, 350+r.IntN(150), 0
		case r.IntN(2) == 0:
			brokenOf = 2 << r.IntN(8)
		}
		if brokenOf > 0 || busy > 0 { // always leave readable conversations, by which a scan can judge the server
			a.fill(60, a.now().Add(-30*24*time.Hour), time.Minute)
		}
		for i := range n {
			c := a.add(a.now().Add(-time.Duration(r.Int64N(int64(oldest)))))
			c.broken = brokenOf > 0 && r.IntN(brokenOf) == 0
			if a.bodyLimit > 0 { // spread over days, so that no request can leave out everything created on one day
				c.created = a.now().Add(-oldest - time.Duration(n-i)*time.Hour)
			}
		}
		since := a.now().Add(-time.Duration(r.Int64N(int64(oldest))))
		if a.bodyLimit > 0 {
			since = a.now().Add(-oldest)
		}
		a.before = func(string) {
			a.happen(busy, harm)
			a.watch(since.Truncate(time.Second))
		}
		a.between = func() {
			a.happen(busy/3, harm)
			a.settle()
			a.watch(since.Truncate(time.Second))
		}
		a.mark(since)
		a.play(t, since, busy == 0, sum, problem)
	})
	return problems
}

// play ranges over the changes and compares the yielded conversations with the expected ones.
func (a *livingAccount) play(t *testing.T, since time.Time, quiet bool, sum *changedFigures, problem func(string, ...any)) {
	changes := a.account(t).Conversations.Changed(t.Context(), since, cfchat.ConversationChangedOptions{})
	var order []time.Time
	came, blamed := map[int64]int{}, map[int64]bool{}
	for c, err := range changes.All() {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID != 0 {
			came[e.ConversationID]++
			blamed[e.ConversationID] = true
			continue
		}
		if err != nil {
			problem("the walk ended with: %v", err)
			return
		}
		came[c.ID]++
		order = append(order, c.Timestamp.Time)
	}
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	scanned := a.scanned()
	if quiet && !scanned && !slices.IsSortedFunc(order, func(x, y time.Time) int { return y.Compare(x) }) {
		problem("the conversations are not in the order of their activity, latest first: %v", order)
	}
	for _, c := range a.all {
		switch n := came[c.id]; {
		case n > 1:
			problem("conversation %d was yielded %d times", c.id, n)
		case c.due && n == 0:
			problem("conversation %d of %d was lost", c.id, len(a.all))
		case c.dueUpdated && !changes.ActivityOnly() && n == 0:
			problem("conversation %d of %d was updated, but lost", c.id, len(a.all))
		case n > 0 && !c.everSince && !blamed[c.id]:
			problem("conversation %d was yielded, but was never active or updated since", c.id)
		case blamed[c.id] && !c.everBroken:
			problem("conversation %d was reported as unreadable, but was never broken", c.id)
		}
		sum.due += count(c.due)
	}
	for _, request := range a.foreign {
		problem("unexpected request: %s", request)
	}
	sum.histories++
	sum.came += len(came)
	sum.blamed += len(blamed)
	sum.scanned += count(scanned)
	sum.requests += a.asked["filter"] + a.asked["updated"]
	sum.updated += count(!changes.ActivityOnly())
}

// changedFigures holds sums over histories.
type changedFigures struct{ histories, due, came, blamed, scanned, updated, requests int }

// TestChangedLosesNothing checks that each change is yielded exactly once, whatever happens during the walk.
func TestChangedLosesNothing(t *testing.T) {
	t.Parallel()
	first, last := uint64(1), uint64(*changedHistories)
	if *changedSeed != 0 {
		first, last = *changedSeed, *changedSeed
	}
	sum := changedFigures{}
	for seed := first; seed <= last; seed++ {
		if problems := playChanged(t, seed, &sum); len(problems) > 0 {
			t.Errorf("replay with: go test -run TestChangedLosesNothing -changed.seed=%d .\n%s", seed, strings.Join(problems, "\n"))
		}
	}
	t.Logf("%d histories, %d conversations due, %d yielded, %d of them unreadable; %d continued with a scan, %d saw updates; %d requests",
		sum.histories, sum.due, sum.came, sum.blamed, sum.scanned, sum.updated, sum.requests)
}

// localCopy is a program that keeps a copy of each conversation.
type localCopy struct {
	*livingAccount
	messages, updates map[int64]int
	since             time.Time
	options           cfchat.ConversationChangedOptions
	syncs, lost, lostUpdates,
	changes int
}

// have returns the messages and updates of every conversation that the copy must have after the next complete sync.
func (l *localCopy) have() (messages, updates map[int64]int) {
	l.settle()
	messages, updates = map[int64]int{}, map[int64]int{}
	for _, c := range l.all {
		messages[c.id], updates[c.id] = c.messages, c.updates
	}
	return messages, updates
}

// sync brings the copy up to date. It stops after stop conversations; a negative stop means never.
func (l *localCopy) sync(t *testing.T, account *cfchat.Account, stop int) {
	l.mu.Lock()
	messages, updates := l.have()
	l.mu.Unlock()
	changes, ended := account.Conversations.Changed(t.Context(), l.since, l.options), true
	for c, err := range changes.All() {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.ConversationID == 0 || stop == 0 {
			ended = false
			break
		}
		stop--
		if err == nil {
			l.messages[c.ID], l.updates[c.ID] = stored(c)
		}
	}
	if !ended && !changes.Next().Equal(l.since) {
		t.Errorf("history %d: the next time is %s after an incomplete walk from %s", l.seed, changes.Next(), l.since)
	}
	l.since = changes.Next()
	if !ended {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.syncs++
	for _, c := range l.all {
		if c.deleted || c.everBroken {
			continue
		}
		if l.messages[c.id] < messages[c.id] {
			l.lost++
			l.messages[c.id] = messages[c.id] // count it only once
		}
		if l.updates[c.id] < updates[c.id] && !changes.ActivityOnly() {
			l.lostUpdates++
		}
		l.updates[c.id] = max(l.updates[c.id], updates[c.id])
	}
}

// playCopy plays one history of a copy that is synced from time to time.
func playCopy(t *testing.T, seed uint64, options cfchat.ConversationChangedOptions) (l *localCopy) {
	synctest.Test(t, func(t *testing.T) {
		a := newLivingAccount(seed)
		r := a.random
		a.slow, a.lag, a.rowPerLabel = time.Millisecond<<r.IntN(12), 4*time.Second, r.IntN(3) == 0
		a.old, a.skew = r.IntN(2) == 0, time.Duration(r.IntN(7200)-3600)*time.Second
		if a.old {
			a.version = "3.5.2"
		}
		time.Sleep(ofOldDays + time.Duration(r.IntN(24*60))*time.Minute)
		a.fill(50+r.IntN(250), a.now().Add(-time.Hour), time.Minute)
		if r.IntN(4) == 0 {
			c := a.all[r.IntN(len(a.all))]
			c.broken, c.everBroken = true, true
		}
		harm, busy := []int{0, 10}[r.IntN(2)], 1+r.IntN(4)
		fails := 0
		a.before = func(string) { a.happen(busy, harm) }
		a.fault = func(string) *http.Response {
			if fails--; fails == 0 {
				return trial.Reply(http.StatusUnauthorized, "application/json", `{"error":"Invalid Access Token"}`)
			}
			return nil
		}
		l = &localCopy{livingAccount: a, options: options, since: a.now()}
		l.messages, l.updates = l.have()
		account := a.account(t)
		for range 13 {
			for range r.IntN(40) {
				time.Sleep(time.Duration(r.IntN(3000)) * time.Millisecond)
				a.mu.Lock()
				a.settle()
				a.happen(busy, harm)
				a.mu.Unlock()
			}
			stop := -1
			if r.IntN(5) == 0 {
				stop = r.IntN(30)
			}
			fails = 0
			if r.IntN(5) == 0 {
				fails = 1 + r.IntN(4)
			}
			l.sync(t, account, stop)
			synctest.Wait()
		}
		for _, c := range a.all {
			l.changes += c.messages
		}
	})
	return l
}

// TestChangedKeepsACopy checks that a copy that continues from Next misses no activity, as long as the margin is longer than
// the servers take to store one.
func TestChangedKeepsACopy(t *testing.T) {
	t.Parallel()
	for _, margin := range []time.Duration{time.Nanosecond, 10 * time.Second, 0} {
		var syncs, changes, lost, lostUpdates int
		for seed := uint64(1); seed <= uint64(max(*changedHistories/5, 1)); seed++ {
			l := playCopy(t, seed, cfchat.ConversationChangedOptions{Margin: margin})
			syncs, changes, lost, lostUpdates = syncs+l.syncs, changes+l.changes, lost+l.lost, lostUpdates+l.lostUpdates
			if margin != time.Nanosecond && l.lost+l.lostUpdates > 0 {
				t.Errorf("history %d with a margin of %s: lost %d activities and %d updates", seed, margin, l.lost, l.lostUpdates)
			}
		}
		t.Logf("margin %s: %d syncs, %d messages, lost %d activities and %d updates", margin, syncs, changes, lost, lostUpdates)
		if margin == time.Nanosecond && lost == 0 {
			t.Error("nothing is lost without a margin, so the histories are too easy")
		}
	}
}

// within runs a test in virtual time, with an account of n conversations that were last active a second apart, the newest
// now, and 30 more, which are over a page, that were active hours earlier on the same day.
func within(t *testing.T, n int, test func(t *testing.T, a *livingAccount)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(ofOldDays + 12*time.Hour)
		a := newLivingAccount(1)
		a.fill(30, a.now().Add(-11*time.Hour), time.Minute) // also today
		a.fill(n, a.now(), time.Second)
		a.mark(a.now())
		test(t, a)
	})
}

// sinceOf returns the time since which exactly the last n conversations were active.
func (a *livingAccount) sinceOf(n int) time.Time { return a.all[len(a.all)-n].active }

// last returns the ids of the last n conversations, the latest first.
func (a *livingAccount) last(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = a.all[len(a.all)-1-i].id
	}
	return ids
}

func (a *livingAccount) check(t *testing.T, changes *cfchat.Changes, want []int64, wantBlamed ...int64) {
	t.Helper()
	ids, blamed, err := changedOf(changes)
	if err != nil || !slices.Equal(ids, want) || !slices.Equal(blamed, wantBlamed) {
		t.Errorf("got %d: %v, unreadable %v, %v; want %d: %v", len(ids), ids, blamed, err, len(want), want)
	}
	if len(a.foreign) > 0 {
		t.Errorf("unexpected requests: %q", a.foreign)
	}
}

// TestChangedCost checks how many requests a walk takes, both on a server that only reports activity and on one that also
// reports updates.
func TestChangedCost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ changed, filters int }{{0, 1}, {10, 1}, {24, 1}, {25, 2}, {100, 5}, {1000, 41}} {
		for _, version := range []string{"3.5.2", "4.7.0"} {
			within(t, c.changed, func(t *testing.T, a *livingAccount) {
				a.version, a.old = version, version == "3.5.2"
				since := a.now().Add(time.Second)
				if c.changed > 0 {
					since = a.sinceOf(c.changed)
				}
				changes := a.account(t).Conversations.Changed(t.Context(), since, cfchat.ConversationChangedOptions{})
				a.check(t, changes, a.last(c.changed))
				if a.asked["filter"] != c.filters || a.asked["updated"] != count(!a.old) || a.asked["api"] != 1 || changes.ActivityOnly() != a.old {
					t.Errorf("%d changes on %s took %v, activity only: %t", c.changed, version, a.asked, changes.ActivityOnly())
				}
				t.Logf("%d changes on %s: %v, largest body %d bytes", c.changed, version, a.asked, a.largest)
			})
		}
	}
}

// TestChangedContinuesWithAScan checks that a scan reads the rest if the server cannot answer a page, and that nothing is
// yielded twice.
func TestChangedContinuesWithAScan(t *testing.T) {
	broken := func(places ...int) func(*livingAccount, *cfchat.Config) {
		return func(a *livingAccount, _ *cfchat.Config) {
			for _, place := range places {
				a.all[len(a.all)-1-place].broken = true
			}
		}
	}
	refuses := func(status int) func(*livingAccount, *cfchat.Config) {
		return func(a *livingAccount, _ *cfchat.Config) {
			a.fault = func(request string) *http.Response {
				if request == "filter" && a.asked["filter"] == 3 {
					return trial.Reply(status, "text/html", "<html>")
				}
				return nil
			}
		}
	}
	for name, c := range map[string]struct {
		prepare func(*livingAccount, *cfchat.Config)
		broken  int
	}{
		"broken on the first page": {broken(3), 1},
		"broken on a later page":   {broken(60, 61), 2},
		"a larger body is 413":     {refuses(413), 0},
		"a larger body is 403":     {refuses(403), 0},
		"a larger body is 400":     {refuses(400), 0},
		"a larger body takes long": {refuses(504), 0},
		"a lost connection":        {refuses(0), 0},
		"not a page":               {refuses(200), 0},
		"large bodies are 413": {func(a *livingAccount, _ *cfchat.Config) {
			a.bodyLimit = 600
			for i, each := range a.all { // so that the conversations of any day can be left out in one request
				each.id += 100_000
				each.created = each.created.Add(time.Duration(i-len(a.all)) * 6 * time.Hour)
			}
		}, 0},
		"a server that has no order": {func(a *livingAccount, _ *cfchat.Config) { a.unordered = true }, 0},
		"answers are too large":      {func(_ *livingAccount, config *cfchat.Config) { config.MaxBody = 2000 }, 0},
	} {
		within(t, 90, func(t *testing.T, a *livingAccount) {
			account := a.account(t, func(config *cfchat.Config) { c.prepare(a, config) })
			changes := account.Conversations.Changed(t.Context(), a.sinceOf(90), cfchat.ConversationChangedOptions{})
			ids, blamed, err := changedOf(changes)
			all := slices.Sorted(slices.Values(slices.Concat(ids, blamed)))
			if err != nil || !slices.Equal(all, slices.Sorted(slices.Values(a.last(90)))) || len(blamed) != c.broken {
				t.Errorf("%s: got %d, unreadable %v, %v", name, len(ids), blamed, err)
			}
			if !a.scanned() {
				t.Errorf("%s: there was no scan: %v", name, a.asked)
			}
			if next := changes.Next(); next.After(a.newest().Add(-time.Minute)) || next.Before(a.newest().Add(-time.Minute-time.Second)) && !a.unordered {
				t.Errorf("%s: the next time is %s, with the latest activity at %s", name, next, a.newest())
			}
		})
	}
}

// newest returns the time of the latest activity.
func (a *livingAccount) newest() time.Time { return a.all[len(a.all)-1].active }

// TestChangedEndsIfRulesAreIgnored checks that a server that keeps returning excluded conversations cannot keep the walk
// running forever.
func TestChangedEndsIfRulesAreIgnored(t *testing.T) {
	within(t, 90, func(t *testing.T, a *livingAccount) {
		a.ignoresRules = true
		ids, _, err := changedOf(a.account(t).Conversations.Changed(t.Context(), a.sinceOf(90), cfchat.ConversationChangedOptions{}))
		if !errors.Is(err, cfchat.ErrDecode) || !slices.Equal(ids, a.last(25)) {
			t.Errorf("%v, %v", ids, err)
		}
	})
}

// TestChangedBlamesNothingYielded checks that the scan does not report a conversation as unreadable that was yielded before
// it broke.
func TestChangedBlamesNothingYielded(t *testing.T) {
	within(t, 90, func(t *testing.T, a *livingAccount) {
		a.before = func(string) {
			if a.asked["filter"] == 2 {
				a.all[len(a.all)-1].broken, a.all[len(a.all)-40].broken = true, true
			}
		}
		ids, blamed, err := changedOf(a.account(t).Conversations.Changed(t.Context(), a.sinceOf(90), cfchat.ConversationChangedOptions{}))
		if err != nil || len(ids) != 89 || !slices.Equal(blamed, []int64{a.all[len(a.all)-40].id}) {
			t.Errorf("got %d, unreadable %v, %v", len(ids), blamed, err)
		}
	})
}

// TestChangedMany checks that a scan takes over above 20,000 changes, where it is as cheap as pages. This server always has
// more, in pages of 1,000 and then of 250.
func TestChangedMany(t *testing.T) {
	t.Parallel()
	filters, shown, active := 0, 0, time.Now()
	account := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil || filters > 0 && namesNone(body) { // the start of a scan
			return trial.Reply(http.StatusUnauthorized, "application/json", `{"error":"Invalid Access Token"}`), err
		}
		filters++
		size := 1_000
		if shown >= 19_000 {
			size = 250
		}
		var rows []string
		for range size {
			shown++
			rows = append(rows, fmt.Sprintf(`{"id":%d,"status":"open","timestamp":%d}`, shown, active.Unix()))
		}
		return jsonReply(`{"meta":%s,"payload":[%s]}`, livingCounts(1_000_000), strings.Join(rows, ",")), nil
	})).Account(1)
	ids, _, err := changedOf(account.Conversations.Changed(t.Context(), active.Add(-time.Hour), cfchat.ConversationChangedOptions{}))
	if e, ok := errors.AsType[*cfchat.Error](err); !ok || e.StatusCode != http.StatusUnauthorized || e.Operation != "conversationFilter" || len(ids) != 20_250 || shown != 20_250 {
		t.Errorf("got %d in %d pages, then %v", len(ids), filters, err)
	}
}

// TestChangedUpdatesOfMany checks that updates, which a server returns in a single answer, are not requested after more than
// 1,000 conversations.
func TestChangedUpdatesOfMany(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1000, 1001} {
		within(t, n, func(t *testing.T, a *livingAccount) {
			changes := a.account(t).Conversations.Changed(t.Context(), a.sinceOf(n), cfchat.ConversationChangedOptions{})
			ids, _, err := changedOf(changes)
			if err != nil || len(ids) != n || a.asked["updated"] != count(n == 1000) || changes.ActivityOnly() != (n > 1000) {
				t.Errorf("got %d, %v, requests %v, activity only: %t", len(ids), err, a.asked, changes.ActivityOnly())
			}
		})
	}
}

// TestChangedNextCountsFromTheFirstPage checks that a conversation that becomes active after its row was read, in a walk that
// takes longer than the margin, is yielded the next time, even if the only clock is the local one, an hour ahead.
func TestChangedNextCountsFromTheFirstPage(t *testing.T) {
	for name, prepare := range map[string]func(*livingAccount){
		"pages":           func(*livingAccount) {},
		"pages, no clock": func(a *livingAccount) { a.noDate = true },
		"scan, no clock":  func(a *livingAccount) { a.noDate, a.all[len(a.all)-60].broken = true, true },
	} {
		within(t, 200, func(t *testing.T, a *livingAccount) {
			a.skewed(-time.Hour)
			a.slow = 14 * time.Second
			again := a.all[len(a.all)-1]
			since, begun := a.sinceOf(200), time.Now()
			prepare(a)
			a.before = func(string) {
				if a.asked["filter"] == 2 { // its row has been read
					a.write(again)
				} else if a.asked["filter"] > 2 {
					a.add(a.now())
				}
			}
			account := a.account(t)
			changes := account.Conversations.Changed(t.Context(), since, cfchat.ConversationChangedOptions{})
			if ids, blamed, err := changedOf(changes); len(ids)+len(blamed) < 200 || err != nil || time.Since(begun) < 80*time.Second {
				t.Errorf("%s: got %d in %s, %v", name, len(ids), time.Since(begun), err)
			}
			ids, _, err := changedOf(account.Conversations.Changed(t.Context(), changes.Next(), cfchat.ConversationChangedOptions{}))
			if err != nil || !slices.Contains(ids, again.id) {
				t.Errorf("%s: conversation %d was not yielded again: %v, %v", name, again.id, ids, err)
			}
		})
	}
}

// TestChangedSmallerPages checks that both the rows and the count decide whether a page is the last.
func TestChangedSmallerPages(t *testing.T) {
	within(t, 90, func(t *testing.T, a *livingAccount) {
		a.filterPage, a.version = 10, ""
		a.check(t, a.account(t).Conversations.Changed(t.Context(), a.sinceOf(90), cfchat.ConversationChangedOptions{}), a.last(90))
	})
	// A row that is added between the count and the page pushes the last row out of it.
	within(t, 25, func(t *testing.T, a *livingAccount) {
		a.all, a.version = a.all[30:], ""
		late := a.add(a.now().Add(-48 * time.Hour))
		a.between = func() {
			if a.asked["filter"] == 1 {
				late.active, a.ordered = a.now(), nil
			}
		}
		since := a.all[0].active
		ids, _, err := changedOf(a.account(t).Conversations.Changed(t.Context(), since, cfchat.ConversationChangedOptions{}))
		if err != nil || len(ids) != 26 {
			t.Errorf("%v, %v", ids, err)
		}
	})
}

// TestChangedToTheSecond checks that conversations active in the second of since are yielded, and none before: answers
// have times in whole seconds.
func TestChangedToTheSecond(t *testing.T) {
	within(t, 10, func(t *testing.T, a *livingAccount) {
		for _, of := range []time.Duration{0, time.Nanosecond, 999 * time.Millisecond} {
			since := a.sinceOf(5).Add(of)
			a.check(t, a.account(t).Conversations.Changed(t.Context(), since, cfchat.ConversationChangedOptions{}), a.last(5))
		}
	})
}

// TestChangedNext checks that Next advances only if that loses nothing.
func TestChangedNext(t *testing.T) {
	walk := func(changes *cfchat.Changes) { _, _, _ = changedOf(changes) }
	leave := func(changes *cfchat.Changes) {
		for range changes.All() {
			break
		}
	}
	for name, c := range map[string]struct {
		prepare func(*livingAccount)
		since   time.Duration // before the latest activity
		margin  time.Duration
		walk    func(*cfchat.Changes)
		next    time.Duration // after since
	}{
		"before a range":             {since: time.Hour, walk: func(*cfchat.Changes) {}},
		"after a range":              {since: time.Hour, walk: walk, next: time.Hour - time.Minute},
		"another margin":             {since: time.Hour, margin: 10 * time.Second, walk: walk, next: time.Hour - 10*time.Second},
		"never back":                 {since: 30 * time.Second, walk: walk},
		"nothing was active":         {since: -10 * time.Second, walk: walk},
		"nothing was active all day": {since: -13 * time.Hour, walk: walk},
		"a loop that breaks":         {since: time.Hour, walk: leave},
		"a loop that breaks after it": {since: time.Hour, walk: func(changes *cfchat.Changes) {
			walk(changes)
			leave(changes)
		}},
		"a range again": {since: time.Hour, next: time.Hour - time.Minute, walk: func(changes *cfchat.Changes) {
			walk(changes)
			walk(changes)
		}},
		"an error": {since: time.Hour, walk: walk, prepare: func(a *livingAccount) {
			a.fault = func(string) *http.Response {
				if a.asked["filter"] == 2 {
					return trial.Reply(http.StatusUnauthorized, "application/json", `{"error":"Invalid Access Token"}`)
				}
				return nil
			}
		}},
		// The time is 20 seconds after the latest activity.
		"an activity in the future": {since: time.Hour, walk: walk, next: time.Hour + 20*time.Second - time.Minute, prepare: func(a *livingAccount) {
			a.add(a.now().Add(time.Hour))
		}},
		"one during a slow first page": {since: time.Hour, walk: walk, next: time.Hour + 20*time.Second - time.Minute, prepare: func(a *livingAccount) {
			a.add(a.now().Add(time.Hour))
			a.before = func(request string) {
				if request == "filter" {
					time.Sleep(10 * time.Second)
				}
			}
		}},
		"by the server's clock": {since: time.Hour, walk: walk, next: time.Hour + 20*time.Second - time.Minute, prepare: func(a *livingAccount) {
			time.Sleep(time.Hour)
			a.skew = -time.Hour
			a.add(a.now().Add(time.Hour))
		}},
		"one that cannot be read, and the first page with it": {since: time.Hour, walk: walk, next: time.Hour - time.Minute - time.Second, prepare: func(a *livingAccount) {
			a.all[len(a.all)-5].broken = true
			a.all[len(a.all)-1].active = a.all[len(a.all)-1].active.Add(-time.Second)
		}},
	} {
		within(t, 90, func(t *testing.T, a *livingAccount) {
			since := a.newest().Add(-c.since)
			time.Sleep(20 * time.Second)
			if c.prepare != nil {
				c.prepare(a)
			}
			account := a.account(t)
			_, _ = account.Conversations.Get(t.Context(), 1) // the answer has the server's time
			changes := account.Conversations.Changed(t.Context(), since, cfchat.ConversationChangedOptions{Margin: c.margin})
			c.walk(changes)
			if next := changes.Next().Sub(since); next > c.next || next <= c.next-time.Second/10 {
				t.Errorf("%s: the next time is %s after since, want %s", name, next, c.next)
			}
		})
	}
}

// TestChangedUpdates checks that conversations updated without an activity are yielded too, after the rest, if the server
// can be asked for them.
func TestChangedUpdates(t *testing.T) {
	refuses := func(status int) func(*livingAccount, *cfchat.Config) {
		return func(a *livingAccount, _ *cfchat.Config) {
			a.fault = func(request string) *http.Response {
				if request == "updated" {
					return trial.Reply(status, "text/plain", "")
				}
				return nil
			}
		}
	}
	for name, c := range map[string]struct {
		prepare func(*livingAccount, *cfchat.Config)
		extra   bool
		asked   int // with updated_within
	}{
		"4.7.0":                    {nil, true, 1},
		"3.6.0":                    {func(a *livingAccount, _ *cfchat.Config) { a.version = "3.6.0" }, true, 1},
		"3.5.2":                    {func(a *livingAccount, _ *cfchat.Config) { a.version = "3.5.2" }, false, 0},
		"a version that is hidden": {func(a *livingAccount, _ *cfchat.Config) { a.version = "" }, false, 0},
		"a version that is configured": {func(a *livingAccount, config *cfchat.Config) {
			a.version, config.ServerVersion = "", "4.7.0"
		}, true, 1},
		"a clock that is hidden":   {func(a *livingAccount, _ *cfchat.Config) { a.noDate = true }, false, 0},
		"a clock that is fast":     {func(a *livingAccount, _ *cfchat.Config) { a.skewed(time.Hour) }, true, 1},
		"a clock that is slow":     {func(a *livingAccount, _ *cfchat.Config) { a.skewed(-time.Hour) }, true, 1},
		"500":                      {refuses(500), false, 1},
		"429":                      {refuses(429), false, 1},
		"401":                      {refuses(401), false, 1},
		"a request that waits":     {func(a *livingAccount, _ *cfchat.Config) { a.listTakes = 20 * time.Second }, true, 2},
		"one that waits for long":  {func(a *livingAccount, _ *cfchat.Config) { a.listTakes = 29 * time.Second }, true, 2},
		"one that cannot be read":  {func(a *livingAccount, _ *cfchat.Config) { a.all[5].updated, a.all[5].broken = a.now(), true }, false, 1},
		"an answer that is larger": {func(_ *livingAccount, config *cfchat.Config) { config.MaxBody = 5300 }, false, 1},
	} {
		within(t, 10, func(t *testing.T, a *livingAccount) {
			account := a.account(t, func(config *cfchat.Config) {
				if c.prepare != nil {
					c.prepare(a, config)
				}
			})
			since := a.sinceOf(10)
			for i, each := range a.all[:20] {
				each.updated = since.Add(time.Duration(i) * time.Second / 10)
			}
			a.all[21].updated = since.Add(-2 * time.Second) // in the slack
			a.all[22].active, a.all[22].updated = since.Add(time.Second/2), since.Add(time.Second/2)
			a.ordered = nil
			want := append(a.last(10), a.all[22].id)
			if c.extra {
				for i := 19; i >= 0; i-- {
					want = append(want, a.all[i].id)
				}
			}
			changes := account.Conversations.Changed(t.Context(), since, cfchat.ConversationChangedOptions{})
			ids, blamed, err := changedOf(changes)
			slices.SortStableFunc(ids[:11], func(x, y int64) int { return slices.Index(want, x) - slices.Index(want, y) })
			if err != nil || len(blamed) > 0 || !slices.Equal(ids, want) {
				t.Errorf("%s: %v, %v, %v; want %v", name, ids, blamed, err, want)
			}
			if changes.ActivityOnly() == c.extra || a.asked["updated"] != c.asked {
				t.Errorf("%s: activity only: %t, requests %v", name, changes.ActivityOnly(), a.asked)
			}
		})
	}
}

// skewed moves the server's clock, and all its times with it.
func (a *livingAccount) skewed(by time.Duration) {
	a.skew = by
	for _, c := range a.all {
		c.active, c.updated = c.active.Add(by), c.updated.Add(by)
	}
}

// TestChangedEnds checks that the walk ends when the context is canceled during any request, and when the caller breaks.
func TestChangedEnds(t *testing.T) {
	for _, at := range []string{"filter", "api", "updated"} {
		within(t, 10, func(t *testing.T, a *livingAccount) {
			ctx, cancel := context.WithCancel(t.Context())
			a.before = func(request string) {
				if request == at {
					cancel()
				}
			}
			changes := a.account(t).Conversations.Changed(ctx, a.sinceOf(10), cfchat.ConversationChangedOptions{})
			_, _, err := changedOf(changes)
			if e, ok := errors.AsType[*cfchat.Error](err); at == "filter" && (!ok || e.Operation != "conversationFilter") {
				t.Errorf("%v", err)
			}
			if at != "api" && !errors.Is(err, context.Canceled) || at == "updated" && !changes.Next().Equal(a.sinceOf(10)) {
				t.Errorf("%s: %v, next %s", at, err, changes.Next())
			}
		})
	}
	within(t, 60, func(t *testing.T, a *livingAccount) {
		for i := range 60 {
			came := 0
			changes := a.account(t).Conversations.Changed(t.Context(), a.sinceOf(60), cfchat.ConversationChangedOptions{})
			for range changes.All() {
				if came++; came > i {
					break
				}
			}
			if came != i+1 || !changes.Next().Equal(a.sinceOf(60)) {
				t.Errorf("got %d, and the next time is %s", came, changes.Next())
			}
		}
	})
}

// TestChangedInput checks that invalid input is refused, and its field named, before anything is sent.
func TestChangedInput(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		since   time.Time
		options cfchat.ConversationChangedOptions
		opts    []cfchat.CallOption
		field   string
	}{
		"no time":         {time.Time{}, cfchat.ConversationChangedOptions{}, nil, "since"},
		"before 1970":     {time.Unix(-1, 0), cfchat.ConversationChangedOptions{}, nil, "since"},
		"milliseconds":    {time.Unix(now.UnixMilli(), 0), cfchat.ConversationChangedOptions{}, nil, "since"},
		"a negative time": {now, cfchat.ConversationChangedOptions{Margin: -1}, nil, "Margin"},
		"a response":      {now, cfchat.ConversationChangedOptions{}, []cfchat.CallOption{cfchat.WithResponse(new(cfchat.Response))}, "WithResponse"},
	} {
		asked := 0
		account := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			asked++
			return jsonReply(`{}`), nil
		})).Account(1)
		changes := account.Conversations.Changed(t.Context(), c.since, c.options, c.opts...)
		_, _, err := changedOf(changes)
		e, ok := errors.AsType[*cfchat.Error](err)
		if !ok || !errors.Is(err, cfchat.ErrInvalidInput) || len(e.Fields) != 1 || e.Fields[0].Field != c.field || asked > 0 {
			t.Errorf("%s: %v, after %d requests", name, err, asked)
		}
		if !changes.Next().Equal(c.since) {
			t.Errorf("%s: the next time is %s", name, changes.Next())
		}
	}
	for name, changes := range map[string]*cfchat.Changes{
		"zero": {}, "of no account": (&cfchat.Account{}).Conversations.Changed(t.Context(), now, cfchat.ConversationChangedOptions{}),
	} {
		if _, _, err := changedOf(changes); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	spent := trial.Chat(t, newLivingAccount(1), func(c *cfchat.Config) { c.Limiter = noMore{} }).Account(1)
	_, _, err := changedOf(spent.Conversations.Changed(t.Context(), now, cfchat.ConversationChangedOptions{}))
	if e, ok := errors.AsType[*cfchat.Error](err); !ok || !errors.Is(err, cfchat.ErrNotSent) || e.Operation != "conversationFilter" {
		t.Errorf("a request that was not sent must not lead to a scan: %v", err)
	}
	day := trial.Chat(t, newLivingAccount(1)).Account(1).Conversations.Changed(t.Context(), now.Add(23*time.Hour), cfchat.ConversationChangedOptions{})
	if _, _, err := changedOf(day); err != nil {
		t.Errorf("a clock that is ahead: %v", err)
	}
}

// noMore is a limiter that lets no request pass.
type noMore struct{}

func (noMore) Wait(context.Context) error { return errors.New("no more") }
