package api

import (
	"io"
	"mime"
	"net/http"
)

// checkParameters compares everything in a request except its body.
func (c call) checkParameters(req *http.Request, report reporter) {
	if c.described == nil {
		// Not the path, which has ids in it, or something mistaken for one.
		report(Finding{In: InPath, Kind: KindUnknown, Found: "another method or path"})
		return
	}
	inPath, inQuery := report.in(InPath), report.in(InQuery)
	for name, shape := range c.path {
		shape.checkText(c.parameters[name], name, inPath)
	}
	for name, values := range req.URL.Query() {
		shape := c.query[name]
		switch {
		case shape == nil:
			inQuery(Finding{Path: shown(name), Kind: KindUnknown, Found: kindString})
		case len(values) > 1: // the server takes the last
			inQuery(Finding{Path: name, Kind: KindType, Expected: "once", Found: "repeated"})
		default:
			shape.checkText(values[0], name, inQuery)
		}
	}
}

// watchRequest returns a request whose body is compared: beforehand if it can be read twice, else while it is sent.
func (c call) watchRequest(req *http.Request, report reporter) *http.Request {
	report = report.in(InRequest)
	switch {
	case c.described == nil:
		return req
	case req.Body == nil || req.Body == http.NoBody:
		if c.needsBody {
			report(Finding{Kind: KindMissing, Expected: c.body.kind})
		}
		return req
	case c.body == nil:
		report(Finding{Kind: KindUnknown, Found: "a body"})
		return req
	}
	// With another type, or none, the server ignores the body.
	kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if kind == mediaForm && c.takesForm {
		return req
	}
	if kind != mediaJSON {
		report(Finding{Kind: KindBody, Expected: mediaJSON, Found: mediaName(kind)})
		return req
	}
	encoding := req.Header.Get("Content-Encoding")
	ended := func(body kept) { body.check(c.body, encoding, report) }
	if req.GetBody == nil {
		watched := *req // a RoundTripper must not change its request
		watched.Body = keep(req.Body, ended)
		return &watched
	}
	if copied, err := req.GetBody(); err == nil {
		watched := keep(copied, ended)
		_, _ = io.Copy(io.Discard, io.LimitReader(watched, maxBody+1))
		_ = watched.Close()
	}
	return req
}

// in returns a reporter that sets the part of the exchange.
func (r reporter) in(part Part) reporter {
	return func(f Finding) {
		f.In = part
		r(f)
	}
}
