package mirror_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// tripper is a function between the program and the server.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// via passes the requests of a program through a function, which returns nil to let the server answer.
func via(server *cfchattest.Server, answers func(*http.Request) *http.Response) func(*cfchat.Config) {
	return func(c *cfchat.Config) {
		c.HTTPClient = &http.Client{Transport: tripper(func(r *http.Request) (*http.Response, error) {
			if answer := answers(r); answer != nil {
				return answer, nil
			}
			return server.Transport().RoundTrip(r)
		})}
	}
}

// answer returns an answer that did not come from the server.
func answer(r *http.Request, status int, kind, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// gone is the server's answer for something that does not exist (contract, section 3).
const gone = `{"error":"Resource could not be found"}`

const asJSON = "application/json; charset=utf-8"
