package check

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// maxRequests bounds what one run sends. It sends 25 at most, unless it has to search for what cannot be rendered.
const maxRequests = 150

// maxLook bounds how much of an answer is looked at, in bytes. It is what the client takes of one.
const maxLook = 10 << 20

// watch is the transport below the Validator. It counts requests and looks into the answers itself, because what has
// drifted may be something that the client's types cannot decode, and what they decode to does not tell null from absent.
type watch struct {
	base     http.RoundTripper
	requests int
	seen     evidence
	ids      []int64 // of conversations, in the order in which they came
	broken   error   // why an answer was not read to its end
}

// RoundTrip sends a request if there may be one more. It is called by one goroutine at a time.
func (w *watch) RoundTrip(req *http.Request) (*http.Response, error) {
	if w.requests == maxRequests {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, errors.New("this would be one request too many")
	}
	w.requests++
	resp, err := w.base.RoundTrip(req)
	if err != nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxLook))
	if err != nil {
		w.broken = err
	} else {
		w.look(data)
	}
	resp.Body = rewound{io.MultiReader(bytes.NewReader(data), resp.Body), resp.Body} // which fails again if it has failed
	return resp, nil
}

// rewound is a body that begins with what was read of it.
type rewound struct {
	io.Reader
	io.Closer
}

// look takes the conversations out of a page of a list, a page of a filter, or an answer that is one.
func (w *watch) look(data []byte) {
	var answer any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&answer) != nil {
		return
	}
	page, _ := answer.(map[string]any)
	if inner, ok := page["data"].(map[string]any); ok {
		page = inner
	}
	conversations, isPage := page["payload"].([]any)
	if _, isOne := page["messages"]; isOne && !isPage {
		conversations = []any{page}
	}
	for _, c := range conversations {
		if conversation, ok := c.(map[string]any); ok {
			w.seen.conversation(conversation)
			if id, err := strconv.ParseInt(fmt.Sprint(conversation["id"]), 10, 64); err == nil && id > 0 {
				w.ids = append(w.ids, id)
			}
		}
	}
}
