// Package mirror keeps a copy of an account in a database current.
package mirror

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/database"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/progress"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/requests"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// Options set how a copy is kept.
type Options struct {
	Every       time.Duration // how often to fetch changes; 0 for once
	Repair      time.Duration // how often everything is read again
	Shard       *shards.Shard // nil for the whole account
	Concurrency int           // how many conversations are read at the same time
	Server      string        // the name under which the copy records its server
	Hints       *Hints        // what to read between the rounds; nil for nothing
	Failed      func(error)   // is called with the error of a round that will be retried
	Current     func() error  // is called after each round that has made the copy current; may be nil
}

// mirror is one run.
type mirror struct {
	Options
	chat     *cfchat.Chat
	account  *cfchat.Account
	db       *database.DB
	requests *requests.Counter
	meter    *progress.Meter
	state    progress.State
	position database.Position
	isOurs   bool
	key      string        // whose key the account is read with
	ahead    time.Duration // how far the server's clock is ahead
	commitAt time.Time     // when the window must be committed
	roundAt  time.Time     // when the next round is due
	crowded  bool          // whether the previous round found many changes
}

// Run brings a copy up to date: everything at first, and again when a repair is due, and otherwise the changes. With
// Options.Every it continues until the context ends.
func Run(ctx context.Context, chat *cfchat.Chat, of *cfchat.Account, db *database.DB, options Options, requests *requests.Counter, meter *progress.Meter) error {
	m := &mirror{Options: options, chat: chat, account: of, db: db, requests: requests, meter: meter}
	for {
		m.roundAt = time.Now().Add(m.Every)
		err := m.once(ctx)
		switch {
		case m.Every == 0 || err != nil && !isPassing(err):
			return err
		case ctx.Err() != nil:
			return cmp.Or(err, ctx.Err())
		case err != nil:
			m.Failed(err)
		case m.Current != nil:
			if err := m.Current(); err != nil {
				return err
			}
		}
		if err := m.rest(ctx); err != nil {
			return err
		}
	}
}

// IsPassing reports whether the error that ended a run may be gone on the next run: a failure of the server, of the network
// or of the database, and not a refusal.
func IsPassing(err error) bool {
	_, isOfDatabase := errors.AsType[*database.Error](err)
	return isOfDatabase || isPassing(err)
}

// isPassing reports whether a failure may be gone the next time: that of a call, unless the key is not accepted, or the call
// is invalid. A 403 may come from a firewall.
func isPassing(err error) bool {
	if _, ok := errors.AsType[passing](err); ok {
		return true
	}
	return isOfCall(err) && !errors.Is(err, cfchat.ErrUnauthorized) && !errors.Is(err, cfchat.ErrInvalidInput)
}

// isOfCall reports whether a failure is that of a call.
func isOfCall(err error) bool {
	_, ok := errors.AsType[*cfchat.Error](err)
	return ok
}

// sleep waits, unless the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once reads everything if that is due, or continues doing so, and then fetches changes, and what the hints name. It does
// the latter even if reading everything fails, so that a repair that the server cannot answer does not hold up the rounds.
func (m *mirror) once(ctx context.Context) error {
	if err := m.resume(ctx); err != nil {
		return err
	}
	failed := m.everything(ctx)
	if failed != nil {
		if m.position.Since.IsZero() || ctx.Err() != nil || !isPassing(failed) {
			return failed
		}
		if err := m.resume(ctx); err != nil {
			return err
		}
	}
	err := m.round(ctx)
	if err == nil {
		err = m.follow(ctx)
	}
	if err != nil && (failed == nil || !isPassing(err)) {
		return err
	}
	return failed
}

// everything makes a walk that is due, or finishes one.
func (m *mirror) everything(ctx context.Context) error {
	p := m.position
	if p.Phase == "" || p.Phase == database.Done && m.now().Sub(p.BegunAt) >= m.Repair {
		if err := m.begin(ctx); err != nil {
			return err
		}
	}
	return m.walk(ctx)
}

// resume reads how far the copy has come: anything that a failed round did not commit is forgotten. The first time it also
// checks whose copy it is.
func (m *mirror) resume(ctx context.Context) (err error) {
	if !m.isOurs {
		if err := m.claim(ctx); err != nil {
			return err
		}
		m.isOurs = true
	}
	m.position, err = m.db.Position(ctx)
	return err
}

// claim claims a new copy for the account, and refuses the copy of another one. It also finds out how far the server's clock
// is ahead.
func (m *mirror) claim(ctx context.Context) error {
	key, now, err := account.Seen(ctx, m.chat, m.account.ID())
	if err != nil {
		return err
	}
	m.key, m.ahead = key, time.Until(now)
	return m.db.Belong(ctx, database.Identity{Server: m.Server, Account: m.account.ID(), Key: key})
}

// now returns the time by the server's clock.
func (m *mirror) now() time.Time { return time.Now().Add(m.ahead) }

// isSettled reports whether a conversation, fetched at a given time, had been unchanged for so long that nothing which
// happened before then can still be stored later.
func (m *mirror) isSettled(c *cfchat.Conversation, asked time.Time) bool {
	return asked.Sub(later(c.Timestamp.Time, c.GetUpdatedAt().Time)) >= account.Margin
}

// later returns the later one of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// isRoundDue reports whether a walk must give way to a round. The first walk never does, because there is no time yet to
// fetch changes from.
func (m *mirror) isRoundDue() bool {
	return m.Every > 0 && !m.position.Since.IsZero() && !time.Now().Before(m.roundAt)
}

// dueRound makes a round that became due in the middle of a walk.
func (m *mirror) dueRound(ctx context.Context) error {
	m.roundAt = time.Now().Add(m.Every)
	state := m.state
	err := m.round(ctx)
	m.state.Phase, m.state.Done = state.Phase, state.Done
	return err
}

const (
	windowRows  = 500 // a window of this size is committed immediately
	commitShare = 10  // reading between two commits lasts this many times as long as a commit
)

// commit writes a window and the position, and returns the next window.
func (m *mirror) commit(ctx context.Context, w *database.Window) (*database.Window, error) {
	begun := time.Now()
	err := m.db.Commit(ctx, w, m.position)
	m.commitAt = time.Now().Add(commitShare * time.Since(begun))
	m.state.Rows += int64(w.Rows())
	return m.newWindow(), err
}

// isFull reports whether a window must be committed.
func (m *mirror) isFull(w *database.Window) bool {
	return w.Rows() >= windowRows || w.Rows() > 0 && !time.Now().Before(m.commitAt)
}

func (m *mirror) newWindow() *database.Window { return m.db.NewWindow(m.position.Walk) }

// show shows how far a phase has come.
func (m *mirror) show(done int64, waiting time.Time) {
	m.state.Done, m.state.WaitingUntil = done, waiting
	m.state.Requests = m.requests.Sent()
	m.meter.Show(m.state)
}
