// Package webhook receives what the server sends to webhooks of an account, to API inboxes and to agent bots: [Verify] tells that a
// delivery is the server's, [Parse] reads it into types, and [Handler] does both and answers as the server needs it.
//
// Nothing that comes is sure to come, to come once, or in order. A program that must miss nothing walks the account now and
// then, or asks Conversations.Changed.
//
// "contract, H2" in comments is section H2 of docs/contract in the repository, and "(unseen)" what no server was seen to send.
package webhook
