package cfchat

import (
	"context"
	"runtime"
	"sync"
)

// Names maps the ids in answers to names, as of when [Account.Names] asked. It never changes and is safe for concurrent use.
// The name of an unknown id is "", and so is every name from the zero value and from nil.
type Names struct {
	inboxes, agents, teams, bots map[int64]string
}

// Inbox returns the name of an inbox. With an agent's key it knows only the inboxes that the agent is a member of.
func (n *Names) Inbox(id int64) string { return n.known().inboxes[id] }

// Agent returns the name of a person, "" for one who has left the account.
func (n *Names) Agent(id int64) string { return n.known().agents[id] }

// Team returns the name of a team, in lower case.
func (n *Names) Team(id int64) string { return n.known().teams[id] }

// AgentBot returns the name of a bot. An unrelated person may have the same id.
func (n *Names) AgentBot(id int64) string { return n.known().bots[id] }

func (n *Names) known() *Names {
	if n == nil {
		return new(Names)
	}
	return n
}

// Names asks for the names of inboxes, agents, teams and bots, with four requests at once, each retried and counted by
// itself. It keeps nothing: ask again for later changes. If one fails, the others are canceled and its error is returned. A
// bot's key does not work: it is refused here, or by the server if auth.WithScheme chooses it.
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

// listing is several lists requested at once.
type listing struct {
	running sync.WaitGroup
	once    sync.Once
	failed  error // the first one; later ones only say that the others were canceled
	ended   bool  // foreign code ended its goroutine, as a failing test does: so the caller's is ended too
	stop    context.CancelFunc
}

// list asks for a list and stores the name of each row.
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
