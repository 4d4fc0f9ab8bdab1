package cfchat

import (
	"context"
	"fmt"
	"unicode/utf8"

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
	r.column("Name", c.Name)
	r.text("Name", c.Name)
	r.text("AvatarURL", c.AvatarURL)
	r.attributes("AdditionalAttributes", c.AdditionalAttributes)
	r.attributes("CustomAttributes", c.CustomAttributes)
	r.texts("AdditionalAttributes", c.AdditionalAttributes)
	r.texts("CustomAttributes", c.CustomAttributes)
	checkColumns(ctx, core, r, fieldText{"Email", c.Email}, fieldText{"Identifier", c.Identifier})
	if c.Blocked && core.mayAsk(ctx, r) && core.chat.lacks(ctx, "3.7.0") {
		r.add("Blocked", "servers before 3.7.0 drop it; leave it out")
	}
}

// checkColumns refuses texts that are longer than servers accept from 2.17.0 on; earlier ones check the name only.
func checkColumns(ctx context.Context, core *core, r *refusal, texts ...fieldText) {
	for _, t := range texts {
		if utf8.RuneCountInString(t.text) > maxColumn && core.mayAsk(ctx, &refusal{}) && !core.chat.lacks(ctx, "2.17.0") {
			r.column(t.field, t.text)
		}
	}
}

// keys returns the given values that no two contacts can share.
func (c ContactCreate) keys() []sought {
	var all []sought
	for _, key := range []sought{byEmail(c.Email), byPhone(c.PhoneNumber), byIdentifier(c.Identifier)} {
		if key.value != "" {
			all = append(all, key)
		}
	}
	return all
}

// stored judges an answer: a connection that has lost count hands a call the answer of another.
func (c ContactCreate) stored(answer *ContactCreateAnswer) *chain.Failure {
	made := &answer.Payload.Contact
	for _, key := range c.keys() {
		if !key.same(made) {
			err := fmt.Errorf("it is about contact %d, who does not have the given %s", made.ID, key.name)
			return &chain.Failure{Cause: err, Decode: true, Unknown: true}
		}
	}
	return nil
}
