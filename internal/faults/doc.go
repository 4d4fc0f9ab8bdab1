// Package faults contains the tests of what goes wrong: everything that a server, a network, a proxy or a program's own code
// may do to a call, seen from outside, through the public package. faults.md lists the faults by their ids.
//
// A fault is a row: what goes wrong, and what must result.
//
//	{
//		name:  "T5 the server closes after reading, read", // its id in faults.md, and what is special about it
//		on:    trial.Reads,                               // the operations that it is played to; all without it
//		steps: []step{hangUp, fine},                      // what the server does with the first request, and the second
//		want:  outcome{ok: true, requests: 2},            // a success, and two requests at the server
//	}
//
// A step is what goes over the wire, byte for byte: fine is the operation's good answer, says and sendsJSON return whole
// answers, hangUp and mute do not answer. The server (faultServer) is the other end of a net.Pipe, and time is that of
// testing/synctest: a wait is exact and costs nothing, and leftover goroutines are reported as a deadlock. Every row is
// played through Account and through Raw, with the same results. TLS and HTTP/2 need sockets, and so real time.
//
// Hand-made servers are used where cfchattest's cannot be: faultServer writes bytes that no server should, h2Server frames
// of HTTP/2, and minuteServer counts requests by a clock of its own.
package faults
