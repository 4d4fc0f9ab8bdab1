// Package api is the contract of the six conversation operations as Go: openapi.yaml of this module, embedded, and a
// [Validator] that holds exchanges against it. It needs kin-openapi, which programs that import only cfchat and auth do not
// link.
//
//	spec, err := api.GetSpec()          // parsed, for validators and generators
//	text, err := api.GetSpecJSON()      // as JSON text
//	validator := &api.Validator{}       // an http.RoundTripper that reports where a server has drifted
package api
