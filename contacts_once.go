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
	// Created is whether this call has created it, by the server's word. Else it was there, and nothing of it was changed;
	// or the word was lost on its way.
	Created bool
	// Others are the ids of other contacts that have some of what was given, in order: of two that were created at once with
	// one phone number, that of the one which is not used.
	Others []int64
	// Differs are the fields that were given and that the contact has otherwise: its name, or what another may have.
	Differs []ContactField
	// Missing are the fields that were given and that are empty in the contact; [ContactsService.Update] fills them.
	Missing []ContactField
}

// compare notes what the contact has otherwise than it was given, as the server compares, and what it lacks.
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

// FindOrCreate returns the contact who has the e-mail, the phone number or the identifier, and creates one where nobody has.
// It takes at least one of them. However often it is called, and whatever fails in between, these calls make one contact,
// and so do programs that call it at once.
//
// It creates. Where the server says that one of them is taken, or it is not known whether the contact was created, it looks
// for each that is given. The contact who has all that anybody has is returned as it is, even if its own e-mail, phone
// number or identifier is another than yours: Differs says so. What else was given is not stored, nor is it put into the
// InboxID. A SourceID is looked for before, because some inboxes would take it from its owner; that inbox has to be one of
// the key's user. Before 3.2.0 nobody can look, and a SourceID is refused: give it by [ContactsService.AddSource]
// afterwards.
//
// Where no one contact has them it is ErrRejected, and says whose each is; Others has the ids. It is also ErrRejected, and
// says so, where the server calls one taken and nobody can be found who has it: from 4.7.0 on some contacts are hidden from
// filters and searches. ErrUnknownOutcome means that nobody has them yet, but the contact may be stored still; call again.
//
// Phone numbers are told apart by the server's look before it stores, and by nothing else, so that of two creates at once
// with a phone number alone both may be made. It looks again then: the one with the lower id is used, and the other stays,
// in Others. Calls that overlap to the moment may return both; each later one returns the lower.
//
// The requests are one to create, and where it looks, up to two for each that is given, and one for a SourceID. What it
// returns is never nil. With an error its Contact is, but where that was created and could not be looked for again.
func (s ContactsService) FindOrCreate(ctx context.Context, create ContactCreate, opts ...CallOption) (*FoundContact, error) {
	var input refusal
	if len(create.keys()) == 0 {
		input.add("Email", "set it, or PhoneNumber or Identifier; nothing else tells the contact from another")
	}
	create.check(ctx, s.core, &input)
	optionsOf(opts, &input)
	s.core.check(ctx, &input)
	if create.SourceID != "" && s.core.mayAsk(ctx, &input) && s.core.chat.lacks(ctx, "3.2.0") {
		input.add("SourceID", "before 3.2.0 nobody can look who has it; create without it, then AddSource")
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

// findOrCreate is the same without a look at the input, and has nil for nothing that is found.
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
	blind  bool // the server may have no call that tells who has the source id
}

// ownedKey is something that no two contacts have, with those who have it.
type ownedKey struct {
	sought

	owners []*Contact
}

// lookForSource reports whether somebody has the source id. A server that has no such call tells of nobody.
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

// lookForKeys looks for who has what was given, each by itself.
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

// lookFor looks for the contact after a failure that leaves open who it is; nil is none.
func (q *contactSearch) lookFor(ctx context.Context, failed *Error) (*FoundContact, error) {
	unknown := failed != nil && failed.Is(ErrUnknownOutcome)
	err := q.lookForKeys(ctx)
	if err == nil && unknown { // of somebody else's source id it is a 500, too
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
			return &FoundContact{Others: others}, failed.with(fmt.Sprintf("nobody can be found who has the %s: "+
				"its owner is hidden from filters and searches, or it is refused for another reason", key.name))
		}
	}
	found := q.pick()
	switch {
	case found.Contact != nil:
		return found, nil
	case len(found.Others) > 0:
		return found, q.conflict(failed)
	case unknown:
		return nil, failed.with("nobody has what was given yet; call again" + q.unseen())
	}
	return nil, failed // for a reason of its own
}

// unseen says what may be the reason of an unknown outcome that cannot be looked for.
func (q *contactSearch) unseen() string {
	if !q.blind {
		return ""
	}
	return fmt.Sprintf(", or another contact has the source id in inbox %d", q.create.InboxID)
}

// lookAgain looks who else has the phone number of a contact that was created with nothing else: the server looks before it
// stores one, and its database takes two. Of the others it takes one.
func (q *contactSearch) lookAgain(ctx context.Context, made *Contact) (*FoundContact, error) {
	found := &FoundContact{Contact: made, Created: true}
	if q.create.Email != "" || q.create.Identifier != "" {
		return found, nil
	}
	owners, err := q.owners(ctx, byPhone(q.create.PhoneNumber), q.opts)
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok {
			err = e.with(fmt.Sprintf("contact %d was created, and may be the second one with its phone number", made.ID))
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

// isOpen reports whether there may be a contact in spite of a failure: of a 422 not where it names other attributes only.
// One that names none may have lost its body.
func (c ContactCreate) isOpen(failed *Error) bool {
	refused := failed.Is(ErrRejected) && (len(failed.Attributes) == 0 || len(c.named(failed)) > 0)
	return refused || failed.Is(ErrUnknownOutcome)
}

// named returns what a failure says that the server does not take.
func (c ContactCreate) named(failed *Error) []sought {
	if failed == nil || !failed.Is(ErrRejected) {
		return nil
	}
	return slices.DeleteFunc(c.keys(), func(key sought) bool {
		return !slices.Contains(failed.Attributes, string(key.attribute))
	})
}

// isOwned reports whether anybody has been found who has a key.
func (q *contactSearch) isOwned(key sought) bool {
	return slices.ContainsFunc(q.owned, func(o ownedKey) bool { return o.attribute == key.attribute && len(o.owners) > 0 })
}

// all returns everybody who has something of what was given, by their ids.
func (q *contactSearch) all() map[int64]*Contact {
	all := map[int64]*Contact{}
	for _, key := range q.owned {
		for _, owner := range key.owners {
			all[owner.ID] = owner
		}
	}
	return all
}

// pick picks the contact that has all that anybody has, of several the one with the lowest id.
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

// conflict says whose each is of what was given.
func (q *contactSearch) conflict(failed *Error) error {
	var whose []string
	for _, key := range q.owned {
		if len(key.owners) > 0 {
			whose = append(whose, fmt.Sprintf("the %s is contact %d's", key.name, key.owners[0].ID))
		}
	}
	text := strings.Join(whose, ", ") + "; give what one of them has, or merge them"
	if failed != nil && failed.Is(ErrRejected) {
		return failed.with(text)
	}
	return errorOf(q.call, &chain.Failure{Cause: errors.New(text), Rejected: true})
}
