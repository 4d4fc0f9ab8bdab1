package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// The server's sentences that have a meaning for the client. The server always writes them in English, unless their comments
// say otherwise (contract, 3).

// errNoKeyArrived is the server's sentence for a request without a key. The client always sends one, so something on the way
// removed it.
const errNoKeyArrived = "You need to sign in or sign up before continuing."

// errWrongKey is the server's sentence for a key that nobody has.
const errWrongKey = "Invalid Access Token"

// errNotYours is the server's sentence for what the key's owner may not do: an inbox that is not theirs, what takes an administrator.
const errNotYours = "You are not authorized to do this action"

// errOverdue is the server's sentence when its database took too long, from 4.16.0 on. It may be translated.
const errOverdue = "The request took too long to complete. Please try again."

// errNoBots is the server's sentence for an agent bot that requests what bots may not do, or only in a later version.
const errNoBots = "Access to this endpoint is not authorized for bots"

// The server's sentences for a message that it has not stored (contract, W1.2). Several may follow validationFailed, written
// in the account's language: in any other than English, nothing is proven.
const (
	validationFailed = "Validation failed: "
	errIncoming      = "Incoming messages are only allowed in Api inboxes"
	errNUL           = "string contains null byte"
	errNoMessage     = "Couldn't find Message with 'id'=" // from a retry
)

var invalidMessage = []string{
	"Content is too long (maximum is 150000 characters)", "Too many messages",
	"Attachments file type not supported", "Attachments file size is too big",
}

// refuses reports whether the sentence of a 422 proves that nothing was stored: failures after storing are a 422 too, with
// their own texts.
func refuses(op *operation.Operation, said string) bool {
	if op == operation.RetryAMessage {
		return strings.HasPrefix(said, errNoMessage)
	}
	if wrong, ok := strings.CutPrefix(said, validationFailed); ok {
		return !slices.ContainsFunc(strings.Split(wrong, ", "), func(one string) bool { return !slices.Contains(invalidMessage, one) })
	}
	noKind := strings.HasPrefix(said, "'") &&
		(strings.HasSuffix(said, "' is not a valid message_type") || strings.HasSuffix(said, "' is not a valid content_type"))
	return said == errIncoming || said == errNUL || noKind
}

// unauthorized returns an error that explains what the sentence of a 401 means for the caller; nil if it says all that is known.
func unauthorized(op *operation.Operation, said string) error {
	switch {
	case strings.Contains(said, errNoKeyArrived):
		return errors.New("the key did not reach the server: a proxy on the way may drop header names with " +
			"underscores; set Keys.Header to auth.HeaderDash")
	case said == errWrongKey:
		return errors.New("no user or bot on the server has this key; check Keys and Config.Server")
	case said == errNoBots:
		return noBots(op)
	case said == errNotYours && op.Administrators:
		return errors.New("only an administrator may do this; set Keys.User to an administrator's key")
	}
	return nil
}

// noBots returns an error that states since when bots may make a call, or that they never may; nil if every known server
// lets them, or if it is not a row of the table. Keys other than a bot's can be refused with these words too.
func noBots(op *operation.Operation) error {
	if !op.Known() {
		return nil
	}
	for _, key := range op.Keys {
		switch {
		case key.Scheme != operation.AgentBotAPIKey || key.Since == operation.Never:
		case key.Since == op.Since():
			return nil
		default:
			return fmt.Errorf("servers let bots make this call from %s on; set Keys.User to a person's key", key.Since)
		}
	}
	return errors.New("no server lets bots make this call; set Keys.User to a person's key")
}

// isNoRoute reports whether the body of a 404 is the one for a call that the server lacks, not for a missing conversation.
func isNoRoute(body []byte) bool {
	var said struct {
		Status int
		Error  string
	}
	return json.Unmarshal(body, &said) == nil && said.Status == http.StatusNotFound && said.Error == "Not Found"
}

// noRoute returns an error that states since when servers have a call.
func noRoute(op *operation.Operation) error {
	if !op.Known() {
		return errors.New("the server has no such path; check it, and the server's version with Chat.ServerInfo")
	}
	return fmt.Errorf("the server has no such call, and servers have it from %s on; check its version and Config.Server", op.Since())
}
