package cfchat

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// refuseFailure makes every status but 2xx an *Error.
func refuseFailure(next link) link {
	return func(req *http.Request) (*http.Response, error) {
		resp, err := next(req)
		if err != nil || resp.StatusCode/100 == 2 {
			return resp, err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body) // from memory: readBody has it
		if err != nil {
			return nil, err
		}
		e := errorOf(req, resp, body)
		e.RetryAfter, e.wait = retryAfter(resp.StatusCode, resp.Header, time.Now())
		switch {
		case resp.StatusCode/100 == 3:
			e.Message, e.Err = http.StatusText(resp.StatusCode), redirected(resp)
		case resp.StatusCode/100 == 1:
			e.Err = errors.New("the server speaks another protocol")
		}
		return nil, e
	}
}

// retryAfter is what the server asks for, and how long to wait. A 429 without Retry-After means the next full minute:
// the server counts the requests of every minute of its clock, so a shorter wait is in vain and a longer one too long.
// The server's clock is its Date, or else the local one. Both are zero when there is no reason to wait.
func retryAfter(status int, header http.Header, now time.Time) (asked, wait time.Duration) {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	value := strings.TrimSpace(header.Get("Retry-After"))
	if date, err := http.ParseTime(value); err == nil {
		asked = date.Sub(now)
	} else if seconds, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		asked = time.Duration(min(max(seconds, 0), 1e9)) * time.Second // 31 years, and no overflow
	}
	switch {
	case asked > 0:
		return asked, asked
	case status == http.StatusTooManyRequests:
		asked = now.Truncate(time.Minute).Add(time.Minute).Sub(now)
		return asked, asked + time.Second/4 + rand.N(time.Second*3/4)
	}
	return 0, 0
}
