package cfchattest

import (
	"errors"
	"math"

	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// pageSize is how many conversations a page has.
const pageSize = 25

// errPage is the error for a page that cannot be read, or whose offset is too large for the database: both a 500 (contract,
// 6.1).
var errPage = errors.New("no such page")

// tooFar stands for a page number that is too large. Only a request that really queries the database for it fails.
const tooFar = math.MaxInt64

// pageNumber reads a page number: the number that a text starts with, at least 1 (contract, 6.1).
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

// pageOf returns the bounds of a page within rows.
func pageOf(rows int, page int64) (from, to int) {
	from = int(min((page-1)*pageSize, int64(rows)))
	return from, min(from+pageSize, rows)
}
