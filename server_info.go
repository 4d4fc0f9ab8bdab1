package cfchat

import (
	"context"
	"errors"
	"time"

	"github.com/cfchat/cfchat-go/internal/operation"
)

var serverInfoCall = newCall(operation.ServerInformation, checkServerInfo)

// ServerInfo gets the server's version. Every version tells it, without a key, unless a proxy hides it.
//
// GET /api, serverInformation. No key.
func (c *Chat) ServerInfo(ctx context.Context, opts ...CallOption) (*ServerInfo, error) {
	server := &core{chat: c, server: true}
	return serverInfoCall.run(ctx, server, refusal{}, opts, newServerInformationRequest)
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
	k := c.known
	info, ask := k.now()
	if !ask {
		return info
	}
	select {
	case k.asking <- struct{}{}:
		defer func() { <-k.asking }()
	case <-ctx.Done():
		return nil
	}
	if info, ask = k.now(); !ask { // another has asked meanwhile
		return info
	}
	info, err := c.ServerInfo(ctx)
	if err != nil && ctx.Err() != nil {
		return nil // it was not the server
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.info, k.asked = info, time.Now()
	return info
}
