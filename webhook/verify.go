package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/auth"
)

// The headers that servers set of their own. Account webhooks have them from 4.12.0 on; API inboxes and agent bots have
// DeliveryHeader from 4.12.0 and 4.13.0, and the others from 4.13.0 (contract, H2).
const (
	DeliveryHeader  = "X-Chatwoot-Delivery"  // an id of the delivery: the same where a bot's is repeated
	TimestampHeader = "X-Chatwoot-Timestamp" // when it was sent, in seconds since 1970
	SignatureHeader = "X-Chatwoot-Signature" // "sha256=" and the HMAC in lower-case hexadecimal
)

// Tolerance is how old a delivery may be, and how far ahead of the receiver's clock, unless it is set otherwise. The server
// prescribes none.
const Tolerance = 5 * time.Minute

// ErrUnverified is the error of a delivery that is not shown to be the server's. Its text says what is wrong and never holds
// the secret, the signature or the body.
var ErrUnverified = errors.New("webhook: not verified")

// Secret is the secret of a webhook, an API inbox or an agent bot. It never shows.
type Secret = auth.Secret

// NewSecret makes a [Secret] of its text, as the server shows it to administrators. The empty text is no secret.
func NewSecret(text string) Secret { return auth.NewSecret(text) }

// Unsigned takes the place of a secret where the server does not sign: before 4.12.0, for API inboxes and agent bots before
// 4.13.0, and for the webhooks of automations and macros on every version. With it everything is taken for the server's: put
// a long random text into the URL that the server is given, and compare it before.
var Unsigned = auth.NewSecret(unsigned)

// unsigned is another text each time, so that it can come from no file of settings.
var unsigned = rand.Text()

func isUnsigned(secret Secret) bool { return secret.Reveal() == unsigned }

// Verify reports by nil that a delivery is the server's and no older than [Tolerance]: that it is signed with the secret, over
// the time in its header and its body byte for byte. Anything else is [ErrUnverified]. now is the receiver's time, time.Now()
// as a rule. Where a signature differs does not show in the time that it takes. Of [Unsigned] nothing is looked at; no secret at all
// is refused.
//
// A delivery that was verified may come again within the tolerance, from somebody who has seen it: handle it so that this
// does no harm.
func Verify(secret Secret, header http.Header, body []byte, now time.Time) error {
	return VerifyWithin(Tolerance, secret, header, body, now)
}

// VerifyWithin is [Verify] with another tolerance, which must be above 0.
func VerifyWithin(tolerance time.Duration, secret Secret, header http.Header, body []byte, now time.Time) error {
	switch {
	case secret.IsZero():
		return unverified("there is no secret to verify with; give the one that the server shows, or Unsigned where it does not sign")
	case tolerance <= 0:
		return unverified("the tolerance is %v, and must be above 0", tolerance)
	case isUnsigned(secret):
		return nil
	}
	timestamp, err := only(header, TimestampHeader)
	if err != nil {
		return err
	}
	signature, err := only(header, SignatureHeader)
	if err != nil {
		return err
	}
	sent, err := timeOf(timestamp)
	if err != nil {
		return err
	}
	given, isHex := strings.CutPrefix(signature, "sha256=")
	sum, err := hex.DecodeString(given)
	if !isHex || err != nil {
		return unverified("%s is not sha256= and hexadecimal digits", SignatureHeader)
	}
	if !hmac.Equal(sum, sumOf(secret, timestamp, body)) {
		return unverified("the signature is not of this body and time by this secret; each webhook, API inbox and bot has its own, " +
			"and the body must be the bytes that came")
	}
	if age := now.Sub(sent); age > tolerance || age < -tolerance {
		return unverified("it was sent at %s, which is not within %v of %s", sent.Format(time.RFC3339), tolerance, now.UTC().Format(time.RFC3339))
	}
	return nil
}

// Sign sets the headers of a delivery that is sent at a time, as servers do. It is for tests of receivers.
func Sign(secret Secret, header http.Header, body []byte, at time.Time) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	header.Set(TimestampHeader, timestamp)
	header.Set(SignatureHeader, "sha256="+hex.EncodeToString(sumOf(secret, timestamp, body)))
}

// sumOf returns what the server signs a body with that is sent at a time.
func sumOf(secret Secret, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// only returns the value of a header, in whatever case its name is: gateways give names in lower case. Two values are
// refused, because nobody can tell which was signed.
func only(header http.Header, name string) (string, error) {
	var all []string
	for each, values := range header {
		if textproto.CanonicalMIMEHeaderKey(each) == name {
			all = append(all, values...)
		}
	}
	switch len(all) {
	case 0:
		return "", unverified("there is no %s; servers sign from 4.12.0 on, API inboxes and bots from 4.13.0, where there is a secret",
			name)
	case 1:
		return all[0], nil
	}
	return "", unverified("there are %d values of %s", len(all), name)
}

// timeOf reads seconds since 1970, digits only.
func timeOf(timestamp string) (time.Time, error) {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || strings.Trim(timestamp, "0123456789") != "" {
		return time.Time{}, unverified("%s is not a number of seconds", TimestampHeader)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

func unverified(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnverified}, args...)...)
}
