package check

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/connect"
)

// noKeyArrived reports whether the server got no key, although the client always sends one.
func noKeyArrived(err error) bool {
	e, ok := errors.AsType[*cfchat.Error](err)
	return ok && e.StatusCode == http.StatusUnauthorized && strings.Contains(e.Message, "You need to sign in or sign up before continuing.")
}

// inVain returns the reason to stop, with its remedy, if every other request would fail too; else nil. It never quotes the
// server, whose words may be about people.
func (c *checker) inVain(err error) error {
	e, ok := errors.AsType[*cfchat.Error](err)
	switch {
	case !ok:
		return err
	case e.StatusCode == 0:
		return fmt.Errorf("there is no answer from %s: %s; is --server right, and is it reachable from here?", c.Server, connect.InFlags(fmt.Sprint(e.Err)))
	case errors.Is(e, cfchat.ErrRedirect):
		return fmt.Errorf("%s redirects: %s", c.Server, connect.InFlags(fmt.Sprint(e.Err)))
	case e.StatusCode == http.StatusUnauthorized:
		return c.unauthorized(e.Message)
	case e.StatusCode == http.StatusForbidden && strings.Contains(e.Message, "API access is not enabled"):
		return fmt.Errorf("the plan of account %d has no API access: the server answers 403 to every key", c.Options.Account)
	case e.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s answers 403, which the API never does to reads: a proxy or firewall in front of it refuses this machine", c.Server)
	case errors.Is(e, cfchat.ErrNotFound) && c.account == nil:
		return fmt.Errorf("%s has no account %d, or is not a server of ClickFunnels Chat: check --account and --server", c.Server, c.Options.Account)
	case errors.Is(e, cfchat.ErrRateLimited):
		return errors.New("the server has had enough requests for this minute: try again in the next")
	case e.StatusCode > http.StatusInternalServerError:
		return fmt.Errorf("%s answers %s: it is down, or its proxy cannot reach it; try again later", c.Server, statusText(e.StatusCode))
	}
	return nil
}

// unauthorized distinguishes the server's refusals (contract, section 3).
func (c *checker) unauthorized(message string) error {
	switch {
	case strings.Contains(message, "Invalid Access Token"):
		return errors.New("the server does not know the key: " +
			"copy the access token again from your profile settings there into CFCHAT_USER_API_KEY")
	case strings.Contains(message, "not authorized for bots"):
		return errors.New("the key is an agent bot's, which may not read: set CFCHAT_USER_API_KEY to the key of a person")
	case strings.Contains(message, "not authorized to access this account"):
		return fmt.Errorf("the owner of the key does not belong to account %d: "+
			"is --account the number in the address bar, /app/accounts/<number>/?", c.Options.Account)
	case strings.Contains(message, "suspended"):
		return fmt.Errorf("account %d is suspended", c.Options.Account)
	}
	return errors.New("the server answers 401: the key may not read, or is no longer valid; try an administrator's")
}

// problemOf describes how a call failed that should not have. The drift already shows which answers cannot be read, and why.
func problemOf(what string, err error) string {
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || errors.Is(e, cfchat.ErrDecode) {
		return "programs with this module's client can no longer read it"
	}
	return what + ": answered with " + statusText(e.StatusCode)
}

// notInJSON reports a refusal that is not the server's own, which are in JSON (contract, 3). The Validator checks its form.
func (c *checker) notInJSON(id, what string, err error) {
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok {
		return
	}
	if kind, _, _ := mime.ParseMediaType(e.Header.Get("Content-Type")); kind != "application/json" {
		c.report.problem(id, what+": answered with "+statusText(e.StatusCode)+", not in JSON")
	}
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}
