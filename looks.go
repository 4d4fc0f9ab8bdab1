package cfchat

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// lookedUp is how long a list of ids is recent enough to find one in it.
const lookedUp = time.Minute

// maxIDLists is how many lists a Chat remembers, besides those in use or from the last minute.
const maxIDLists = 1000

// look looks for an id in a list of the account, such as its agents, which concurrent calls request once.
type look struct {
	core *core
	op   *operation.Operation    // lists them
	call *chain.Call             // looks
	list func() ([]int64, error) // asks the server
	own  bool                    // its requests may differ from others', so that neither shares with the other
	self bool                    // its failure may be its own, because its tries differ from others'
}

// lookKey is a list of an account.
type lookKey struct {
	account int64
	op      *operation.Operation
}

// lookCache remembers lists of ids.
type lookCache struct {
	mu   sync.Mutex
	all  map[lookKey]*idList
	most int // how many lists before old ones are forgotten
}

// idList is the last known ids of a list. All fields except asking are guarded by the cache's mu.
type idList struct {
	asking chan struct{} // held by the caller who asks the server
	users  int           // callers who ask or wait

	ids    map[int64]bool
	begun  time.Time // when they were asked for
	failed *Error    // why the last try failed, for those who waited for it
	tried  time.Time // when that try started
}

// has reports whether an id is in the list. It relies on a list from the last minute only to find an id. For any other id it
// asks the server, unless that was asked since the call started.
func (l *look) has(ctx context.Context, id int64) (bool, error) {
	if l.own {
		ids, err := l.list()
		return slices.Contains(ids, id), err
	}
	cache, key, begun := l.core.chat.looks, lookKey{l.core.id, l.op}, time.Now()
	list := cache.enter(key)
	defer cache.leave(list)
	if has, _, _ := cache.find(list, id, begun); has {
		return true, nil
	}
	select {
	case list.asking <- struct{}{}:
		defer func() { <-list.asking }()
	case <-ctx.Done():
		return false, errorOf(l.call, chain.Ended(ctx))
	}
	if has, known, failed := cache.find(list, id, begun); known { // another caller has asked meanwhile
		return has, failed
	}
	asked := time.Now()
	ids, err := l.list()
	_, limited := ctx.Deadline()
	return cache.keep(list, ids, err, asked, !limited && !l.self && ctx.Err() == nil)[id], err
}

// enter returns a list, which is kept as long as it is used.
func (c *lookCache) enter(key lookKey) *idList {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.all[key]
	if list == nil {
		c.tidy()
		list = &idList{asking: make(chan struct{}, 1)}
		c.all[key] = list
	}
	list.users++
	return list
}

// tidy forgets lists that nobody uses and that are too old, once there are many.
func (c *lookCache) tidy() {
	if c.all == nil {
		c.all, c.most = map[lookKey]*idList{}, maxIDLists
	}
	if len(c.all) >= c.most {
		maps.DeleteFunc(c.all, func(_ lookKey, list *idList) bool { return list.users == 0 && time.Since(list.begun) >= lookedUp })
		c.most = max(maxIDLists, 2*len(c.all))
	}
}

func (c *lookCache) leave(list *idList) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list.users--
}

// find reports whether an id is in a list. If the server was asked since a call started, it is also known that the id is
// missing, or that asking failed.
func (c *lookCache) find(list *idList, id int64, begun time.Time) (has, known bool, failed error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case list.ids[id] && time.Since(list.begun) < lookedUp:
		return true, true, nil
	case list.ids != nil && !list.begun.Before(begun):
		return false, true, nil
	case list.failed != nil && !list.tried.Before(begun):
		return false, true, list.failed.copied()
	}
	return false, false, nil
}

// keep remembers a list or, for those who wait, a failure that they share: the failure of a call with less time, or with
// other tries, does not concern them.
func (c *lookCache) keep(list *idList, ids []int64, err error, asked time.Time, shared bool) map[int64]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		list.failed = nil
		if failed, ok := errors.AsType[*Error](err); ok && shared {
			list.failed, list.tried = failed, asked
		}
		return nil
	}
	list.ids, list.begun, list.failed = make(map[int64]bool, len(ids)), asked, nil
	for _, id := range ids {
		list.ids[id] = true
	}
	return list.ids
}

// idsOf returns the ids of the rows.
func idsOf[T any](rows []T, idOf func(*T) int64) []int64 {
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = idOf(&rows[i])
	}
	return ids
}
