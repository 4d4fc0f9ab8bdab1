package cfchat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// sought is what identifies a contact in a look-up.
type sought struct {
	attribute Attribute
	value     string
	name      string // of the attribute, for people
	same      func(*Contact) bool
}

func byEmail(email string) sought {
	same := func(c *Contact) bool { return sameEmail(c.GetEmail(), email) }
	return sought{AttributeEmail, email, "e-mail", same}
}

func byPhone(number string) sought {
	same := func(c *Contact) bool { return c.GetPhoneNumber() == number }
	return sought{AttributePhoneNumber, number, "phone number", same}
}

func byIdentifier(identifier string) sought {
	same := func(c *Contact) bool { return c.GetIdentifier() == identifier }
	return sought{AttributeIdentifier, identifier, "identifier", same}
}

// sameEmail reports whether two e-mails are the same in lower case, as servers store them. İ becomes two characters.
func sameEmail(a, b string) bool {
	lower := func(email string) string { return strings.ToLower(strings.ReplaceAll(email, "İ", "i\u0307")) }
	return lower(a) == lower(b)
}

// find looks for one contact; of several it takes the one with the lowest id.
func (s ContactsService) find(ctx context.Context, by sought, input refusal, opts []CallOption) (*Contact, error) {
	call := s.core.call(filterContactsCall.operation, 0)
	s.core.check(ctx, &input)
	if err := input.err(call); err != nil {
		return nil, err
	}
	found, err := s.owners(ctx, by, opts)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errorOf(call, &chain.Failure{Missing: true, Cause: fmt.Errorf("no contact has this %s", by.name)})
	}
	return found[0], nil
}

// owners finds every contact that has what is sought, in the order of their ids; none is no error. A filter is exact, except
// for case; from 4.7.0 on it does not cover everybody, so a search has to find the others. Results are compared either way.
func (s ContactsService) owners(ctx context.Context, by sought, opts []CallOption) ([]*Contact, error) {
	filter := Where(Equal(by.attribute, by.value))
	found, err := matching(by.same, func(page int) (*ContactPage, error) {
		return s.Filter(ctx, filter, ContactListOptions{Page: page}, opts...)
	})
	if len(found) > 0 || err != nil || s.core.chat.lacks(ctx, "4.7.0") {
		return found, err
	}
	return matching(by.same, func(page int) (*ContactPage, error) {
		return s.Search(ctx, literal.Replace(by.value), ContactListOptions{Page: page}, opts...)
	})
}

// literal writes a text so that a search takes it literally, by the rules of its database (unseen).
var literal = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// matching reads the pages of a filter or search, and returns the matching contacts in the order of their ids.
func matching(fit func(*Contact) bool, fetch func(page int) (*ContactPage, error)) ([]*Contact, error) {
	var found []*Contact
	seen := map[int64]bool{}
	for page := 1; ; page++ {
		got, err := fetch(page)
		if err != nil {
			return nil, err
		}
		before := len(seen)
		for i := range got.Payload {
			c := &got.Payload[i]
			if fit(c) && !seen[c.ID] {
				found = append(found, c)
			}
			seen[c.ID] = true
		}
		more := int64(len(seen)) < got.Meta.GetCount() // of all, except in a search from 4.11.0 on
		if got.Meta.HasMore != nil {
			more = *got.Meta.HasMore
		}
		if !more || len(seen) == before {
			slices.SortFunc(found, func(a, b *Contact) int { return cmp.Compare(a.ID, b.ID) })
			return found, nil
		}
	}
}

// email refuses what servers do not accept as a mail address.
func (r *refusal) email(field, email string) {
	name, domain, _ := strings.Cut(email, "@")
	if name == "" || domain == "" || strings.ContainsAny(domain, "@") || strings.ContainsAny(email, " \t\r\n\f\v") {
		r.add(field, "it is not an e-mail with a single @ and no spaces")
	}
	r.text(field, email)
}

// phoneNumber refuses what servers do not store.
func (r *refusal) phoneNumber(field, number string) {
	if !isE164(number) {
		r.add(field, "it is not a phone number as servers store them; use + and 2 to 15 digits, the first not 0")
	}
}

// notBlank refuses a blank text as an identification.
func (r *refusal) notBlank(field, text, what string) {
	if strings.TrimSpace(text) == "" {
		r.add(field, "it is blank; give the %s", what)
	}
	r.text(field, text)
}

// isE164 reports whether servers store a phone number: + and 2 to 15 digits, the first not 0.
func isE164(number string) bool {
	digits, plus := strings.CutPrefix(number, "+")
	return plus && len(digits) >= 2 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}
