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
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/auth"
)

// Download is a file on its way to a Writer. It continues over several tries, and written bytes are never written again.
type Download struct {
	Into  io.Writer
	Limit int64 // the maximum size in bytes
	Size  int64 // the size that the server states, 0 if it does not, or if another host has the file
	// OfServer means that its address is the server's own, so that the limiter is asked.
	OfServer bool

	Written int64

	total            int64 // by its head, -1 if that does not say
	etag, modifiedAt string
	started          bool
	addresses        []*url.URL // the requested ones, which must stay secret
}

// NewDownload assembles the links of a download. None of them adds a key: an attachment's address may lead anywhere. The
// total time is not limited, only the time without new bytes.
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

// ForDownloads returns what downloads need from a Config, with a transport of their own, and without what is meant for the
// server only.
func (c Config) ForDownloads(transport http.RoundTripper) Config {
	c.Transport, c.Jar, c.Keys = transport, nil, auth.Keys{}
	return c
}

// progress is how many bytes a try must bring not to count as failed.
const progress = 64 << 10

// fetch makes one try: it asks for what is missing, and writes it.
func (d *Download) fetch(c Config) Link {
	return func(req *http.Request) (*Answer, *Failure) {
		ctx, cancel := context.WithCancelCause(req.Context())
		defer cancel(nil)
		callOf(req).end = func() { cancel(nil) }
		nothing := fmt.Errorf("nothing arrived within %s (Config.Timeout): %w", c.Timeout, context.DeadlineExceeded)
		idle := time.AfterFunc(c.Timeout, func() { cancel(nothing) })
		defer idle.Stop()
		before := d.Written
		resp, f := d.ask(ctx, req, c)
		if f == nil {
			f = d.take(ctx, resp, func() { idle.Stop() }, func() { idle.Reset(c.Timeout) })
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

// ask sends the request and follows redirects. Without a failure the answer's body is open.
func (d *Download) ask(ctx context.Context, req *http.Request, c Config) (*http.Response, *Failure) {
	own := req.Clone(ctx)
	own.Header = http.Header{"Accept": {"*/*"}, "Accept-Encoding": {"identity"}, "User-Agent": {c.UserAgent}} // ranges refer to the unencoded file
	if d.Written > 0 {
		own.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.Written))
		own.Header.Set("If-Range", d.validator())
	}
	var mu sync.Mutex
	asked := []*url.URL{own.URL}
	client := &http.Client{Transport: c.Transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, req.URL)
		return follow(req, via)
	}}
	get := func() (*http.Response, error) { return client.Do(own) }
	var resp *http.Response
	var err error
	if obeysContext(c.Transport) {
		resp, err = caught("the Transport", get)
	} else {
		resp, err = Opened(ctx, "the Transport", get, func(late *http.Response) {
			if late != nil && late.Body != nil {
				_, _ = caught("the body", func() (any, error) { return nil, late.Body.Close() })
			}
		})
	}
	mu.Lock()
	d.addresses = append(d.addresses, asked...)
	mu.Unlock()
	if err != nil {
		return resp, &Failure{Cause: d.withoutAddress(err), abandoned: isAbandoned(err)}
	}
	if resp.StatusCode/100 != 2 {
		_ = resp.Body.Close()
		return resp, &Failure{}
	}
	return resp, nil
}

// maxRedirects is how many redirects a download follows.
const maxRedirects = 10

// follow decides whether a download follows a redirect. The address before stays secret: it may be signed.
func follow(req *http.Request, via []*http.Request) error {
	req.Header.Del("Referer")
	switch last := via[len(via)-1]; {
	case len(via) > maxRedirects:
		return fmt.Errorf("more than %d redirects", maxRedirects)
	case req.URL.Scheme != "https" && req.URL.Scheme != "http":
		return errors.New("the redirect is to neither https nor http")
	case last.URL.Scheme == "https" && req.URL.Scheme == "http":
		return errors.New("the redirect leads from https to http, which is not encrypted")
	}
	return nil
}

// withoutAddress returns why there is no answer, without an address, which may be signed and so open the file to anybody.
// The wrapped errors contain none either.
func (d *Download) withoutAddress(err error) error {
	if u, ok := err.(*url.Error); ok && u != nil {
		err = u.Err
	}
	text, whole := textOf(err)
	switch {
	case !whole:
		return errors.New("no answer arrived; the error's text is empty or endless")
	case strings.Contains(text, "Location header"): // as net/http says it
		text = "the redirect has no valid address"
	case d.tells(text):
		text = "no answer arrived; the reason is withheld because it contains an address"
	case !each(err, d.shows):
		return Safe(err)
	}
	return veiled{func() error { return err }, printable(text), d.shows}
}

// shows reports whether an error is one that shows an address.
func (d *Download) shows(err error) bool {
	if _, ok := err.(*url.Error); ok {
		return true
	}
	text, whole := textOf(err)
	return !whole || d.tells(text)
}

// leastSecret is the minimum length of a part of an address that is looked for in a text.
const leastSecret = 8

// tells reports whether a text contains an address, or a part of a requested one.
func (d *Download) tells(text string) bool {
	if strings.Contains(text, "://") {
		return true
	}
	for _, address := range d.addresses {
		parts := strings.FieldsFunc(address.EscapedPath()+"?"+address.RawQuery, func(c rune) bool { return strings.ContainsRune("/?&=;", c) })
		for _, part := range parts {
			plain, err := url.QueryUnescape(part)
			path, errPath := url.PathUnescape(part)
			for _, secret := range []string{part, plain, path} {
				if err == nil && errPath == nil && len(secret) >= leastSecret && strings.Contains(text, secret) {
					return true
				}
			}
		}
		if shown := address.RequestURI(); len(shown) > 1 && strings.Contains(text, shown) {
			return true
		}
	}
	return false
}

// shownHeaders are the headers of a storage's answer that are kept: others, such as Location, may contain a signed address.
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

// take writes the body of an answer. After a failure that is Cut it can continue. The timeout does not run while bytes are
// written.
func (d *Download) take(ctx context.Context, resp *http.Response, came, goOn func()) *Failure {
	body := &untilEnd{&closedOnce{ReadCloser: resp.Body}, ctx}
	defer closeLate(ctx, body)()
	defer body.Close()
	skip, end, f := d.begin(resp)
	if f != nil {
		return f
	}
	buffer := make([]byte, 32<<10)
	for {
		n, err := Foreign(ctx, "the Transport", func() (int, error) { return body.Read(buffer) })
		if isAbandoned(err) {
			return &Failure{Cause: Safe(err), Cut: true, abandoned: true}
		}
		came()
		some := buffer[:min(max(n, 0), len(buffer))]
		passed := min(skip, int64(len(some)))
		skip -= passed
		if f := d.write(some[passed:], end); f != nil {
			return f
		}
		switch {
		case err == io.EOF:
			return d.end(skip, end)
		case err != nil:
			return d.cut(err)
		}
		goOn()
	}
}

// begin judges the head of an answer, and returns how much of its body has already been written, and where in the file the
// body ends, -1 if unknown.
func (d *Download) begin(resp *http.Response) (skip, end int64, f *Failure) {
	part, ok := partOf(resp)
	first := !d.started || d.Written == 0
	switch coding := resp.Header.Get("Content-Encoding"); {
	case !ok, part.is && (first || part.first != d.Written):
		return 0, 0, &Failure{Cause: errors.New("it is not what was requested"), Decode: true}
	case coding != "" && !strings.EqualFold(coding, "identity"):
		return 0, 0, &Failure{Cause: errors.New("it is encoded, which was not requested"), Decode: true}
	case first:
		d.started, d.total, d.etag, d.modifiedAt = true, part.total, resp.Header.Get("Etag"), resp.Header.Get("Last-Modified")
	case !d.isSame(resp, part.total):
		return 0, 0, &Failure{Cause: fmt.Errorf("the file has changed since its first %d bytes arrived", d.Written), Decode: true}
	case !part.is:
		skip = d.Written
	}
	end, f = d.endOf(part)
	return skip, end, f
}

// endOf judges the length of a file, and returns where in it a part ends, -1 if unknown.
func (d *Download) endOf(part part) (end int64, f *Failure) {
	if d.total < 0 {
		d.total = part.total
	}
	switch {
	case d.total > d.Limit:
		return 0, d.tooLarge()
	case d.total >= 0 && d.Size > 0 && d.total != d.Size:
		return 0, &Failure{Cause: fmt.Errorf("it has %d bytes, but the attachment's FileSize is %d", d.total, d.Size), Decode: true}
	}
	end = part.end
	if whole := d.length(); whole >= 0 && (end < 0 || end > whole) {
		end = whole
	}
	return end, nil
}

// length returns the size of the file in bytes, -1 if unknown.
func (d *Download) length() int64 {
	switch {
	case d.total >= 0:
		return d.total
	case d.Size > 0:
		return d.Size
	}
	return -1
}

// part is the part of a file in an answer: from its first byte up to, but without, its end, out of total; -1 if it does not
// say.
type part struct {
	is                bool // a part, not the whole
	first, end, total int64
}

// partOf reads which part of the file an answer is; false if it is not a part, or does not say which.
func partOf(resp *http.Response) (p part, ok bool) {
	switch resp.StatusCode {
	case http.StatusOK:
		whole := resp.ContentLength
		if whole == 0 && resp.Body != http.NoBody && resp.Header.Get("Content-Length") == "" { // for a Transport that does not say it
			whole = -1
		}
		return part{false, 0, max(whole, -1), max(whole, -1)}, true
	case http.StatusPartialContent:
	default:
		return p, false
	}
	said, isBytes := strings.CutPrefix(resp.Header.Get("Content-Range"), "bytes ")
	place, size, _ := strings.Cut(said, "/")
	from, to, _ := strings.Cut(place, "-")
	first, failed := strconv.ParseUint(from, 10, 62)
	last, failedToo := strconv.ParseUint(to, 10, 62)
	if !isBytes || failed != nil || failedToo != nil || last < first {
		return p, false
	}
	p = part{true, int64(first), int64(last) + 1, -1}
	if size == "*" {
		return p, true
	}
	total, failed := strconv.ParseUint(size, 10, 62)
	p.total = int64(total)
	return p, failed == nil && p.end <= p.total
}

// validator returns what distinguishes versions of the file, "" for nothing. A weak tag does not guarantee every byte.
func (d *Download) validator() string {
	if d.etag != "" && !strings.HasPrefix(d.etag, "W/") {
		return d.etag
	}
	return d.modifiedAt
}

// isSame reports whether an answer belongs to the file already started. A server may ignore If-Range, so this is checked; in
// a part of a file it need not repeat when the file was modified.
func (d *Download) isSame(resp *http.Response, total int64) bool {
	etag, modifiedAt := resp.Header.Get("Etag"), resp.Header.Get("Last-Modified")
	switch {
	case d.total >= 0 && total >= 0 && d.total != total, etag != "" && d.etag != "" && etag != d.etag:
		return false
	case d.validator() == d.etag:
		return etag == d.etag
	}
	return modifiedAt == d.modifiedAt || modifiedAt == "" && resp.StatusCode == http.StatusPartialContent
}

// write writes at most up to the end of the answer and the file's limit.
func (d *Download) write(some []byte, end int64) *Failure {
	most := d.Limit
	if end >= 0 {
		most = min(most, end)
	}
	allowed := some[:min(int64(len(some)), max(most-d.Written, 0))]
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
	switch {
	case len(allowed) == len(some):
		return nil
	case end >= 0 && end <= d.Limit:
		return &Failure{Cause: fmt.Errorf("more arrived than the %d bytes that it announced", end), Decode: true}
	}
	return d.tooLarge()
}

func (d *Download) tooLarge() *Failure {
	return &Failure{Cause: fmt.Errorf("more than %d bytes (WithMaxBody)", d.Limit), TooLarge: true}
}

// cut returns the failure of a body that does not end well. The rest of a file cannot be asked for if it is unknown whether
// the file is still the same.
func (d *Download) cut(err error) *Failure {
	if d.Written > 0 && d.validator() == "" {
		return &Failure{Cause: fmt.Errorf("the body was cut, and there is no ETag or Last-Modified to resume by: %w", d.withoutAddress(err))}
	}
	return &Failure{Cause: fmt.Errorf("the body was cut: %w", d.withoutAddress(err)), Cut: true}
}

// end judges a body that has ended well. One without a length may have been cut nevertheless.
func (d *Download) end(skip, end int64) *Failure {
	if skip > 0 || d.Written < max(end, d.length()) {
		return d.cut(io.ErrUnexpectedEOF)
	}
	return nil
}
