package cfchat

import (
	"net"
	"net/http"
	"time"
)

// DefaultTransport returns a new transport like the one that New makes for a Config without one: change it, or wrap it in
// one that traces, and set it in Config.HTTPClient. Make one per program, because each has connections of its own.
//
// It is net/http's default with three bounds: 16 idle connections per host, where the default of 2 would reconnect all the
// time; 256 KiB for the headers of an answer; and a ping after 15 s of silence, which finds a dead HTTP/2 connection that
// the default would keep using.
func DefaultTransport() *http.Transport {
	t := netHTTPDefault()
	t.MaxIdleConnsPerHost = 16
	t.MaxResponseHeaderBytes = 256 << 10
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second}
	return t
}

// netHTTPDefault returns a copy of net/http's own transport, even if a program has replaced it.
func netHTTPDefault() *http.Transport {
	if standard, ok := http.DefaultTransport.(*http.Transport); ok && standard != nil {
		return standard.Clone()
	}
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 100,
		IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: time.Second,
	}
}

// transportOf returns a client's transport. A program that has replaced http.DefaultTransport, with one that keeps records
// for instance, keeps its own.
func transportOf(client *http.Client) http.RoundTripper {
	if client.Transport != nil {
		return client.Transport
	}
	if _, isNetHTTP := http.DefaultTransport.(*http.Transport); !isNetHTTP && http.DefaultTransport != nil {
		return http.DefaultTransport
	}
	return DefaultTransport()
}

// downloadsOf returns the transport of downloads: none that could add to a request what is meant for the server only.
func downloadsOf(config Config, transport http.RoundTripper) http.RoundTripper {
	if config.Downloads != nil {
		return config.Downloads
	}
	if _, isNetHTTP := transport.(*http.Transport); isNetHTTP {
		return transport
	}
	return DefaultTransport()
}
