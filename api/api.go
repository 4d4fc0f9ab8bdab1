// Package api provides the API contract in Go: this module's openapi.yaml, embedded, and a [Validator] that compares a
// server with it.
//
// [GetSpec] returns the parsed spec, for validators, mocks and generators, and [GetSpecJSON] its text. A Validator is an
// [http.RoundTripper] for any client: it passes every exchange on, and [Validator.Findings] reports the mismatches. The
// command cfchat check, in the module cmd/cfchat, does this with a live account.
//
// The package needs kin-openapi, which programs that import only cfchat and auth do not link.
package api
