package cfchat

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// RawResponse is an answer of the generated client: the data, and the answer that it came with.
type RawResponse[T any] struct {
	JSON200      *T             // the data; nil if the status is not 200, or the answer is not JSON
	Body         []byte         // as it came
	HTTPResponse *http.Response // its Body has been read
}

// Status returns the status line's code and text.
func (r *RawResponse[T]) Status() string {
	if r == nil || r.HTTPResponse == nil {
		return ""
	}
	return r.HTTPResponse.Status
}

// StatusCode returns the HTTP status, 0 when there is no answer.
func (r *RawResponse[T]) StatusCode() int {
	if r == nil || r.HTTPResponse == nil {
		return 0
	}
	return r.HTTPResponse.StatusCode
}

// parseRaw reads an answer to its end and decodes it.
func parseRaw[T any](resp *http.Response) (*RawResponse[T], error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	parsed := &RawResponse[T]{Body: body, HTTPResponse: resp}
	if resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Content-Type"), "json") {
		return parsed, nil
	}
	parsed.JSON200 = new(T)
	return parsed, json.Unmarshal(body, parsed.JSON200)
}
