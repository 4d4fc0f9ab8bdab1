package cfchattest

import (
	"errors"
	"math"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// pageSize is how many conversations a page has.
const pageSize = 25

// errPage is a page that cannot be read, or lies so far off that the database cannot count to it: both a 500 (contract, 6.1).
var errPage = errors.New("no such page")

// tooFar is the page number of one that is too far off. Only what really asks the database for it fails.
const tooFar = math.MaxInt64

// pageNumber reads a page: the number that a text starts with, 1 for less than that (contract, 6.1).
func pageNumber(value any) (int64, error) {
	switch value.(type) {
	case nil:
		return 1, nil
	case []any, map[string]any, bool:
		return 0, errPage
	}
	n, _ := cast.Integer(value)
	n = max(n, 1)
	if n-1 > math.MaxInt64/pageSize {
		return tooFar, nil
	}
	return n, nil
}

// paged cuts a page out of rows.
func paged[T any](rows []T, page int64) ([]T, error) {
	if page == tooFar {
		return nil, errPage
	}
	from, to := pageOf(len(rows), page)
	return rows[from:to], nil
}

// pageOf returns where a page of so many rows begins and ends.
func pageOf(rows int, page int64) (from, to int) {
	from = int(min((page-1)*pageSize, int64(rows)))
	return from, min(from+pageSize, rows)
}
