// Package histories judges ConversationsService.Scan from outside: its tests play random histories of an account against a
// model of the server that is written from the wire contract alone, on virtual time, and an oracle reports what was lost,
// repeated or wrongly blamed.
package histories
