// Package histories judges ConversationsService.Scan from outside: its tests play random histories of an account on virtual
// time, against a model of the server that is written from the wire contract alone, and an oracle reports conversations that
// were lost, repeated or wrongly blamed.
package histories
