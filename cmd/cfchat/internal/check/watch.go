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

// maxRequests bounds the requests of a run. It sends at most 25, unless it has to search for unrenderable conversations.
const maxRequests = 150

// maxLook bounds how much of an answer is inspected, in bytes. It is the client's limit.
const maxLook = 10 << 20

// watch is the transport below the Validator. It counts requests and inspects the answers itself, because the client's types
// may be unable to decode drifted ones, and do not distinguish null from absent.
type watch struct {
	base     http.RoundTripper
	requests int
	seen     evidence
	ids      []int64 // of conversations, in order of appearance
	broken   error   // why an answer was not read to its end
}

// RoundTrip sends a request if the limit allows it. It is called by one goroutine at a time.
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
	resp.Body = rewound{io.MultiReader(bytes.NewReader(data), resp.Body), resp.Body} // fails again if it has failed
	return resp, nil
}

// rewound is a body that starts with the part that was already read.
type rewound struct {
	io.Reader
	io.Closer
}

// look records the conversations in a page of a list, a page of a filter, or an answer with a single one.
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
