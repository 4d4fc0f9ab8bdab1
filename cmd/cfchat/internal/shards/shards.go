// Package shards divides an account into parts that several programs read at the same time.
package shards

import (
	"fmt"

	"github.com/cfchat/cfchat-go"
)

// Shard is one of several parts, counted from 0.
type Shard struct {
	Index int `json:"index"`
	Of    int `json:"of"`
}

// BlockSize is the number of consecutive ids that belong to the same shard.
const BlockSize = 250

// Owns reports whether a conversation belongs to a shard; all belong to a nil one. It depends only on the id, so that shards
// agree without communicating.
func (s *Shard) Owns(id int64) bool {
	return s == nil || (id-1)/BlockSize%int64(s.Of) == int64(s.Index)
}

// IsFirst reports whether a shard also has the names and the list of contacts, as the whole account does.
func (s *Shard) IsFirst() bool { return s == nil || s.Index == 0 }

func (s *Shard) String() string {
	if s == nil {
		return "the whole account"
	}
	return fmt.Sprintf("shard %d/%d", s.Index, s.Of)
}

// Parts returns the parts that a shard reads, starting at a conversation: blocks of ids up to the newest known one, and
// everything after those, of which the shard keeps its own. So shards need not agree on where the account ends.
func Parts(shard *Shard, from, newest int64) []cfchat.MessageScanAllOptions {
	if shard == nil {
		return []cfchat.MessageScanAllOptions{{}}
	}
	var parts []cfchat.MessageScanAllOptions
	first := int64(0)
	for ; first+BlockSize <= newest; first += BlockSize {
		if last := first + BlockSize; last >= from && shard.Owns(last) {
			parts = append(parts, cfchat.MessageScanAllOptions{ConversationID: first + 1, Until: last})
		}
	}
	return append(parts, cfchat.MessageScanAllOptions{ConversationID: max(first+1, from)})
}
