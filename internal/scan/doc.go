// Package scan reads rows with ids, in the order of ids and each once, from a server that knows no ranges of ids and no
// order by id, returns one page of the requested rows, and fails the whole page if it cannot show one row of it.
//
// Its invariants:
//
//   - A part is a range of ids. All parts together are the stretch that is read; they do not overlap, and they stay in the
//     order of ids however a part is cut.
//   - A part is done when an answer for the rest of it was not full, when each of its ids was received, or when its only
//     id is to blame. Received rows are kept; only the rest is requested again.
//   - Only the first part is handed over, once it is done. So the order holds, regardless of what arrives first.
//   - A failure halves a part. An id is to blame only after it failed alone, again and again, while earlier rows could be
//     read again in between.
//   - The reading never ends before all earlier parts have been handed over.
package scan
