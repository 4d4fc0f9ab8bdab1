package check

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxWait bounds the wait for GET /api, which something in front of a server may leave unanswered.
const maxWait = 30 * time.Second

// askVersion asks GET /api, which answers without a key in every version, but which a proxy may hide. Any other answer is
// therefore not a sign.
func (c *checker) askVersion(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, strings.TrimRight(c.Server, "/")+"/api", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.watch.RoundTrip(req) // a client would follow redirects
	if err != nil {
		return nil // an interruption shows with the next request
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		c.said = saidIn(resp.Body)
	}
	if !c.said.isZero() {
		c.sent(opInfo)
		c.report.of(opInfo).complete = true
	}
	c.watch.broken = nil // a failure here says nothing about other answers
	return nil
}

// versionForm matches a version as servers and their forks write it, such as 4.7.0 and v4.7.0-ce.
var versionForm = regexp.MustCompile(`^v?([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})([-+].*)?$`)

// saidIn returns the version in an answer, the zero version if there is none.
func saidIn(body io.Reader) (v version) {
	var answer struct{ Version string }
	if json.NewDecoder(io.LimitReader(body, 1<<16)).Decode(&answer) != nil {
		return v
	}
	parts := versionForm.FindStringSubmatch(answer.Version)
	if parts == nil {
		return v
	}
	for i := range v {
		v[i], _ = strconv.Atoi(parts[i+1])
	}
	return v
}
