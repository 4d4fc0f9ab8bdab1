package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/cfchat/cfchat-go"
)

// printChanged prints what three clients make of an answer that differs from today's: a later server's
// additions, an older one's gaps, and what is no conversation at all.
func printChanged() error {
	body, err := recordedBody(recordedGet)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "an answer to get\tAccount\tstock client\togen")
	for _, change := range []struct{ name, from, to string }{
		{"as recorded", "", ""},
		{"a status of tomorrow", `"status":"open"`, `"status":"parked"`},
		{"a priority of tomorrow", `"priority":null`, `"priority":"dire"`},
		{"a message type of tomorrow", `"message_type":1`, `"message_type":9`},
		{"a field of tomorrow", `"muted":false`, `"muted":false,"warm":true`},
		{"a field gone", `"muted":false,`, ``},
		{"empty attributes as a list", `"custom_attributes":{"plan":"free","seats":0}`, `"custom_attributes":[]`},
		{"{}, which is no conversation", string(body), `{}`},
	} {
		changed := strings.Replace(string(body), change.from, change.to, 1)
		if change.from != change.to && changed == string(body) {
			return fmt.Errorf("%s: the recorded answer has no %s", change.name, change.from)
		}
		clients, err := newClients(cfchat.DefaultServer, replay(changed))
		if err != nil {
			return err
		}
		fmt.Fprint(out, change.name)
		for _, c := range clients[2:] {
			fmt.Fprintf(out, "\t%s", verdict(c.get(context.Background())))
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out)
	return out.Flush()
}

func verdict(err error) string {
	switch {
	case err == nil:
		return "taken"
	case errors.Is(err, errEmpty):
		return "taken, and empty"
	}
	return "refused"
}

// replay answers every request with one body.
type replay string

func (r replay) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req, ContentLength: -1,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		Body:   io.NopCloser(strings.NewReader(string(r))),
	}, nil
}
