package chain

import (
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// refuse refuses what must not be sent: an address that an editor has removed, or changed to another operation's, and
// everything if the context is already over.
func refuse(next Link) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		switch {
		case req.URL == nil:
			return nil, Refused("request editor", "it removed the address")
		case callOf(req).Edited && !callOf(req).Is(req):
			return nil, Refused("request editor", "it turned the request into %q", operation.Of(req))
		case req.URL.Opaque != "":
			return nil, Refused("request editor", "it set URL.Opaque, which would be sent in place of the path")
		case req.Context().Err() != nil:
			return nil, Ended(req.Context())
		}
		return next(req)
	}
}
