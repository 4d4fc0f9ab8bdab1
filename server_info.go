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

// ServerInfo gets the server's version. Every version tells it, without a key, unless a proxy hides it.
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

// lacks reports whether the server surely has not what came with a version. Where it does not tell its version, nothing is
// sure.
func (c *Chat) lacks(ctx context.Context, since string) bool { return c.learned(ctx).lacks(since) }

// has reports whether the server surely has what came with a version.
func (c *Chat) has(ctx context.Context, since string) bool { return c.learned(ctx).AtLeast(since) }

// learned returns what is known of the server, nil for nothing. It asks the server, once, unless the Config says it.
func (c *Chat) learned(ctx context.Context) *ServerInfo {
	info, _ := c.told(ctx, anyAnswer)
	return info
}

// maxAsking is how long a call waits for the server's version, which it does without where the server does not tell it.
const maxAsking = 10 * time.Second

// told returns what the server tells of itself, or why it is not known. It asks if nothing is known, or not enough.
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
	if info, ask, failed = k.now(enough); !ask || k.triedSince(begun) { // another has asked meanwhile
		return info, failed
	}
	tried := time.Now()
	asking, cancel := context.WithTimeout(ctx, maxAsking)
	defer cancel()
	info, failed = c.ServerInfo(asking)
	if failed != nil && ctx.Err() != nil {
		return nil, ctx.Err() // it was not the server
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.info, k.failed, k.asked, k.tried = info, failed, time.Now(), tried
	return info, failed
}

// renders reports whether the server renders what it does from a version on; known is false where it cannot be known, and the
// call is refused, or ends. A server that does not is asked each time, unless the Config says its version: when it has been
// upgraded meanwhile, a text that is not escaped could be made to reveal data.
func (c *Chat) renders(ctx context.Context, since, field string, r *refusal) (does, known bool) {
	info, failed := c.told(ctx, func(info *ServerInfo, failed error) bool {
		return info.AtLeast(since) || failed != nil && tellsNot(failed)
	})
	switch {
	case info.AtLeast(since):
		return true, true
	case info.lacks(since):
		return false, true
	case ctx.Err() != nil: // as the call ends for
	case failed != nil && !tellsNot(failed):
		r.failed = notToBeHad(field, failed)
	default:
		r.add(field, notKnown)
	}
	return false, false
}

// notToBeHad is why a field cannot be sent: nobody can say now how.
func notToBeHad(field string, failed error) error {
	return fmt.Errorf("the server's version, on which it depends how %s is sent, is not to be had: %w", field, chain.Safe(failed))
}
