// Package shards cuts an account into parts that several programs read at the same time.
package shards

import (
	"fmt"

	"github.com/cfchat/cfchat-go"
)

// Shard is one part of several, from 0.
type Shard struct {
	Index int `json:"index"`
	Of    int `json:"of"`
}

// BlockSize is how many ids in a row belong to the same shard.
const BlockSize = 250

// Owns reports whether a conversation belongs to a shard, as all do where there is none. It depends on the id alone, so that all
// shards agree about it without asking each other.
func (s *Shard) Owns(id int64) bool {
	return s == nil || (id-1)/BlockSize%int64(s.Of) == int64(s.Index)
}

// IsFirst reports whether a shard has the names and the list of contacts too, as the whole account has.
func (s *Shard) IsFirst() bool { return s == nil || s.Index == 0 }

func (s *Shard) String() string {
	if s == nil {
		return "the whole account"
	}
	return fmt.Sprintf("shard %d/%d", s.Index, s.Of)
}

// Parts cuts an account into what a shard reads, from a conversation on: blocks of ids up to the newest that is known, and
// everything behind those, of which the shard reads its own. So no two shards have to agree about where the account ends.
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
