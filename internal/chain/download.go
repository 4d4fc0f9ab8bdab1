package chain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/auth"
)

// Download is a file on its way to a Writer. It goes on over several tries, and what was written is never written again.
type Download struct {
	Into  io.Writer
	Limit int64 // how many bytes it may have
	Size  int64 // how many it has by what the server says of it, 0 where it does not
	// OfServer means that its address is the server's own, for which the limiter is asked.
	OfServer bool

	Written int64

	total            int64 // by its head, -1 where that does not say
	etag, modifiedAt string
	started          bool
}

// NewDownload puts the links together that a download goes through. There is no key on the way, and nothing that adds one: an
// attachment's address may lead anywhere. Nor is there a limit to the time that it may take, only to how long nothing comes.
func NewDownload(c Config, d *Download) Link {
	l := d.fetch(c)
	l = outcome(l, c.Transport)
	l = try(l, c.Logger, c.Describe)
	if d.OfServer {
		l = limit(l, c.Limiter)
	}
	l = retry(l, c.Retry)
	return refuse(l)
}

// ForDownloads returns what downloads need of a Config, over a transport of their own, and without what is for the server only.
func (c Config) ForDownloads(transport http.RoundTripper) Config {
	c.Transport, c.Jar, c.Keys = transport, nil, auth.Keys{}
	return c
}

// progress is how many bytes a try must bring to be no failed one.
const progress = 64 << 10

// fetch makes one try: it asks for what is not there yet, and writes it.
func (d *Download) fetch(c Config) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		ctx, cancel := context.WithCancelCause(req.Context())
		defer cancel(nil)
		nothing := fmt.Errorf("nothing came within %s (Config.Timeout): %w", c.Timeout, context.DeadlineExceeded)
		idle := time.AfterFunc(c.Timeout, func() { cancel(nothing) })
		defer idle.Stop()
		before := d.Written
		resp, f := d.ask(ctx, req, c)
		if f == nil {
			f = d.take(ctx, resp, func() { idle.Reset(c.Timeout) })
		}
		call := callOf(req)
		if resp != nil {
			call.Record.keep(&http.Response{StatusCode: resp.StatusCode, Header: plainHeader(resp.Header)}, nil)
		}
		if f == nil {
			return &Answer{resp, req, emptyBuffer()}, nil
		}
		if resp != nil {
			f.answer, f.Status, f.Header, f.RequestID = resp, resp.StatusCode, plainHeader(resp.Header), requestIDOf(secretsOf(req), resp)
			f.tellWait(resp.Header, time.Now(), call.try > 1)
		}
		if ctx.Err() != nil && (f.Status == 0 || f.Cut) {
			f.Cause = contextError(ctx)
			if context.Cause(ctx) == nothing {
				f.Cause = nothing
			}
		}
		if f.Cut && d.Written-before >= progress && call.policy(c.Retry).tries() > 1 {
			call.brought = call.try
		}
		return nil, f
	}
}

// policy returns that of the call, or else the Config's.
func (c *Call) policy(configured Policy) Policy {
	if c.Retry != nil {
		return *c.Retry
	}
	return configured
}

// ask sends the request, and those to where it is redirected. The answer's body is open where there is no failure.
func (d *Download) ask(ctx context.Context, req *http.Request, c Config) (*http.Response, *Failure) {
	own := req.Clone(ctx)
	own.Header = http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}, "User-Agent": {c.UserAgent}} // ranges are of the file as it is
	if d.Written > 0 {
		own.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.Written))
		own.Header.Set("If-Range", d.validator())
	}
	client := &http.Client{Transport: c.Transport, CheckRedirect: follow}
	get := func() (*http.Response, error) { return client.Do(own) }
	var resp *http.Response
	var err error
	if obeysContext(c.Transport) {
		resp, err = caught("the Transport", get)
	} else {
		resp, err = Foreign(ctx, "the Transport", get)
	}
	if err != nil {
		return resp, &Failure{Cause: withoutAddress(err), abandoned: isAbandoned(err)}
	}
	if resp.StatusCode/100 != 2 {
		_ = resp.Body.Close()
		return resp, &Failure{}
	}
	return resp, nil
}

// maxRedirects is how many redirects a download follows.
const maxRedirects = 10

// follow decides whether a download goes on to where it is redirected. The address before stays secret: it may be signed.
func follow(req *http.Request, via []*http.Request) error {
	req.Header.Del("Referer")
	switch last := via[len(via)-1]; {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case req.URL.Scheme != "https" && req.URL.Scheme != "http":
		return errors.New("the redirect is to neither https nor http")
	case last.URL.Scheme == "https" && req.URL.Scheme == "http":
		return errors.New("the redirect leads from https to http, where all can be read on the way")
	}
	return nil
}

// withoutAddress returns why no answer came, without an address: it may be signed, and is whoever has it.
func withoutAddress(err error) error {
	if u, ok := err.(*url.Error); ok {
		err = u.Err
	}
	switch text, whole := textOf(err); {
	case strings.Contains(text, "Location header"): // as net/http says it
		return veil(err, text, "the redirect leads to no address")
	case !whole, strings.Contains(text, "://"):
		return veil(err, text, "no answer came, for a reason that has an address in it")
	}
	return Safe(err)
}

// shownHeaders are those of a storage's answer that are kept: others, such as Location, may have a signed address.
var shownHeaders = []string{"Accept-Ranges", "Content-Length", "Content-Range", "Content-Type", "Date", "Etag", "Last-Modified", "Retry-After", "X-Request-Id"}

func plainHeader(header http.Header) http.Header {
	shown := http.Header{}
	for _, name := range shownHeaders {
		if values := header[name]; values != nil {
			shown[name] = values
		}
	}
	return shown
}

// take writes what an answer brings. A failure that is Cut can be gone on from.
func (d *Download) take(ctx context.Context, resp *http.Response, moved func()) *Failure {
	body := &untilEnd{&closedOnce{ReadCloser: resp.Body}, ctx}
	defer closeLate(ctx, body)()
	defer body.Close()
	skip, f := d.begin(resp)
	if f != nil {
		return f
	}
	buffer := make([]byte, 32<<10)
	for {
		n, err := Foreign(ctx, "the Transport", func() (int, error) { return body.Read(buffer) })
		if isAbandoned(err) {
			return &Failure{Cause: Safe(err), Cut: true, abandoned: true}
		}
		moved()
		some := buffer[:min(max(n, 0), len(buffer))]
		passed := min(skip, int64(len(some)))
		skip -= passed
		if f := d.write(some[passed:]); f != nil {
			return f
		}
		switch {
		case err == io.EOF:
			return d.end(skip)
		case err != nil:
			return d.cut(err)
		}
	}
}

// begin judges the head of an answer, and returns how much of its body is there already.
func (d *Download) begin(resp *http.Response) (skip int64, f *Failure) {
	first, total, partial := contentRange(resp)
	if !partial {
		total = resp.ContentLength
	}
	switch {
	case resp.StatusCode != http.StatusOK && !partial, partial && first != d.Written:
		return 0, &Failure{Cause: errors.New("it is not what was asked for"), Decode: true}
	case !d.started || d.Written == 0:
		d.started, d.total, d.etag, d.modifiedAt = true, total, resp.Header.Get("Etag"), resp.Header.Get("Last-Modified")
	case !d.isSame(resp, total):
		return 0, &Failure{Cause: fmt.Errorf("the file has changed since its first %d bytes came", d.Written), Decode: true}
	case !partial:
		skip = d.Written
	}
	if d.total > d.Limit {
		return 0, d.tooLarge()
	}
	return skip, nil
}

// contentRange reads which part of the file an answer is; false if it says that it is none.
func contentRange(resp *http.Response) (first, total int64, ok bool) {
	if resp.StatusCode != http.StatusPartialContent {
		return 0, -1, false
	}
	part, isBytes := strings.CutPrefix(resp.Header.Get("Content-Range"), "bytes ")
	place, size, _ := strings.Cut(part, "/")
	from, _, _ := strings.Cut(place, "-")
	first, err := strconv.ParseInt(from, 10, 64)
	if total, failed := strconv.ParseInt(size, 10, 64); failed == nil {
		return first, total, isBytes && err == nil
	}
	return first, -1, isBytes && err == nil
}

// validator returns what tells one version of the file from another, "" for nothing. A weak tag does not promise every byte.
func (d *Download) validator() string {
	if d.etag != "" && !strings.HasPrefix(d.etag, "W/") {
		return d.etag
	}
	return d.modifiedAt
}

// isSame reports whether an answer is of the file that has begun. A server may pass over If-Range, so this is looked at; in a
// part of a file it need not repeat when the file was modified.
func (d *Download) isSame(resp *http.Response, total int64) bool {
	etag, modifiedAt := resp.Header.Get("Etag"), resp.Header.Get("Last-Modified")
	switch {
	case d.total >= 0 && total >= 0 && d.total != total:
		return false
	case d.validator() == d.etag:
		return etag == d.etag
	}
	return modifiedAt == d.modifiedAt || modifiedAt == "" && resp.StatusCode == http.StatusPartialContent
}

func (d *Download) write(some []byte) *Failure {
	allowed := some[:min(int64(len(some)), d.Limit-d.Written)]
	if len(allowed) > 0 {
		n, err := caught("it", func() (int, error) { return d.Into.Write(allowed) })
		d.Written += int64(min(max(n, 0), len(allowed)))
		if err == nil && n < len(allowed) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return &Failure{Cause: fmt.Errorf("it could not be written: %w", Safe(err))}
		}
	}
	if len(allowed) < len(some) {
		return d.tooLarge()
	}
	return nil
}

func (d *Download) tooLarge() *Failure {
	return &Failure{Cause: fmt.Errorf("more than %d bytes (WithMaxBody)", d.Limit), TooLarge: true}
}

// cut is the failure of a body that does not end well. Of a file of which nobody knows whether it is still the same, the rest
// cannot be asked for.
func (d *Download) cut(err error) *Failure {
	if d.Written > 0 && d.validator() == "" {
		return &Failure{Cause: fmt.Errorf("the body was cut, and there is no ETag or Last-Modified to go on by: %w", withoutAddress(err))}
	}
	return &Failure{Cause: fmt.Errorf("the body was cut: %w", withoutAddress(err)), Cut: true}
}

// end judges a body that has ended well. One without a length may have been cut all the same.
func (d *Download) end(skip int64) *Failure {
	expected := d.total
	if expected < 0 {
		expected = d.Size
	}
	if skip > 0 || d.Written < expected {
		return d.cut(io.ErrUnexpectedEOF)
	}
	return nil
}
