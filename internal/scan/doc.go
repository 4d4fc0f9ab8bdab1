// Package scan reads whatever has an id, in the order of ids and each once, from a server that knows no ranges of ids and no
// order of them, answers a page of what it is asked for, and fails the whole page where it cannot show one row of it.
//
// What it holds to:
//
//   - A part is a range of ids. All parts together are the stretch that is read, they do not overlap, and they stay in the order
//     of ids, whatever a part is cut into.
//   - A part is done when an answer for what is left of it was not full, when each of its ids came, or when its only id is to
//     blame. Rows that came are kept; only the rest is asked for again.
//   - Only the part in front is handed over, when it is done. So the order holds, whatever arrives first.
//   - A failure halves a part. An id is to blame only after it failed alone, again and again, while rows that came before came
//     again in between.
//   - What ends the reading ends it behind everything in front of it.
package scan
