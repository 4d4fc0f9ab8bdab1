package cfchattest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

func takes(http.ResponseWriter, *http.Request) {}

// delivered announces a new conversation to a webhook, and returns the only delivery.
func delivered(t *testing.T, srv *cfchattest.Server, url string) cfchattest.Delivery {
	t.Helper()
	srv.AddWebhook(cfchattest.Webhook{URL: url, Subscriptions: []cfchat.WebhookEvent{"conversation_created"}})
	srv.AddConversation(cfchattest.Conversation{})
	(&play{Server: srv, t: t}).received()
	all := srv.Deliveries()
	if len(all) != 1 {
		t.Fatalf("got the deliveries %+v, want one", all)
	}
	return all[0]
}

// TestSameAddress checks that a receiver is found by each spelling of its address, and by no other address.
func TestSameAddress(t *testing.T) {
	for _, c := range []struct {
		url, at string
		same    bool
	}{
		{"https://Hooks.example/a", "https://hooks.example/a", true},
		{"HTTPS://hooks.example/a", "https://hooks.EXAMPLE/a", true},
		{"https://hooks.example:443/a", "https://hooks.example/a", true},
		{"http://hooks.example/a", "http://hooks.example:80/a", true},
		{"http://hooks.example:/a", "http://hooks.example/a", true},
		{"https://hooks.example", "https://hooks.example/", true},
		{"https://hooks.example/%61%2f", "https://hooks.example/a%2F", true},
		{"https://hooks.example/a b?x=1", "https://hooks.example/a%20b?x=1", true},
		{"https://hooks.example/a/?x=1", "https://hooks.example/a/", true},
		{"http://[fe80::1%25eth0]/", "http://[fe80::1%25ETH0]:80/", true},
		{"https://hooks.example:80/a", "https://hooks.example/a", false},
		{"http://hooks.example/a", "https://hooks.example/a", false},
		{"https://hooks.example/A", "https://hooks.example/a", false},
		{"https://hooks.example/a%2Fb", "https://hooks.example/a/b", false},
		{"https://hooks.example/a?x=1", "https://hooks.example/a", false},
		{"https://hooks.example/a?x=1", "https://hooks.example/a?x=2", false},
	} {
		srv := cfchattest.New(t, cfchattest.Version("4.13.0"))
		srv.Receive(c.at, http.HandlerFunc(takes))
		if d := delivered(t, srv, c.url); (d.Failed == "") != c.same {
			t.Errorf("%s at %s: %q", c.url, c.at, d.Failed)
		}
		srv = cfchattest.New(t, cfchattest.Version("4.13.0"))
		srv.FailDeliveries(c.at, 1, cfchattest.DeliveryFailure{Status: 418})
		if d := delivered(t, srv, c.url); (d.Status == 418) != (c.same && !strings.HasSuffix(c.at, "/a/")) {
			t.Errorf("%s at %s: %q", c.url, c.at, d.Failed)
		}
	}
}

// TestEscapedRequest checks that a handler sees the path as it was requested.
func TestEscapedRequest(t *testing.T) {
	srv := cfchattest.New(t)
	srv.Receive("https://hooks.example/", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got, want := fmt.Sprint(r.RequestURI, r.URL, r.URL.Path), "/%61%2Fb?x=1/%61%2Fb?x=1/a/b"; strings.ReplaceAll(got, " ", "") != want {
			t.Errorf("%s, want %s", got, want)
		}
	}))
	delivered(t, srv, "https://hooks.example/%61%2Fb?x=1")
}

// TestPrivateAddresses checks that servers from 4.14.0 on call only public addresses.
func TestPrivateAddresses(t *testing.T) {
	private := strings.Fields(`localhost LOCALHOST localhost. a.localhost [::1] [::] [::ffff:127.0.0.1] [::ffff:100.64.0.1] [fd00::1] [fe80::1%25eth0] [ff02::1]
		127.0.0.1 127.1 127.0.1 2130706433 0x7f.0.0.1 0177.0.0.1 10.1 10.1.2.3 172.16.0.1 172.31.1.1 192.168.1.1 169.254.1.1 0.0.0.0 0.1.2.3
		100.64.0.1 100.127.1.1 224.0.0.1 240.0.0.1 255.255.255.255`)
	public := strings.Fields(`hooks.example localhost.example notlocalhost 8.8.8.8 100.63.0.1 100.128.0.1 172.32.0.1 223.1.1.1 134744072
		[2001:4860::1] 1.2.3.4.5 256.1.1.1 127.0.0.256 127.example`)
	for i, host := range append(private, public...) {
		url := "http://" + host + "/"
		for version, refused := range map[string]bool{"4.13.0": false, "4.14.0": i < len(private)} {
			srv := cfchattest.New(t, cfchattest.Version(version))
			srv.Receive(url, http.HandlerFunc(takes))
			if d := delivered(t, srv, url); strings.Contains(d.Failed, "private") != refused || (d.Failed != "") != refused {
				t.Errorf("%s calls %s: %q", version, host, d.Failed)
			}
		}
	}
}

// TestRedirectedCredentials checks that user:password@ is sent only to the same scheme, host and port.
func TestRedirectedCredentials(t *testing.T) {
	for to, follow := range map[string]bool{
		"https://hooks.example/b": true, "/b": true, "https://hooks.example:443/b": true, "https://HOOKS.example/b": true,
		"http://hooks.example/b": false, "https://hooks.example:8443/b": false, "https://other.example/b": false,
		"https://other.example:443/b": false, "http://hooks.example:443/b": false,
	} {
		for version, status := range map[string]int{"4.12.0": 303, "4.16.2": 307} {
			srv := cfchattest.New(t, cfchattest.Version(version))
			srv.Receive("https://hooks.example/a", http.RedirectHandler(to, status))
			calls := 0
			for _, site := range []string{
				"https://hooks.example/", "http://hooks.example/", "https://hooks.example:8443/", "https://other.example/", "http://hooks.example:443/",
			} {
				srv.Receive(site, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					calls++
					if user, password, has := r.BasicAuth(); has != follow || has && user+password != "mepw" {
						t.Errorf("%s to %s: the user is %q", version, to, user)
					}
				}))
			}
			if d := delivered(t, srv, "https://me:pw@hooks.example/a"); d.Failed != "" || calls != 1 {
				t.Errorf("%s to %s: %s, %d calls", version, to, d.Failed, calls)
			}
		}
	}
}

// TestHeadersAfterRedirect checks that the GET after a 303 has the caller's general headers, and the POST after a 307 all
// headers of the first.
func TestHeadersAfterRedirect(t *testing.T) {
	for version, status := range map[string]int{"4.12.0": 303, "4.16.2": 307} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		var first, second http.Header
		srv.Receive("https://hooks.example/a", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			first = r.Header
			http.Redirect(w, r, "/b", status)
		}))
		srv.Receive("https://hooks.example/b", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { second = r.Header }))
		delivered(t, srv, "https://hooks.example/a")
		want := []string{"Accept", "Accept-Encoding", "User-Agent"}
		if status == 307 {
			want = append(want, "Content-Type", "Content-Length", "X-Chatwoot-Delivery", "X-Chatwoot-Timestamp", "X-Chatwoot-Signature")
		}
		for _, name := range want {
			if second.Get(name) == "" || second.Get(name) != first.Get(name) {
				t.Errorf("%s: %s is %q after the redirect, was %q", version, name, second.Get(name), first.Get(name))
			}
		}
		if len(second) != len(want) {
			t.Errorf("%s: got the headers %v, want %q", version, second, want)
		}
	}
}

// TestLongestAddress checks that the longest of many matching addresses answers, however they are stored.
func TestLongestAddress(t *testing.T) {
	srv := cfchattest.New(t)
	const steps = "https://hooks.example/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/"
	got := map[string]int{}
	for i := range steps {
		if site := steps[:i+1]; i > len("https://") && strings.HasSuffix(site, "/") {
			srv.Receive(site, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { got[site]++ }))
		}
	}
	srv.AddWebhook(cfchattest.Webhook{URL: steps + "z", Subscriptions: []cfchat.WebhookEvent{"conversation_created"}})
	for range 10 {
		srv.AddConversation(cfchattest.Conversation{})
	}
	(&play{Server: srv, t: t}).received()
	if got[steps] != 10 {
		t.Errorf("got the calls %v", got)
	}
}
