package cfchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// attributeChange is one call that sets or removes an attribute.
type attributeChange struct {
	key   string
	merge bool
}

// drawAttribute draws a change of an attribute that no other change affects.
func drawAttribute(drawn *rand.Rand, i int) attributeChange {
	if merge := drawn.IntN(2) == 0; merge {
		return attributeChange{fmt.Sprint("new", i), true}
	}
	return attributeChange{fmt.Sprint("old", i), false}
}

func (c attributeChange) make(ctx context.Context, conversations cfchat.ConversationsService, id int64) error {
	var err error
	if c.merge {
		_, err = conversations.MergeCustomAttributes(ctx, id, map[string]any{c.key: 1})
	} else {
		_, err = conversations.RemoveCustomAttributes(ctx, id, []string{c.key})
	}
	return err
}

// isIn reports whether attributes show the change.
func (c attributeChange) isIn(attributes cfchat.Attributes) bool {
	return attributes.Has(c.key) == c.merge
}

// attributesToChange returns a conversation's attributes before up to three changes.
func attributesToChange() map[string]any {
	return map[string]any{"old0": 1, "old1": 1, "old2": 1, "kept": 1}
}

// TestAttributesWithinAChat has goroutines that share a Chat change the custom attributes of a conversation concurrently, in
// 1,000 orders of their requests, and checks that no change is lost.
func TestAttributesWithinAChat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, version := range []string{"2.16.0", "4.16.2"} {
			server := cfchattest.New(t, cfchattest.Version(version))
			s := &steps{drawn: rand.New(rand.NewPCG(5, 6))}
			account, _ := s.program(t, server)
			for round := range part(500) {
				id := server.AddConversation(cfchattest.Conversation{Custom: attributesToChange()})
				changes, programs := make([]attributeChange, 3), make([]func(), 3)
				for i := range changes {
					changes[i] = drawAttribute(s.drawn, i)
					programs[i] = func() {
						if err := changes[i].make(t.Context(), account.Conversations, id); err != nil {
							t.Error(err)
						}
					}
				}
				s.run(programs...)
				now, _ := server.Conversation(id)
				for _, c := range slices.Concat(changes, []attributeChange{{"kept", true}}) {
					if !c.isIn(now.CustomAttributes) {
						t.Fatalf("%s, round %d: after %+v the attributes are %s", version, round, changes, now.CustomAttributes)
					}
				}
			}
		}
	})
}

// TestAttributesOfTwoChats has two programs, each with its own Chat, change the custom attributes of a conversation
// concurrently, in 1,000 orders of their requests. A program must get an error exactly if its change is missing from the last
// answer that it got. A change that is overwritten after that is lost without an error, which a client cannot prevent; the
// number of these is logged.
func TestAttributesOfTwoChats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rounds, own, others := part(1000), 0, 0
		server := cfchattest.New(t)
		s := &steps{drawn: rand.New(rand.NewPCG(7, 8))}
		var accounts [2]*cfchat.Account
		var over [2]*stepped
		for i := range accounts {
			accounts[i], over[i] = s.program(t, server)
		}
		for round := range rounds {
			id := server.AddConversation(cfchattest.Conversation{Custom: attributesToChange()})
			var changes [2]attributeChange
			var errs [2]error
			var programs []func()
			for i := range changes {
				changes[i] = drawAttribute(s.drawn, i)
				programs = append(programs, func() { errs[i] = changes[i].make(t.Context(), accounts[i].Conversations, id) })
			}
			s.run(programs...)
			now, _ := server.Conversation(id)
			if !now.CustomAttributes.Has("kept") {
				t.Errorf("round %d: an attribute that neither program changed is lost: %s", round, now.CustomAttributes)
			}
			for i, c := range changes {
				var told cfchat.ConversationAttributes
				if err := json.Unmarshal(over[i].told, &told); err != nil {
					t.Fatal(err)
				}
				switch seen := c.isIn(told.CustomAttributes); {
				case seen != (errs[i] == nil) || !seen && !errors.Is(errs[i], cfchat.ErrOverwritten):
					t.Errorf("round %d, %+v: the last answer was %s: %v", round, c, over[i].told, errs[i])
				case !seen:
					own++
				case !c.isIn(now.CustomAttributes):
					others++
				}
			}
		}
		t.Logf("of %d concurrent changes by two programs, %d were overwritten with an error, and %d were overwritten later", 2*rounds, own, others)
		if own == 0 || others == 0 {
			t.Error("the orders of requests do not cover both kinds of overwriting")
		}
	})
}
