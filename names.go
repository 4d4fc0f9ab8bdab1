package cfchat

import (
	"context"
	"runtime"
	"sync"
)

// Names is what the ids in answers stand for, as it was when [Account.Names] asked. It never changes and is safe for concurrent
// use. Of an id that it does not have the name is "", and so is every name of the zero value and of nil.
type Names struct {
	inboxes, agents, teams, bots map[int64]string
}

// Inbox returns the name of an inbox. With an agent's key it knows only those of which the agent is a member.
func (n *Names) Inbox(id int64) string { return n.known().inboxes[id] }

// Agent returns the name of a person. Who has left the account has none.
func (n *Names) Agent(id int64) string { return n.known().agents[id] }

// Team returns the name of a team, in lower case.
func (n *Names) Team(id int64) string { return n.known().teams[id] }

// AgentBot returns the name of a bot. Its id may be that of a person as well, who is somebody else.
func (n *Names) AgentBot(id int64) string { return n.known().bots[id] }

func (n *Names) known() *Names {
	if n == nil {
		return new(Names)
	}
	return n
}

// Names asks what the ids of inboxes, agents, teams and bots stand for, by four requests at once, each of which is tried again
// and counted by itself. It keeps nothing: ask again for what has changed since. When one fails the others are given up, and its
// error is returned. No bot's key works: it is refused here, or by the server where it is asked for by auth.WithScheme.
//
// Request editors are run on several requests at once. WithResponse is ErrInvalidInput, because no request is the last.
func (a *Account) Names(ctx context.Context, opts ...CallOption) (*Names, error) {
	var input refusal
	if optionsOf(opts, &input).response != nil {
		input.add("WithResponse", "several requests are made at once; call Agents.List and the others yourself")
	}
	core := a.shared()
	core.check(ctx, &input)
	if len(input.fields) > 0 {
		return nil, refused(core.call(inboxesCall.operation, 0), input)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lists, names := &listing{stop: stop}, new(Names)
	list(ctx, lists, &names.inboxes, a.Inboxes.List, opts, func(i *Inbox) (int64, string) { return i.ID, i.Name })
	list(ctx, lists, &names.agents, a.Agents.List, opts, func(p *Agent) (int64, string) { return p.ID, p.Name })
	list(ctx, lists, &names.teams, a.Teams.List, opts, func(t *Team) (int64, string) { return t.ID, t.Name })
	list(ctx, lists, &names.bots, a.AgentBots.List, opts, func(b *AccountBot) (int64, string) { return b.ID, b.GetName() })
	lists.running.Wait()
	switch {
	case lists.ended:
		runtime.Goexit()
	case lists.failed != nil:
		return nil, lists.failed
	}
	return names, nil
}

// listing is several lists that are asked for at once.
type listing struct {
	running sync.WaitGroup
	once    sync.Once
	failed  error // the first one; what comes later is that the others were given up
	ended   bool  // by foreign code that ended its goroutine, as a test that fails does: so the caller's is ended too
	stop    context.CancelFunc
}

// list asks for a list, and puts the name of each row where it belongs.
func list[T any](ctx context.Context, l *listing, into *map[int64]string, ask func(context.Context, ...CallOption) ([]T, error),
	opts []CallOption, nameOf func(*T) (id int64, name string),
) {
	l.running.Go(func() {
		ended := true
		defer func() {
			if ended {
				l.once.Do(func() { l.ended = true })
				l.stop()
			}
		}()
		rows, err := ask(ctx, opts...)
		ended = false
		if err != nil {
			l.once.Do(func() { l.failed = err })
			l.stop()
			return
		}
		names := make(map[int64]string, len(rows))
		for i := range rows {
			id, name := nameOf(&rows[i])
			names[id] = name
		}
		*into = names
	})
}
