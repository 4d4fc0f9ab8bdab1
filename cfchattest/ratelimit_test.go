package cfchattest_test

import (
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestRateLimits requests counts and lists up to the limit of a minute and beyond it, and again in the next minute.
func TestRateLimits(t *testing.T) {
	for _, c := range []struct {
		version, path string
		most          int
	}{
		{"2.16.0", "", 300}, {"3.1.0", "", 3000}, {"4.11.2", "/meta", 3000}, {"4.12.0", "/meta", 30},
		{"4.12.0", "/meta?status=all", 30},
	} {
		now := time.Date(2026, 3, 1, 12, 0, 4, 0, time.UTC)
		clock := cfchattest.Clock(func() time.Time { return now })
		srv := cfchattest.New(t, cfchattest.RateLimits, cfchattest.Version(c.version), clock)
		for minute := range 2 {
			for n := 1; n <= c.most; n++ {
				if status, body := call(t, srv, srv.AdminKey(), "GET", conversations+c.path, ""); status != 200 {
					t.Fatalf("%s: request %d of minute %d: %d %s", c.version, n, minute, status, body)
				}
			}
			if status, body := call(t, srv, srv.AdminKey(), "GET", conversations+c.path, ""); status != 429 ||
				body != "Retry later\n" {
				t.Errorf("%s: one request above the limit: %d %q", c.version, status, body)
			}
			now = now.Add(56 * time.Second) // the next full minute
		}
	}
}

// TestRateLimitOfCounts checks that this limit applies per key: lists, and counts with other keys, still succeed.
func TestRateLimitOfCounts(t *testing.T) {
	noon := cfchattest.Clock(func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) })
	srv := cfchattest.New(t, cfchattest.RateLimits, cfchattest.Version("4.16.2"), noon)
	for range 31 {
		call(t, srv, srv.AdminKey(), "GET", conversations+"/meta", "")
	}
	for _, c := range []struct {
		key, path string
		want      int
	}{{srv.AdminKey(), "/meta", 429}, {srv.AgentKey(), "/meta", 200}, {srv.AdminKey(), "", 200}} {
		if got, _ := call(t, srv, c.key, "GET", conversations+c.path, ""); got != c.want {
			t.Errorf("%q: %d, want %d", c.path, got, c.want)
		}
	}
}

// TestRateLimitOfDeletions checks that this limit applies per account, from 4.16.0 on, whichever conversation is deleted,
// and not to messages.
func TestRateLimitOfDeletions(t *testing.T) {
	noon := cfchattest.Clock(func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) })
	for version, want := range map[string]int{"4.15.1": 404, "4.16.0": 429} {
		srv := cfchattest.New(t, cfchattest.RateLimits, cfchattest.Version(version), noon)
		for range 60 {
			if got, _ := call(t, srv, srv.AdminKey(), "DELETE", conversations+"/99", ""); got != 404 {
				t.Fatalf("%s: %d", version, got)
			}
		}
		got, _ := call(t, srv, srv.AgentKey(), "DELETE", conversations+"/98", "")
		if other, _ := call(t, srv, srv.AdminKey(), "DELETE", conversations+"/99/messages/1", ""); got != want || other != 404 {
			t.Errorf("%s: one deletion above the limit: %d, want %d; of a message: %d", version, got, want, other)
		}
	}
}

// TestRateLimitOfSearches checks that this limit applies per account, whoever searches: lists still succeed, and so do
// searches in the next minute.
func TestRateLimitOfSearches(t *testing.T) {
	const contacts = "/api/v1/accounts/1/contacts"
	for version, most := range map[string]int{"3.1.0": 300, "3.6.0": 5, "3.8.0": 5, "3.9.0": 100, "4.16.2": 100} {
		now := time.Date(2026, 3, 1, 12, 0, 4, 0, time.UTC)
		srv := cfchattest.New(t, cfchattest.RateLimits, cfchattest.Version(version), cfchattest.Clock(func() time.Time { return now }))
		for n := range most {
			if status, body := call(t, srv, srv.Key([]string{"administrator", "agent"}[n%2]), "GET", contacts+"/search?q=jo", ""); status != 200 {
				t.Fatalf("%s: search %d: %d %s", version, n+1, status, body)
			}
		}
		want := 429
		if version == "3.1.0" {
			want = 200 // this version does not limit searches
		}
		for n, c := range []struct {
			path string
			want int
		}{{"/search?q=jo", want}, {"/search?q=jo&page=2", want}, {"", 200}} {
			if got, _ := call(t, srv, srv.AdminKey(), "GET", contacts+c.path, ""); got != c.want {
				t.Errorf("%s: above the limit, case %d: %d, want %d", version, n, got, c.want)
			}
		}
		now = now.Add(56 * time.Second)
		if got, _ := call(t, srv, srv.AdminKey(), "GET", contacts+"/search?q=jo", ""); got != 200 {
			t.Errorf("%s: in the next minute: %d", version, got)
		}
	}
}

// TestNoRateLimits checks that there are no rate limits by default.
func TestNoRateLimits(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("2.16.0"))
	for n := range 400 {
		if status, _ := call(t, srv, srv.AdminKey(), "GET", conversations+"/meta", ""); status != 200 {
			t.Fatalf("request %d: %d", n, status)
		}
	}
}
