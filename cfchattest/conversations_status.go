package cfchattest

import (
	"encoding/json"
	"slices"

	"github.com/cfchat/cfchat-go"
)

// statuses are the statuses by their number in the database.
var statuses = []cfchat.Status{cfchat.StatusOpen, cfchat.StatusResolved, cfchat.StatusPending, cfchat.StatusSnoozed}

// statusNumber returns a status' number, -1 for an unknown one.
func statusNumber(name string) int64 { return int64(slices.Index(statuses, cfchat.Status(name))) }

// priorities are the priorities by their number in the database.
var priorities = []cfchat.Priority{cfchat.PriorityLow, cfchat.PriorityMedium, cfchat.PriorityHigh, cfchat.PriorityUrgent}

func priorityNumber(name string) int64 { return int64(slices.Index(priorities, cfchat.Priority(name))) }

// assignStatus reads a status that is being set.
func assignStatus(value any) (cfchat.Status, bool) { return storable(value, statuses) }

// storable reads one of some words that is being set: the word, or its number as a JSON number. The text "1" is neither.
func storable[T ~string](value any, words []T) (T, bool) {
	switch v := value.(type) {
	case string:
		if slices.Contains(words, T(v)) {
			return T(v), true
		}
	case json.Number:
		f, err := v.Float64()
		for n, word := range words {
			if err == nil && f == float64(n) {
				return word, true
			}
		}
	}
	return "", false
}
