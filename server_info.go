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

// lacks reports whether the server surely has not what came with a version. It asks the server, once, unless the Config says
// it; where the server does not tell, nothing is sure.
func (c *Chat) lacks(ctx context.Context, since string) bool {
	k := c.known
	info, ask := k.now()
	if !ask {
		return info.lacks(since)
	}
	select {
	case k.asking <- struct{}{}:
		defer func() { <-k.asking }()
	case <-ctx.Done():
		return false
	}
	if info, ask = k.now(); !ask { // another has asked meanwhile
		return info.lacks(since)
	}
	info, err := c.ServerInfo(ctx)
	if err != nil && ctx.Err() != nil {
		return false // it was not the server
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.info, k.asked = info, time.Now()
	return info.lacks(since)
}
