package cfchat

import (
	"context"
	"fmt"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// check refuses what a server would drop, store as something else, or answer with a 500.
func (c ContactCreate) check(ctx context.Context, core *core, r *refusal) {
	if c.Email != "" {
		r.email("Email", c.Email)
	}
	if c.PhoneNumber != "" {
		r.phoneNumber("PhoneNumber", c.PhoneNumber)
	}
	if c.Identifier != "" {
		r.notBlank("Identifier", c.Identifier, "identifier")
	}
	r.optionalID("InboxID", c.InboxID)
	if c.SourceID != "" {
		r.notBlank("SourceID", c.SourceID, "source id")
		if c.InboxID == 0 {
			r.add("SourceID", "the server ignores it without InboxID; set both or neither")
		}
	}
	r.text("Name", c.Name)
	r.text("AvatarURL", c.AvatarURL)
	r.attributes("AdditionalAttributes", c.AdditionalAttributes)
	r.attributes("CustomAttributes", c.CustomAttributes)
	r.texts("AdditionalAttributes", c.AdditionalAttributes)
	r.texts("CustomAttributes", c.CustomAttributes)
	if c.Blocked && core.mayAsk(ctx, r) && core.chat.lacks(ctx, "3.7.0") {
		r.add("Blocked", "servers before 3.7.0 drop it; leave it out")
	}
}

// keys are what no two contacts have, as far as they are given.
func (c ContactCreate) keys() []sought {
	var all []sought
	for _, key := range []sought{byEmail(c.Email), byPhone(c.PhoneNumber), byIdentifier(c.Identifier)} {
		if key.value != "" {
			all = append(all, key)
		}
	}
	return all
}

// stored judges an answer: a connection that has lost count gives a call the answer of another one.
func (c ContactCreate) stored(answer *ContactCreateAnswer) *chain.Failure {
	made := &answer.Payload.Contact
	for _, key := range c.keys() {
		if !key.same(made) {
			err := fmt.Errorf("it is about contact %d, who has not the %s that was given", made.ID, key.name)
			return &chain.Failure{Cause: err, Decode: true, Unknown: true}
		}
	}
	return nil
}
