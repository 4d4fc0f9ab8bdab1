package cfchat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// MergeCustomAttributes sets some custom attributes of a conversation, keeps its others, and returns them all. The server
// can only replace them all, so it reads, sets and reads again. A change that another program or a person makes between the
// first two is overwritten, without a trace. Calls of one Chat for a conversation take turns and lose none of each other's
// changes, unless one of them ends with ErrUnknownOutcome.
//
// Without an error the given ones were there at the end; [ErrOverwritten] means that somebody else has changed them since
// they were set: call again. ErrUnknownOutcome means that they may still be set, over later changes; calling again does no
// harm. If all are already there, nothing is set. With an error the attributes are those seen last, zero for none.
//
// An attribute is replaced as a whole, even if it is an object, and nil is stored as null:
// [ConversationsService.RemoveCustomAttributes] removes one. Unchanged numbers keep every digit. Values that servers would
// drop or reject are refused as by [ConversationsService.SetCustomAttributes].
//
// It makes three requests: those of Get, SetCustomAttributes and Get. A bot's key works from 4.14.2 on, for a conversation that
// has no team. Keys: user, else agent bot.
func (s ConversationsService) MergeCustomAttributes(ctx context.Context, id int64, attributes map[string]any, opts ...CallOption) (Attributes, error) {
	var input refusal
	if len(attributes) == 0 {
		input.add("attributes", "there are none; name those to set")
	}
	input.customAttributes("attributes", attributes)
	given, _ := NewAttributes(attributes) // not used if it fails
	others := given.fields()
	return s.attributed(id, opts).change(ctx, input, func(now map[string]json.RawMessage) (changed []string) {
		for _, key := range slices.Sorted(maps.Keys(others)) {
			if value, there := now[key]; !there || !sameJSON(value, others[key]) {
				now[key], changed = others[key], append(changed, key)
			}
		}
		return changed
	})
}

// RemoveCustomAttributes removes custom attributes from a conversation, and returns the rest. Ones that it does not have are
// no error. It reads, sets and reads again: a change that another program or a person makes between the first two is
// overwritten, without a trace. Everything else is as for [ConversationsService.MergeCustomAttributes].
func (s ConversationsService) RemoveCustomAttributes(ctx context.Context, id int64, keys []string, opts ...CallOption) (Attributes, error) {
	var input refusal
	input.attributeKeys("keys", keys)
	keys = slices.Clone(keys)
	return s.attributed(id, opts).change(ctx, input, func(now map[string]json.RawMessage) (changed []string) {
		for _, key := range keys {
			if _, there := now[key]; there {
				delete(now, key)
				changed = append(changed, key)
			}
		}
		return changed
	})
}

// attributed is a conversation, to read and set its custom attributes.
type attributed struct {
	ConversationsService

	id   int64
	opts []CallOption
}

func (s ConversationsService) attributed(id int64, opts []CallOption) attributed {
	return attributed{s, id, opts}
}

// call returns the call that sets.
func (a attributed) call() *chain.Call { return setAttributesCall.about(a.id).call(a.core) }

// read gets the custom attributes. An answer without them is invalid, because attributes that it does not name would be
// lost.
func (a attributed) read(ctx context.Context) (Attributes, error) {
	named := func(c *Conversation) *chain.Failure {
		if c.CustomAttributes.IsZero() {
			return &chain.Failure{Cause: errNoAttributes, Decode: true}
		}
		return nil
	}
	conversation, err := getCall.about(a.id).accepting(named).run(ctx, a.core, refusal{}, a.opts, func(server string) (*http.Request, error) {
		return newGetDetailsOfAConversationRequest(server, a.core.id, a.id)
	})
	if err != nil {
		return Attributes{}, a.withoutTeam(ctx, err)
	}
	return conversation.CustomAttributes, nil
}

// withoutTeam adds what to do about a 500 of a bot's read: a conversation with a team always causes one.
func (a attributed) withoutTeam(ctx context.Context, err error) error {
	keys := cmp.Or(optionsOf(a.opts, new(refusal)).keys, &a.core.chat.keys)
	scheme, _ := getCall.call(a.core).Scheme(ctx, *keys)
	e, ok := errors.AsType[*Error](err)
	if !ok || e.StatusCode != http.StatusInternalServerError || scheme != operation.AgentBotAPIKey {
		return err
	}
	return e.with("a bot's key cannot read a conversation that has a team; set Keys.User, or replace them all with SetCustomAttributes")
}

// set replaces the custom attributes, in its turn: no other call of the Chat sets what it read before.
func (a attributed) set(ctx context.Context, attributes map[string]any, input refusal) (Attributes, error) {
	next, _ := NewAttributes(attributes) // not used if it fails
	done, err := a.core.turnToSet(ctx, a.id, a.call(), input, a.opts)
	if err != nil {
		return Attributes{}, err
	}
	defer done()
	now, err := a.store(ctx, next)
	if now == nil {
		return Attributes{}, err
	}
	return *now, err
}

// store replaces the custom attributes. The answer must have exactly these; otherwise it also returns the answer's.
func (a attributed) store(ctx context.Context, next Attributes) (now *Attributes, err error) {
	body := SetAttributesRequest{CustomAttributes: anyOf(next.fields())}
	asAsked := func(answer *ConversationAttributes) *chain.Failure {
		now = &answer.CustomAttributes
		key, differs := notStored(body.CustomAttributes, answer.CustomAttributes)
		for _, other := range answer.CustomAttributes.Keys() {
			if _, asked := body.CustomAttributes[other]; !asked {
				key, differs = other, true
			}
		}
		if differs {
			return notAsAsked(fmt.Sprintf("CustomAttributes[%q]", key))
		}
		return nil
	}
	_, err = setAttributesCall.about(a.id).accepting(asAsked).run(ctx, a.core, refusal{}, a.opts, func(server string) (*http.Request, error) {
		return newUpdateCustomAttributesOfAConversationRequest(server, a.core.id, a.id, body)
	})
	return now, err
}

// change reads the custom attributes, sets what apply makes of them, and reads them again. apply returns the keys that it
// has changed; if there are none, nothing is set.
func (a attributed) change(ctx context.Context, input refusal, apply func(map[string]json.RawMessage) []string) (Attributes, error) {
	done, err := a.core.turnToSet(ctx, a.id, a.call(), input, a.opts)
	if err != nil {
		return Attributes{}, err
	}
	defer done()
	return amendment[Attributes]{
		call: a.call(), read: a.read, set: a.store,
		next: func(now Attributes) (Attributes, bool) {
			next, changed := now.with(apply)
			return next, len(changed) > 0
		},
		bars: func(next Attributes) string {
			for _, key := range next.Keys() {
				if hasNullInList(next.fields()[key]) {
					return fmt.Sprintf("its custom attribute %q has null in a list, which the server would drop; replace it first", key)
				}
			}
			return ""
		},
		left: func(Attributes) string {
			return "the custom attributes were set, and it is not known whether they still are"
		},
		lost: func(_, then Attributes) error {
			_, changed := then.with(apply)
			return fmt.Errorf("the custom attributes %q were changed, and are no longer as requested; call again", changed)
		},
	}.amend(ctx)
}

// with returns the attributes with a change, and the changed keys.
func (a Attributes) with(apply func(map[string]json.RawMessage) []string) (next Attributes, changed []string) {
	fields := a.fields()
	if fields == nil {
		fields = map[string]json.RawMessage{}
	}
	changed = apply(fields)
	next, _ = NewAttributes(anyOf(fields)) // they were received as JSON
	return next, changed
}

// anyOf returns values as received, for a body or a copy.
func anyOf(fields map[string]json.RawMessage) map[string]any {
	values := make(map[string]any, len(fields))
	for key, value := range fields {
		values[key] = value
	}
	return values
}

// customAttributes refuses custom attributes of a conversation that no server stores unchanged.
func (r *refusal) customAttributes(field string, attributes map[string]any) {
	r.attributes(field, attributes)
	r.texts(field, attributes)
	r.attributeSizes(field, attributes)
}

var errNoAttributes = errors.New("there are no custom_attributes")

func checkConversationAttributes(a *ConversationAttributes, _ []byte) error {
	if a.CustomAttributes.String() == string(null) { // also for the zero value
		return errNoAttributes
	}
	return nil
}
