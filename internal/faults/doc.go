// Package faults contains the fault tests: everything that a server, a network, a proxy or a program's own code may do to a
// call, seen from outside, through the public package. faults.md lists the faults by their ids.
//
// A fault is a table row: the fault itself, and the required result.
//
//	{
//		name:  "T5 the server closes after reading, read", // its id in faults.md, and a description
//		on:    trial.Reads,                               // the operations to test; nil for all
//		steps: []step{hangUp, fine},                      // what the server does with the first request, and the second
//		want:  outcome{ok: true, requests: 2},            // a success, and two requests at the server
//	}
//
// A step holds the bytes that go over the wire: fine is the operation's good answer, says and sendsJSON return whole
// answers, hangUp and mute do not answer. The server (faultServer) is the other end of a net.Pipe, and time is the virtual
// time of testing/synctest: a wait is exact and costs nothing, and leftover goroutines are reported as a deadlock. Every row
// is played through Account and through Raw, with the same results. TLS and HTTP/2 need sockets, and therefore real time.
//
// If cfchattest's server is not enough, handwritten servers are used: faultServer writes bytes that no server should write,
// h2Server writes HTTP/2 frames, and minuteServer counts requests by its own clock.
package faults
