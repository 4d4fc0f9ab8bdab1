// Package between lets a test of this module act in the middle of a request to the stand-in, after the read of its database
// and before its write, so that another request can get in between, as on a real server.
package between

import "context"

type key struct{}

// With returns a context whose requests call f between the read and the write. The stand-in serves other requests meanwhile.
func With(ctx context.Context, f func()) context.Context { return context.WithValue(ctx, key{}, f) }

// Of returns the function in a request's context, or nil.
func Of(ctx context.Context) func() {
	f, _ := ctx.Value(key{}).(func())
	return f
}
