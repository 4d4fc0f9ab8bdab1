// Package between lets a test of this module into the middle of a request to the stand-in, where a server looks at its
// database before it writes to it: another request can come in between, as it can there.
package between

import "context"

type key struct{}

// With returns a context in whose requests a function is called between the look and the write. The stand-in serves others
// meanwhile.
func With(ctx context.Context, f func()) context.Context { return context.WithValue(ctx, key{}, f) }

// Of returns the function of a request's context, nil for none.
func Of(ctx context.Context) func() {
	f, _ := ctx.Value(key{}).(func())
	return f
}
