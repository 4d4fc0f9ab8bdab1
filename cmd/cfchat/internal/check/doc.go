// Package check takes a read-only look at a live account: does its server
// answer as openapi.yaml says, what has drifted, and which version may it be?
//
// The server is the vendor's unless --server or CFCHAT_SERVER names another.
// The key is a person's; an administrator's allows the most checks.
//
// It sends at most 25 requests, all of them reads: counts, pages of the list, a
// few conversations, filters, and GET /api, which returns the version. Seven of
// the filters, and on an account without conversations one list, ask for
// something that some or all versions refuse, to identify the version by its
// refusals; a server may log those as errors. Nothing is ever created or
// changed.
//
// It prints which operations answer as the contract says, or why one was not
// tried, and each field that differs from the contract: where, how, and how
// often. It never prints the contents of fields, or the key. If a value is not
// in an open list of the spec, such as a new kind of inbox, its field is shown,
// but is not drift. The version is that of GET /api, unless a proxy hides it,
// and the range that follows from present and absent fields and from refusals.
// If these contradict each other, the server has drifted: a field that its
// version sends is missing.
//
// A conversation that the server cannot render, for instance because its
// contact is gone, turns each page with it into a 500. That is not drift if all
// other conversations are rendered, and is reported separately. Identifying the
// conversation takes more requests, never more than 150 in all.
//
// # Exit status
//
//	0    everything is as the contract says
//	1    something has drifted
//	2    it could not be checked, or not completely, or a flag is wrong; the
//	     reason is on standard error
//	130  it was interrupted (143 by SIGTERM)
//
// Drift takes precedence over what could not be checked. go run prints "exit
// status N" and turns every status but 0 into 1; a command that was built or
// installed keeps them distinct.
//
// # JSON
//
// With --json it prints one object, even if it could not check or was
// interrupted; only wrong flags, or no account, print none.
//
//	server, account  what was checked
//	result           "ok", "drift" or "unchecked": exit status 0, 1 or 2, if it
//	                 was not interrupted
//	error            why something could not be checked, "" if everything was
//	requests         how many were sent
//	operations[]
//	  name           the documented name
//	  operation_id   that of openapi.yaml
//	  result         as above, or "not tried"
//	  because        why it was not tried, else ""
//	  requests       how many were of this operation
//	  problems       sentences about behaviour that no schema can describe,
//	                 such as a page of open conversations with a closed one
//	  unrendered     the pages that a conversation turns into a 500
//	drift[]
//	  operation      the operation_id
//	  in             path, query, request or response
//	  path           a field or parameter
//	  kind           unknown, missing, type, null and others
//	  expected       the JSON type, or what else should be there
//	  found          what was there instead
//	  count          how often
//	new_values[]     the same, for values that are not in an open list of the
//	                 spec
//	unrenderable[]   ids of conversations that the server cannot render, at
//	                 most 5; one that could not be identified is missing here,
//	                 and its pages are in unrendered
//	page_size        of the list, if the server is configured to another than
//	                 25, else 0
//	version
//	  said           by GET /api, or ""
//	  at_least       by the signs, such as "3.8.0", or "" for no bound
//	  before         the same
//	  contradictory  true if no version fits all of this
//	  signs[]        each with at_least, before or both, and because
//	key_headers[]
//	  name           a spelling of the header with the key
//	  arrives        whether it reaches the server
package check
