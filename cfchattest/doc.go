// Package cfchattest is an in-memory stand-in for the ClickFunnels Chat server, for tests and demonstrations.
//
//	srv := cfchattest.New(t)
//	id := srv.AddConversation(cfchattest.Conversation{Labels: []string{"vip"}})
//	account := srv.Account(t) // a client without sockets; or any client against srv.URL()
//
// It answers the operations of openapi.yaml as the real server does, its errors and oddities included: who may call what,
// the order of the checks, counts that ignore a parameter, text that is read as its leading number. It behaves as version
// 4.7.0; [Version] makes it behave as another, from 2.16.0 to 4.16.2. The tests of this package send it the recorded requests
// of 2.16.0, 4.7.0 and 4.16.2 and compare the answers.
//
// A new server has account 1 with an administrator, an agent, an API inbox of which the agent is a member, and a bot; the
// Add methods add to it, each in one line. [Server.LoadSnapshot] replaces all of it by a recorded account.
//
// What a test asks for and cannot be, such as a conversation in an inbox that is not there, fails the test, with the
// field, what there is, and the line; without a test it is a panic.
//
// [Server.FailNext] and [Server.FailEvery] make calls fail, or refuse their connection, [Server.BreakConversation] and
// [Server.BreakMessage] make what the server cannot render, [RateLimits] counts. [Server.Before] and [Server.After] call
// a function of the test at a request, and [Server.SetStatus], [Server.SetLabels], [Server.Assign] and their like change
// what somebody else would. [Server.Conversation] shows what became of a conversation, and [Server.Requests] what was
// asked. With [Server.Chat], [Server.Account] or [Server.Transport] all of it works inside [testing/synctest], where
// waiting costs no time.
//
// [Server.Receive] has a handler answer what the version delivers to webhooks of the account, of API inboxes and of agent bots: which
// events for which change, with its bodies and signatures. [Server.Settle] waits for that, [Server.Deliveries] lists it, and
// [Server.FailDeliveries], [Server.LoseDeliveries], [Server.RepeatDeliveries] and [Server.HoldDeliveries] disturb it.
//
// # What it leaves out
//
// Webhooks of web widgets, of inboxes, of automations and of the installation. Previews of files, what is in the bytes of a file, signed ids, what channels make
// of the messages that [Server.Delivered] tells, Markdown in mails, the survey's sentence of input_csat, round-robin assignment (nobody is
// ever online), WhatsApp's rules for source ids and reply windows, service level agreements, custom roles, and every other
// route: [Server.Handle] takes a handler for those.
//
// Of Liquid, as whose templates the server renders outgoing messages, it has what stands for a value, such as
// {{contact.name}}, texts in quotes, the filter url_decode and raw blocks. A message with another tag or filter that Liquid
// knows is an error of the test, which names it, and is stored as it was sent.
//
// "contract, H3" in comments is section H3 of docs/contract in the repository.
package cfchattest
