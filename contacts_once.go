package cfchat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// FoundContact is the contact that [ContactsService.FindOrCreate] returns.
type FoundContact struct {
	Contact *Contact // as the server has it
	// Created is whether this call has created it, as confirmed by the server. Otherwise it was there and is unchanged, or
	// the confirmation was lost on its way.
	Created bool
	// Others are the ids of other contacts that have some of the given values, in order: after two creates at once with one
	// phone number, the contact that is not used.
	Others []int64
	// Differs are the given fields that are different in the contact: its name, or what another contact may have.
	Differs []ContactField
	// Missing are the given fields that are empty in the contact; [ContactsService.Update] fills them.
	Missing []ContactField
}

// compare notes the fields that differ from the given ones, as the server compares, and those that are missing.
func (f *FoundContact) compare(given ContactCreate) {
	for _, text := range []struct {
		field      ContactField
		given, has string
	}{
		{ContactFieldName, given.Name, f.Contact.GetName()},
		{ContactFieldEmail, strings.ToLower(given.Email), strings.ToLower(f.Contact.GetEmail())},
		{ContactFieldPhoneNumber, given.PhoneNumber, f.Contact.GetPhoneNumber()},
		{ContactFieldIdentifier, given.Identifier, f.Contact.GetIdentifier()},
	} {
		switch {
		case text.given == "" || text.given == text.has:
		case text.has == "":
			f.Missing = append(f.Missing, text.field)
		default:
			f.Differs = append(f.Differs, text.field)
		}
	}
}

// FindOrCreate returns the contact who has the e-mail, the phone number or the identifier, and creates one if nobody has. It
// requires at least one of them. No matter how often it is called, and what fails in between, these calls make one contact,
// and so do programs that call it at once.
//
// It creates first. If the server reports one of them as taken, or it is unknown whether the contact was created, it looks
// for each given value. The contact who has all values that anybody has is returned unchanged, even if its own e-mail, phone
// number or identifier differs from yours: see Differs. Other given fields are not stored, and the contact is not added to
// the InboxID. A SourceID is looked for first, because some inboxes would take it from its owner; that inbox has to be one
// of the key's user. Before 3.2.0 there is no such look-up, and a SourceID is refused: add it with
// [ContactsService.AddSource] afterwards.
//
// If the values belong to several contacts, it is ErrRejected with a text that names whose each is; Others has the ids. It
// is also ErrRejected if the server calls a value taken and its owner cannot be found: from 4.7.0 on some contacts are
// hidden from filters and searches. ErrUnknownOutcome means that nobody has them yet, but the contact may still be stored;
// call again.
//
// Only the server's look before it stores keeps phone numbers unique, so two creates at once with only a phone number may
// both succeed. It looks again then: the contact with the lower id is used, and the other stays, in Others. Calls that
// overlap exactly may return different contacts; each later one returns the lower id.
//
// It makes one request to create and, if it looks, up to two for each given value, and one for a SourceID. Its result is
// never nil. With an error its Contact is nil, unless that was created and the second look failed.
func (s ContactsService) FindOrCreate(ctx context.Context, create ContactCreate, opts ...CallOption) (*FoundContact, error) {
	var input refusal
	if len(create.keys()) == 0 {
		input.add("Email", "set it, or PhoneNumber or Identifier; nothing else distinguishes the contact from others")
	}
	create.check(ctx, s.core, &input)
	optionsOf(opts, &input)
	s.core.check(ctx, &input)
	if create.SourceID != "" && s.core.mayAsk(ctx, &input) && s.core.chat.lacks(ctx, "3.2.0") {
		input.add("SourceID", "before 3.2.0 there is no way to see who has it; create without it, then AddSource")
	}
	q := contactSearch{ContactsService: s, create: create, opts: opts, call: s.core.call(createContactCall.operation, 0)}
	if err := input.err(q.call); err != nil {
		return &FoundContact{}, err
	}
	found, err := q.findOrCreate(ctx)
	if found == nil {
		return &FoundContact{}, err
	}
	if found.Contact != nil {
		found.compare(create)
	}
	return found, err
}

// findOrCreate does the same without checking the input, and returns nil if nothing is found.
func (q *contactSearch) findOrCreate(ctx context.Context) (*FoundContact, error) {
	taken, err := q.lookForSource(ctx)
	switch {
	case err != nil:
		return nil, err
	case taken:
		return q.lookFor(ctx, nil)
	}
	made, err := q.Create(ctx, q.create, q.opts...)
	if err == nil {
		return q.lookAgain(ctx, made)
	}
	failed, ok := errors.AsType[*Error](err)
	if !ok || !q.create.isOpen(failed) {
		return nil, err
	}
	return q.lookFor(ctx, failed)
}

// contactSearch looks for who has what a new contact is to have.
type contactSearch struct {
	ContactsService

	create ContactCreate
	opts   []CallOption
	call   *chain.Call
	owned  []ownedKey
	blind  bool // the server may have no call that finds the owner of the source id
}

// ownedKey is a value that no two contacts can share, with its owners.
type ownedKey struct {
	sought

	owners []*Contact
}

// lookForSource reports whether somebody has the source id. On a server without such a call nobody is found.
func (q *contactSearch) lookForSource(ctx context.Context) (taken bool, err error) {
	if q.create.SourceID == "" {
		return false, nil
	}
	owner, err := q.FindBySourceID(ctx, q.create.InboxID, q.create.SourceID, q.opts...)
	if err == nil {
		q.owned = append(q.owned, ownedKey{sought{name: "source id"}, []*Contact{owner}})
		return true, nil
	}
	if q.saysNobody(ctx, err) {
		e, _ := errors.AsType[*Error](err)
		q.blind = e.noRoute
		return false, nil
	}
	return false, err
}

// lookForKeys looks for the owners of each given value.
func (q *contactSearch) lookForKeys(ctx context.Context) error {
	for _, key := range q.create.keys() {
		owners, err := q.owners(ctx, key, q.opts)
		if err != nil {
			return err
		}
		q.owned = append(q.owned, ownedKey{key, owners})
	}
	return nil
}

// lookFor looks for the contact after a failure that leaves open who it is; nil means none.
func (q *contactSearch) lookFor(ctx context.Context, failed *Error) (*FoundContact, error) {
	unknown := failed != nil && failed.Is(ErrUnknownOutcome)
	err := q.lookForKeys(ctx)
	if err == nil && unknown { // somebody else's source id is a 500, too
		_, err = q.lookForSource(ctx)
	}
	switch {
	case err != nil && unknown:
		return nil, failed.with(fmt.Sprintf("and looking for it failed: %v", err))
	case err != nil:
		return nil, err
	}
	for _, key := range q.create.named(failed) {
		if !q.isOwned(key) {
			others := slices.Sorted(maps.Keys(q.all()))
			return &FoundContact{Others: others}, failed.with(fmt.Sprintf("no contact can be found that has the %s: "+
				"its owner is hidden from filters and searches, or the server refuses it for another reason", key.name))
		}
	}
	found := q.pick()
	switch {
	case found.Contact != nil:
		return found, nil
	case len(found.Others) > 0:
		return found, q.conflict(failed)
	case unknown:
		return nil, failed.with("no contact has the given values yet; call again" + q.unseen())
	}
	return nil, failed // for a reason of its own
}

// unseen names the possible reason for an unknown outcome that no look-up can settle.
func (q *contactSearch) unseen() string {
	if !q.blind {
		return ""
	}
	return fmt.Sprintf(", or another contact has the source id in inbox %d", q.create.InboxID)
}

// lookAgain looks for others with the phone number of a contact that was created with nothing else: the server looks before
// it stores a number, but its database allows duplicates. Other values it allows once.
func (q *contactSearch) lookAgain(ctx context.Context, made *Contact) (*FoundContact, error) {
	found := &FoundContact{Contact: made, Created: true}
	if q.create.Email != "" || q.create.Identifier != "" {
		return found, nil
	}
	owners, err := q.owners(ctx, byPhone(q.create.PhoneNumber), q.opts)
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			err = e.with(fmt.Sprintf("contact %d was created, and may be a second one with the same phone number", made.ID))
		}
		return found, err
	}
	for _, owner := range append(owners, made) {
		found.Others = append(found.Others, owner.ID)
	}
	if len(owners) > 0 && owners[0].ID < made.ID {
		found.Contact, found.Created = owners[0], false
	}
	slices.Sort(found.Others)
	found.Others = slices.Compact(found.Others)[1:]
	return found, nil
}

// isOpen reports whether there may be a contact in spite of a failure: not after a 422 that names other attributes only. A
// 422 that names none may have lost its body.
func (c ContactCreate) isOpen(failed *Error) bool {
	refused := failed.Is(ErrRejected) && (len(failed.Attributes) == 0 || len(c.named(failed)) > 0)
	return refused || failed.Is(ErrUnknownOutcome)
}

// named returns the values that the server does not accept, according to a failure.
func (c ContactCreate) named(failed *Error) []sought {
	if failed == nil || !failed.Is(ErrRejected) {
		return nil
	}
	return slices.DeleteFunc(c.keys(), func(key sought) bool {
		return !slices.Contains(failed.Attributes, string(key.attribute))
	})
}

// isOwned reports whether an owner of any value has been found.
func (q *contactSearch) isOwned(key sought) bool {
	return slices.ContainsFunc(q.owned, func(o ownedKey) bool { return o.attribute == key.attribute && len(o.owners) > 0 })
}

// all returns everybody who has one of the given values, by id.
func (q *contactSearch) all() map[int64]*Contact {
	all := map[int64]*Contact{}
	for _, key := range q.owned {
		for _, owner := range key.owners {
			all[owner.ID] = owner
		}
	}
	return all
}

// pick returns the contact that has all values that anybody has; of several the one with the lowest id.
func (q *contactSearch) pick() *FoundContact {
	all, has, most := q.all(), map[int64]int{}, 0
	for _, key := range q.owned {
		for _, owner := range key.owners {
			has[owner.ID]++
		}
		most += min(len(key.owners), 1)
	}
	found := &FoundContact{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if found.Contact == nil && has[id] == most {
			found.Contact = all[id]
		} else {
			found.Others = append(found.Others, id)
		}
	}
	return found
}

// conflict names the owner of each given value.
func (q *contactSearch) conflict(failed *Error) error {
	var whose []string
	for _, key := range q.owned {
		if len(key.owners) > 0 {
			whose = append(whose, fmt.Sprintf("the %s is contact %d's", key.name, key.owners[0].ID))
		}
	}
	text := strings.Join(whose, ", ") + "; use the values of one of them, or merge them"
	if failed != nil && failed.Is(ErrRejected) {
		return failed.with(text)
	}
	return errorOf(q.call, &chain.Failure{Cause: errors.New(text), Rejected: true})
}
