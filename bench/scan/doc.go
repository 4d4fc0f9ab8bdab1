// Package scan measures the cost of Conversations.Scan compared with reading pages one after another, in virtual time,
// against a server in memory. It is a test, because testing/synctest provides the clock.
package scan
