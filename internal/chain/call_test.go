package chain_test

import (
	"context"
	"testing"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

func TestCallOf(t *testing.T) {
	var noContext context.Context
	if chain.CallOf(t.Context()) != nil || chain.CallOf(noContext) != nil {
		t.Error("a context without a call has one")
	}
	outer, inner := &chain.Call{Operation: operation.NewConversation}, &chain.Call{Operation: operation.ConversationList}
	ctx := chain.WithCall(t.Context(), outer)
	if chain.CallOf(ctx) != outer || chain.CallOf(chain.WithCall(ctx, inner)) != inner {
		t.Error("a context belongs to another call than the last one")
	}
}

func TestClaim(t *testing.T) {
	var none *chain.Call
	call := new(chain.Call)
	if none.Claim() || !call.Claim() || call.Claim() {
		t.Error("a call can be claimed other than once")
	}
	if call.Release(); !call.Claim() || call.Claim() {
		t.Error("a call that was released can be claimed other than once")
	}
}
