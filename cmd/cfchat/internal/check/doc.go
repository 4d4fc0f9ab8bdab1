// Package check takes a read-only look at a live account: does its server
// answer as openapi.yaml says, what has drifted, and which version may it be?
//
// The server is the vendor's unless --server or CFCHAT_SERVER names another.
// The key is a person's; what an administrator sees is checked most.
//
// It sends at most 25 requests, and only such that read: counts, pages of the
// list, a few conversations, filters, and GET /api, which says the version.
// Seven of the filters, and on an account without conversations one list, ask
// for what some versions or all refuse, to tell the version by how it does; a
// server may write those to its log as errors. Nothing is ever created or
// changed.
//
// It prints which operations answer as the contract says, or why one was not
// tried, and each field that is not as the contract says: where, how, and how
// often. Nothing of what fields hold is printed, and never the key. The field of
// a value that an open list of the spec does not name, such as a new kind of
// inbox, is shown and is no drift. The version is what GET /api says, unless a
// proxy hides it, and what the fields tell that came or did not, and what is
// refused, which is a range. Where these contradict each other, the server has
// drifted: a field is gone that its version sends.
//
// A conversation that the server cannot render, because its contact is gone for
// instance, makes each page that it is on a 500. That is no drift, if all other
// conversations are rendered, and is reported as what it is. To find out which
// conversation it is takes more requests, never more than 150 in all.
//
// # Exit status
//
//	0    all is as the contract says
//	1    something has drifted
//	2    it could not be checked, or not all of it, or a flag is wrong; the
//	     reason is on standard error
//	130  it was interrupted (143 by SIGTERM)
//
// What drifted counts more than what could not be checked. go run prints "exit
// status N" and makes 1 of every status but 0; a command that was built or
// installed keeps them apart.
//
// # JSON
//
// With --json it prints one object, also when it could not check or was
// interrupted; only wrong flags, or no account, print none.
//
//	server, account  what was looked at
//	result           "ok", "drift" or "unchecked": exit status 0, 1 or 2, if it
//	                 was not interrupted
//	error            why something could not be checked, "" if all could
//	requests         how many were sent
//	operations[]
//	  name           the documented name
//	  operation_id   that of openapi.yaml
//	  result         as above, or "not tried"
//	  because        why it was not tried, else ""
//	  requests       how many were of this operation
//	  problems       sentences about what it did that no schema can tell,
//	                 such as a page of open conversations with a closed one
//	  unrendered     the pages that a conversation makes a 500
//	drift[]
//	  operation      the operation_id
//	  in             path, query, request or response
//	  path           a field or parameter
//	  kind           unknown, missing, type, null and others
//	  expected       the JSON type, or what else should be there
//	  found          what came instead
//	  count          how often
//	new_values[]     the same, for values that an open list of the spec does
//	                 not name
//	unrenderable[]   ids of conversations that the server cannot render, at
//	                 most 5; one that could not be found out is missing here,
//	                 and its pages are in unrendered
//	page_size        of the list, where the server is set up to another than
//	                 25, else 0
//	version
//	  said           by GET /api, or ""
//	  at_least       by the signs, such as "3.8.0", or "" for no bound
//	  before         the same
//	  contradictory  true when no version fits all of this
//	  signs[]        each with at_least, before or both, and because
//	key_headers[]
//	  name           a spelling of the header with the key
//	  arrives        whether it reaches the server
package check
