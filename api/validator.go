package api

import "net/http"

// Validator is an [http.RoundTripper] that compares every exchange with openapi.yaml and passes it on unchanged, including
// errors of truncated bodies and everything that does not match. The zero value is ready to use. A Validator is safe for
// concurrent use and must not be copied.
//
//	validator := &api.Validator{}
//	chat, err := cfchat.New(cfchat.Config{Keys: keys, HTTPClient: &http.Client{Transport: validator}})
//	…
//	for _, finding := range validator.Findings() {
//		log.Print(finding)
//	}
//
// It compares
//
//   - the request: whether the spec has its method and path (below any base path of the server), its parameters, their types
//     and limits, and the JSON of its body;
//   - an answer with status 200: its JSON against the operation's schema, where a field that the schema does not name is a
//     finding unless additionalProperties allows it;
//   - an answer with status 400, 401, 404, 422 or 500, if it is JSON: the fields that the spec's ErrorBody names, one of
//     which must be error, errors or message. Other fields are ignored, as are answers with another status, because proxies
//     write those.
//
// An answer is compared when it has been read to its end, or closed after all of its JSON, so look for findings after that.
// Until then it is kept in memory, up to 10 MiB; a larger one is passed on and reported as [KindUnchecked]. Answers
// compressed with gzip are compared too, and passed on unchanged.
type Validator struct {
	// Base makes the exchanges. The default is [http.DefaultTransport].
	Base http.RoundTripper

	tally tally
}

// maxBody bounds how much of a body is kept, in bytes, compressed or not.
const maxBody = 10 << 20

// RoundTrip makes an exchange and compares it. Its errors are those of Base.
func (v *Validator) RoundTrip(req *http.Request) (*http.Response, error) {
	called := spec().find(req)
	report := v.reporter(called)
	called.checkParameters(req, report)
	resp, err := v.base().RoundTrip(called.watchRequest(req, report))
	if err != nil || resp == nil {
		return resp, err
	}
	return called.watchAnswer(resp, report), nil
}

// CloseIdleConnections closes the idle connections of Base, on behalf of [http.Client.CloseIdleConnections].
func (v *Validator) CloseIdleConnections() {
	if base, ok := v.base().(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

func (v *Validator) base() http.RoundTripper {
	if v.Base == nil {
		return http.DefaultTransport
	}
	return v.Base
}

// Findings returns a copy of the mismatches so far, sorted by operation, part and path, each with its count.
func (v *Validator) Findings() []Finding { return v.tally.list() }

// reporter returns a reporter for the findings of one exchange.
func (v *Validator) reporter(called call) reporter {
	return func(f Finding) {
		f.Operation = called.id
		v.tally.add(f)
	}
}

// reporter records a finding and adds its operation.
type reporter func(Finding)
