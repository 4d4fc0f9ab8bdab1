// Package api is the contract as Go: openapi.yaml of this module, embedded, and a
// [Validator] that holds a server against it.
//
// [GetSpec] returns the spec parsed, for validators, mocks and generators, and [GetSpecJSON] its text. A Validator is an
// [http.RoundTripper] for any client: it passes every exchange on, and tells by [Validator.Findings] where it does not fit.
// The command cfchat check, of the module cmd/cfchat, does so with a live account.
//
// The package needs kin-openapi, which programs that import only cfchat and auth do not link.
package api
