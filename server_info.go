package cfchat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

var serverInfoCall = newCall(operation.ServerInformation, checkServerInfo)

// ServerInfo gets the server's version. Every version reports it, without a key, unless a proxy hides it.
//
// GET /api, serverInformation. No key.
func (c *Chat) ServerInfo(ctx context.Context, opts ...CallOption) (*ServerInfo, error) {
	return serverInfoCall.run(ctx, c.itself(), refusal{}, opts, newServerInformationRequest)
}

func checkServerInfo(s *ServerInfo, _ []byte) error {
	if s.Version == "" {
		return errors.New("there is no version")
	}
	return nil
}

// lacks reports whether the server surely lacks what was added in a version. If it does not report its version, nothing is
// sure.
func (c *Chat) lacks(ctx context.Context, since string) bool { return c.learned(ctx).lacks(since) }

// has reports whether the server surely has what was added in a version.
func (c *Chat) has(ctx context.Context, since string) bool { return c.learned(ctx).AtLeast(since) }

// learned returns what is known about the server, nil for nothing. It asks the server once, unless the Config states it.
func (c *Chat) learned(ctx context.Context) *ServerInfo {
	info, _ := c.told(ctx, anyAnswer)
	return info
}

// maxAsking is how long a call waits for the server's version before it continues without.
const maxAsking = 10 * time.Second

// told returns what the server reports about itself, or why that is unknown. It asks if nothing is known, or not enough.
func (c *Chat) told(ctx context.Context, enough func(*ServerInfo, error) bool) (*ServerInfo, error) {
	k, begun := c.known, time.Now()
	info, ask, failed := k.now(enough)
	if !ask {
		return info, failed
	}
	select {
	case k.asking <- struct{}{}:
		defer func() { <-k.asking }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if info, ask, failed = k.now(enough); !ask || k.triedSince(begun) { // another caller has asked meanwhile
		return info, failed
	}
	tried := time.Now()
	asking, cancel := context.WithTimeout(ctx, maxAsking)
	defer cancel()
	info, failed = c.ServerInfo(asking)
	if failed != nil && ctx.Err() != nil {
		return nil, ctx.Err() // the server is not at fault
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.info, k.failed, k.asked, k.tried = info, failed, time.Now(), tried
	return info, failed
}

// renders reports whether the server renders what is rendered from a version on; known is false if that cannot be
// determined, and the call is refused, or ends. A server that does not render is asked each time, unless the Config states
// its version: after an upgrade an unescaped text could be made to reveal data.
func (c *Chat) renders(ctx context.Context, since, field string, r *refusal) (does, known bool) {
	info, failed := c.told(ctx, func(info *ServerInfo, failed error) bool {
		return info.AtLeast(since) || failed != nil && tellsNot(failed)
	})
	switch {
	case info.AtLeast(since):
		return true, true
	case info.lacks(since):
		return false, true
	case ctx.Err() != nil: // the call ends for the same reason
	case failed != nil && !tellsNot(failed):
		r.failed = notToBeHad(field, failed)
	default:
		r.add(field, notKnown)
	}
	return false, false
}

// notToBeHad is the reason for refusing a field: how to send it is unknown at the moment.
func notToBeHad(field string, failed error) error {
	return fmt.Errorf("the server's version, which decides how %s is sent, could not be determined: %w", field, chain.Safe(failed))
}
