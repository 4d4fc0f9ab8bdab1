// Package chain is what every request of this module goes through, from the call that a service makes to the transport and
// back. It knows no type of the root package: a link returns what it found as a [Failure], an answer is decoded by a function
// that the call carries, and the root makes its errors of the facts.
package chain

import (
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/cfchat/cfchat-go/auth"
)

// Config is what the links need to know. All of it must be set but Jar, Limiter and Logger.
type Config struct {
	Transport http.RoundTripper
	Jar       http.CookieJar
	Keys      auth.Keys
	Server    *url.URL // to no other goes a key
	Retry     Policy
	Limiter   Limiter
	Timeout   time.Duration
	MaxBody   int64
	UserAgent string
	Logger    *slog.Logger // Describe makes the texts of its errors
	Describe  func(*Failure) string
}

// New puts the links together, the innermost first. Each is the function of its file's name. The order is the point:
//
//   - the limiter is asked before each try, and its wait is not a part of the try's time;
//   - each try has its time limit around everything that can hang: connecting, the answer's head, and its body;
//   - a try reads the whole body, so that a truncated one counts as a failed try, and not as a success;
//   - whether a try was sent is decided where its answer has been read and judged, and the retry above asks for that;
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
