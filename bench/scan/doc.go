// Package scan measures what Conversations.Scan costs, beside pages that are read one after the other: on virtual time, against a
// server in memory. It is a test, because testing/synctest has the clock.
package scan
