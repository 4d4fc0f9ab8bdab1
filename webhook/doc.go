// Package webhook receives the server's deliveries to webhooks of an account, to API inboxes and to agent bots: [Verify]
// checks that a delivery is the server's, [Parse] decodes it into types, and [Handler] does both and answers as the server
// expects.
//
// Deliveries may be lost, repeated or out of order. A program that must not miss anything walks the account now and then, or
// uses Conversations.Changed.
//
// "contract, H2" in comments is section H2 of docs/contract in the repository, and "(unseen)" marks what no server was seen
// to send.
package webhook
