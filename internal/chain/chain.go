// Package chain carries every request of this module from the call of a service to the transport and back. It knows no type
// of the root package: a link returns what it found as a [Failure], an answer is decoded by a function that the call
// carries, and the root makes its errors from these facts.
package chain

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cfchat/cfchat-go/auth"
)

// Config is what the links need to know. All fields except Jar, Limiter and Logger must be set.
type Config struct {
	Transport http.RoundTripper
	Jar       http.CookieJar
	Keys      auth.Keys
	Server    *url.URL // the only one that gets a key
	Retry     Policy
	Limiter   Limiter
	Timeout   time.Duration
	MaxBody   int64
	UserAgent string
	Logger    *slog.Logger // Describe makes the texts of its errors
	Describe  func(*Failure) string
}

// New assembles the links, the innermost first. Each is the function named like its file. The order matters:
//
//   - the limiter is asked before each try, and its wait does not count as part of the try's time;
//   - each try has its time limit around everything that can hang: connecting, the answer's head, and its body;
//   - a try reads the whole body, so that a truncated one counts as a failed try, and not as a success;
//   - whether a try was sent is decided once its answer has been read and judged, for the retry above;
//   - headers and body are settled once, above the retry, so that every try sends the same; the key goes onto the copy that a
//     try sends, so that the request that an answer points back to has none.
//
// The context of a request carries its call ([CallOf]): every link acts by that, and not by the address, which a
// transport may rewrite.
func New(c Config) Link {
	l := body(send(c.Transport, c.Jar, c.MaxBody))
	l = status(l)
	l = answer(l)
	l = outcome(l, c.Transport)
	l = key(l, c.Keys)
	l = timeout(l, c.Timeout)
	l = try(l, c.Logger, c.Describe)
	l = limit(l, c.Limiter)
	l = retry(l, c.Retry)
	l = headers(l, c.UserAgent, c.Keys, c.Server)
	l = rewind(l)
	return refuse(l)
}
