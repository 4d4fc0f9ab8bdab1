// Package scan reads rows with ids, in the order of ids and each once, from a server that knows no ranges of ids and no
// order by id, answers one page of what it is asked for, and fails the whole page if it cannot show one row of it.
//
// What it holds to:
//
//   - A part is a range of ids. All parts together are the stretch that is read; they do not overlap, and they stay in the
//     order of ids however a part is cut.
//   - A part is done when an answer for what is left of it was not full, when each of its ids was received, or when its only
//     id is to blame. Received rows are kept; only the rest is asked for again.
//   - Only the first part is handed over, once it is done. So the order holds, regardless of what arrives first.
//   - A failure halves a part. An id is to blame only after it failed alone, again and again, while earlier rows could be
//     read again in between.
//   - What ends the reading ends it after all earlier parts.
package scan
