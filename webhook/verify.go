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

// The headers of a delivery. Account webhooks send them from 4.12.0 on. API inboxes send DeliveryHeader from 4.12.0 on and
// agent bots from 4.13.0 on; both send the others from 4.13.0 on (contract, H2).
const (
	DeliveryHeader  = "X-Chatwoot-Delivery"  // an id of the delivery: the same when a bot's is repeated
	TimestampHeader = "X-Chatwoot-Timestamp" // when it was sent, in seconds since 1970
	SignatureHeader = "X-Chatwoot-Signature" // "sha256=" and the HMAC in lower-case hexadecimal
)

// Tolerance is the default limit of how old a delivery may be, and of how far it may be ahead of the receiver's clock. The
// server prescribes none.
const Tolerance = 5 * time.Minute

// ErrUnverified is the error for a delivery that is not proven to be the server's. Its text gives the reason and never
// includes the secret, the signature or the body.
var ErrUnverified = errors.New("webhook: not verified")

// Secret is the secret of a webhook, an API inbox or an agent bot. It is never printed.
type Secret = auth.Secret

// NewSecret makes a [Secret] from its text, as the server shows it to administrators. The empty text means no secret.
func NewSecret(text string) Secret { return auth.NewSecret(text) }

// Unsigned replaces the secret if the server does not sign: before 4.12.0, for API inboxes and agent bots before 4.13.0, and
// for the webhooks of automations and macros on every version. It accepts everything as the server's: put a long random text
// into the URL that you give the server, and compare it first.
var Unsigned = auth.NewSecret(unsigned)

// unsigned differs in each process, so that it cannot come from a settings file.
var unsigned = rand.Text()

func isUnsigned(secret Secret) bool { return secret.Reveal() == unsigned }

// Verify returns nil if a delivery is the server's and no older than [Tolerance]: if the secret signs the time in its header
// and its body, byte for byte. Otherwise it returns [ErrUnverified]. now is the receiver's time, normally time.Now().
// Signatures are compared in constant time. With [Unsigned] nothing is checked; an empty secret is refused.
//
// Within the tolerance, somebody who has seen a verified delivery can send it again: handle deliveries so that this does no
// harm.
func Verify(secret Secret, header http.Header, body []byte, now time.Time) error {
	return VerifyWithin(Tolerance, secret, header, body, now)
}

// VerifyWithin is [Verify] with another tolerance, which must be above 0.
func VerifyWithin(tolerance time.Duration, secret Secret, header http.Header, body []byte, now time.Time) error {
	switch {
	case secret.IsZero():
		return unverified("there is no secret to verify with; set the one that the server shows, or Unsigned if it does not sign")
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
		return unverified("the signature does not match this body, time and secret; each webhook, API inbox and bot has its own, " +
			"and the body must be the received bytes")
	}
	if age := now.Sub(sent); age > tolerance || age < -tolerance {
		return unverified("it was sent at %s, which is not within %v of %s", sent.Format(time.RFC3339), tolerance, now.UTC().Format(time.RFC3339))
	}
	return nil
}

// Sign sets the headers of a delivery sent at a time, as servers do. It is for tests of receivers.
func Sign(secret Secret, header http.Header, body []byte, at time.Time) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	header.Set(TimestampHeader, timestamp)
	header.Set(SignatureHeader, "sha256="+hex.EncodeToString(sumOf(secret, timestamp, body)))
}

// sumOf returns the server's signature of a body and a time.
func sumOf(secret Secret, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// only returns the value of a header, whatever the case of its name: some gateways use lower case. It refuses two values,
// because it is unknown which was signed.
func only(header http.Header, name string) (string, error) {
	var all []string
	for each, values := range header {
		if textproto.CanonicalMIMEHeaderKey(each) == name {
			all = append(all, values...)
		}
	}
	switch len(all) {
	case 0:
		return "", unverified("there is no %s; servers sign from 4.12.0 on, API inboxes and bots from 4.13.0 on, if there is a secret",
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
