// Package cfchattest is an in-memory stand-in for the ClickFunnels Chat server, for tests and demonstrations.
//
//	srv := cfchattest.New(t)
//	id := srv.AddConversation(cfchattest.Conversation{Labels: []string{"vip"}})
//	account := srv.Account(t) // a client without sockets; or any client against srv.URL()
//
// It answers the operations of openapi.yaml as the real server does, its errors and oddities included: who may call what,
// the order of the checks, counts that ignore a parameter, text that is read as its leading number. It behaves like version
// 4.7.0; [Version] selects another, from 2.16.0 to 4.16.2. The tests of this package send it the recorded requests of
// 2.16.0, 4.7.0 and 4.16.2, and compare the answers.
//
// A new server has account 1 with an administrator, an agent, an API inbox that the agent is a member of, and a bot; the Add
// methods add more, one line each. [Server.LoadSnapshot] replaces everything with a recorded account.
//
// An impossible setup, such as a conversation in an inbox that does not exist, fails the test with the field, the possible
// values and the line; without a test it panics.
//
// [Server.FailNext] and [Server.FailEvery] make calls fail, or refuse their connections. [Server.BreakConversation] and
// [Server.BreakMessage] make something that the server cannot render, and [RateLimits] enforces the rate limits.
// [Server.Before] and [Server.After] call a function of the test at a request; [Server.SetStatus], [Server.SetLabels],
// [Server.Assign] and the like make changes as another user would. [Server.Conversation] returns the current state of a
// conversation, and [Server.Requests] lists the requests. With [Server.Chat], [Server.Account] or [Server.Transport], all of
// this works inside [testing/synctest], where waiting takes no time.
//
// [Server.Receive] registers a handler for deliveries to the webhooks of the account, of API inboxes and of agent bots.
// Events, bodies and signatures are those of the version. [Server.Settle] waits for the deliveries and [Server.Deliveries]
// lists them; [Server.FailDeliveries], [Server.LoseDeliveries], [Server.RepeatDeliveries] and [Server.HoldDeliveries]
// disturb them.
//
// # What it leaves out
//
// Webhooks of web widgets, of inboxes, of automations and of the installation. File previews, the contents of files, signed
// ids, what channels do with the messages that [Server.Delivered] lists, Markdown in e-mails, the survey's sentence of
// input_csat, round-robin assignment (nobody is ever online), WhatsApp's rules for source ids and reply windows, service
// level agreements, custom roles, and every other route: use [Server.Handle] to handle those.
//
// Servers render outgoing messages as Liquid templates. Of Liquid, the stand-in supports variables such as {{contact.name}},
// quoted text, the filter url_decode and raw blocks. A message with any other tag or filter of Liquid is a test error that
// names it, and is stored as it was sent.
//
// "contract, H3" in comments is section H3 of docs/contract in the repository.
package cfchattest
