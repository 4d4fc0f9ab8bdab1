package cfchat

import (
	"time"
)

// Retry sets how often a failed call is tried again. The zero value is what you want:
//
//	                            read    write
//	provably not sent           again   again
//	429                         again   again
//	connection lost, body cut   again   never
//	no answer in time           again   never
//	502, 503, 504, 520-529      again   never
//	422, too slow a database    again   never
//	500                         again   never
//	anything else               never   never
//
// "Again" is up to MaxTries in all. A filter is a read, although it is a POST; its 500 is final, because it is nearly always
// the request's own fault. The wait is the server's Retry-After up to MaxWait; after a 429 without one it is the time to the
// next full minute, because the server counts requests per minute of its clock; otherwise 0.5 s, then 1 s, and so on, with
// jitter. If the server asks for more than MaxWait, or the wait would outlast the context's deadline, the call fails at
// once, and [Error.RetryAfter] is what the server asked for.
//
// Without a Date in the answer the local clock stands in for the server's. It may be ahead, so that the server's minute has
// not started: a try that has waited, and is answered 429 in the first 5 s of a local minute, is repeated after those 5 s,
// not a minute later.
type Retry struct {
	MaxTries int           // of one request, including the first. Zero means 3; 1 means no retries
	MaxWait  time.Duration // the longest wait between two tries that a server may ask for. Zero means a minute
}

// check refuses values that nobody can mean.
func (r Retry) check(field string, input *refusal) {
	if r.MaxTries < 0 {
		input.add(field+".MaxTries", "%d is negative; zero means 3", r.MaxTries)
	}
	if r.MaxWait < 0 {
		input.add(field+".MaxWait", "%s is negative; zero means a minute", r.MaxWait)
	}
}
