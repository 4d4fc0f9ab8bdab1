package cfchat

import (
	"context"
	"fmt"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// sought is what a contact is looked for by.
type sought struct {
	attribute Attribute
	value     string
	name      string // of the attribute, for people
	same      func(*Contact) bool
}

// find looks for one contact. A filter is exact, but for case; from 4.7.0 on it does not look at everybody, so that a search has to
// find the others. What comes is compared either way.
func (s ContactsService) find(ctx context.Context, by sought, input refusal, opts []CallOption) (*Contact, error) {
	call := s.core.call(filterContactsCall.operation, 0)
	s.core.check(ctx, &input)
	if err := input.err(call); err != nil {
		return nil, err
	}
	filter := Where(Equal(by.attribute, by.value))
	found, err := lowest(by.same, func(page int) (*ContactPage, error) {
		return s.Filter(ctx, filter, ContactListOptions{Page: page}, opts...)
	})
	if found == nil && err == nil && !s.core.chat.lacks(ctx, "4.7.0") {
		found, err = lowest(by.same, func(page int) (*ContactPage, error) {
			return s.Search(ctx, literal.Replace(by.value), ContactListOptions{Page: page}, opts...)
		})
	}
	if found == nil && err == nil {
		err = errorOf(call, &chain.Failure{Missing: true, Cause: fmt.Errorf("no contact has this %s", by.name)})
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

// literal writes a text so that a search takes it as it is, which is read of its database and (unseen).
var literal = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// lowest reads the pages of a filter or search, and returns the contact with the lowest id of those that are the one; nil for none.
func lowest(same func(*Contact) bool, fetch func(page int) (*ContactPage, error)) (*Contact, error) {
	var found *Contact
	seen := map[int64]bool{}
	for page := 1; ; page++ {
		got, err := fetch(page)
		if err != nil {
			return nil, err
		}
		before := len(seen)
		for i := range got.Payload {
			c := &got.Payload[i]
			seen[c.ID] = true
			if same(c) && (found == nil || c.ID < found.ID) {
				found = c
			}
		}
		more := int64(len(seen)) < got.Meta.GetCount() // of all, but in a search from 4.11.0 on
		if got.Meta.HasMore != nil {
			more = *got.Meta.HasMore
		}
		if !more || len(seen) == before {
			return found, nil
		}
	}
}

// isE164 reports whether a phone number is one that servers store: + and 2 to 15 digits, of which the first is not 0.
func isE164(number string) bool {
	digits, plus := strings.CutPrefix(number, "+")
	return plus && len(digits) >= 2 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}
