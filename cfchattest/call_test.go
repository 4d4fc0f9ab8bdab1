package cfchattest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

const conversations = "/api/v1/accounts/1/conversations"

// call sends a request in process and returns the status and the body.
func call(t testing.TB, srv *cfchattest.Server, key, method, path, body string) (int, string) {
	t.Helper()
	resp, err := srv.Transport().RoundTrip(request(t, key, method, path, body))
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, readAll(t, resp)
}

func request(t testing.TB, key, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://stand-in"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Api-Access-Token", key)
	return r
}

func readAll(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// idsOf returns the ids on a page of a list or a filter.
func idsOf(t testing.TB, body string) []int64 {
	t.Helper()
	type page struct {
		Payload []struct {
			ID int64 `json:"id"`
		} `json:"payload"`
	}
	var answer struct {
		page
		Data page `json:"data"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	ids := []int64{}
	for _, c := range append(answer.Payload, answer.Data.Payload...) {
		ids = append(ids, c.ID)
	}
	return ids
}

// escape escapes the characters of a query that are not allowed in a URL.
func escape(query string) string { return strings.ReplaceAll(query, " ", "+") }
