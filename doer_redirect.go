package cfchat

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// httpClient copies a client, or makes one, so that redirects come back as answers: following one would carry the key to
// another host, and would turn a POST into a GET.
func httpClient(given *http.Client) *http.Client {
	client := http.Client{}
	if given != nil {
		client = *given
	}
	if client.Transport == nil {
		client.Transport = newTransport()
	}
	client.Transport = stay{client.Transport}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// target is where stay puts the address of a redirect.
const target = "Cfchat-Location"

// stay takes the Location out of redirects, so that http.Client does not even look at it: one that it cannot parse would
// become an error that quotes it, query included, and the status would be lost.
type stay struct{ next http.RoundTripper }

func (s stay) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.next.RoundTrip(req)
	if err != nil || resp == nil || resp.StatusCode/100 != 3 {
		return resp, err
	}
	staying := *resp
	if staying.Header = resp.Header.Clone(); staying.Header == nil {
		staying.Header = http.Header{}
	}
	staying.Header.Set(target, resp.Header.Get("Location"))
	staying.Header.Del("Location")
	return &staying, nil
}

// redirected names the host that an answer points to, and not the rest of the address, which repeats the query.
func redirected(resp *http.Response) error {
	to, err := url.Parse(resp.Header.Get(target))
	if err != nil || to.Host == "" {
		return errors.New("redirects are not followed; set Config.Server to the address that answers itself")
	}
	return fmt.Errorf("to %s://%s: redirects are not followed, because the key would go along; "+
		"if that is the right server, set Config.Server to it", to.Scheme, to.Host)
}
