package between_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cfchattest/internal/between"
)

// program is one of two that find or create a contact at the same time. It stops before each step that the other can
// observe.
type program struct {
	contacts cfchat.ContactsService
	server   *cfchattest.Server
	create   cfchat.ContactCreate
	lose     bool // whether the answer of its create is lost

	resume  chan struct{}
	stopped chan bool // false when it has ended
	found   *cfchat.FoundContact
	err     error
}

// newProgram returns a program with its own client, for any server of a version.
func newProgram(t *testing.T, version string) *program {
	p := &program{resume: make(chan struct{}), stopped: make(chan bool)}
	key := cfchattest.New(t).AdminKey() // the same on every server
	chat, err := cfchat.New(cfchat.Config{
		Server: "http://localhost", HTTPClient: &http.Client{Transport: p}, Keys: auth.Keys{User: auth.NewKey(key)},
		ServerVersion: version,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.contacts = chat.Account(1).Contacts
	return p
}

func (p *program) stop() {
	p.stopped <- true
	<-p.resume
}

// RoundTrip stops before the request, and for a create between the server's read and its write.
func (p *program) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.resume == nil { // the program runs alone
		return p.server.Transport().RoundTrip(req)
	}
	p.stop()
	resp, err := p.server.Transport().RoundTrip(req.WithContext(between.With(req.Context(), p.stop)))
	if p.lose && strings.HasSuffix(req.URL.Path, "/contacts") {
		return nil, io.ErrUnexpectedEOF
	}
	return resp, err
}

// interleave runs programs step by step. The choices determine whose turn it is, and after their end it is the first one's.
// It returns the choices made, and among how many programs each was.
func interleave(t *testing.T, programs []*program, choices []int) (made, among []int) {
	for _, p := range programs {
		go func() {
			p.found, p.err = p.contacts.FindOrCreate(t.Context(), p.create)
			p.stopped <- false
		}()
	}
	waiting := slices.DeleteFunc(slices.Clone(programs), func(p *program) bool { return !<-p.stopped })
	for len(waiting) > 0 {
		choice := 0
		if len(made) < len(choices) {
			choice = choices[len(made)]
		}
		made, among = append(made, choice), append(among, len(waiting))
		p := waiting[choice]
		p.resume <- struct{}{}
		if !<-p.stopped {
			waiting = slices.DeleteFunc(waiting, func(other *program) bool { return other == p })
		}
	}
	return made, among
}

// next returns the choices of the next interleaving, nil if there is none.
func next(made, among []int) []int {
	for i, choice := range slices.Backward(made) {
		if choice+1 < among[i] {
			return append(slices.Clone(made[:i]), choice+1)
		}
	}
	return nil
}

// kinds are all combinations of values that identify a contact.
var kinds = []cfchat.ContactCreate{
	{Email: "Jo@customer.test"},
	{PhoneNumber: "+14155551000"},
	{Identifier: "crm-1"},
	{Email: "jo@customer.test", PhoneNumber: "+14155551000"},
	{Email: "jo@customer.test", Identifier: "crm-1"},
	{PhoneNumber: "+14155551000", Identifier: "crm-1"},
	{Email: "jo@customer.test", PhoneNumber: "+14155551000", Identifier: "crm-1"},
}

// TestInterleavings runs two programs that find or create one contact at the same time, in every order of their steps, with
// and without losing the answers of their creates. With the race detector, which makes it ten times as slow, it runs only
// some.
func TestInterleavings(t *testing.T) {
	tries, enough := []struct {
		version string
		lose    [2]bool
	}{
		{"4.16.2", [2]bool{}}, {"4.16.2", [2]bool{true, false}}, {"4.16.2", [2]bool{true, true}},
		{"4.7.0", [2]bool{}}, {"4.7.0", [2]bool{true, false}},
		{"2.16.0", [2]bool{}}, {"2.16.0", [2]bool{true, false}}, {"2.16.0", [2]bool{true, true}},
	}, int64(10_000)
	if withRaceDetector {
		tries, enough = tries[:1], 300
	}
	var count atomic.Int64
	t.Run("of", func(t *testing.T) {
		for _, try := range tries {
			t.Run(fmt.Sprint(try.version, try.lose), func(t *testing.T) {
				t.Parallel()
				programs, alone := []*program{newProgram(t, try.version), newProgram(t, try.version)}, newProgram(t, try.version)
				alone.resume = nil
				programs[0].lose, programs[1].lose = try.lose[0], try.lose[1]
				for _, a := range kinds {
					for _, b := range kinds {
						programs[0].create, programs[1].create = a, b
						count.Add(everyOrder(t, try.version, programs, alone))
					}
				}
			})
		}
	})
	t.Logf("%d interleavings", count.Load())
	if count.Load() < enough {
		t.Errorf("these are too few, want at least %d", enough)
	}
}

// everyOrder runs two programs in every order of their steps, each time on a new server, and returns the number of orders.
func everyOrder(t *testing.T, version string, programs []*program, alone *program) (count int64) {
	for choices := []int{}; choices != nil; count++ {
		server := cfchattest.Start(cfchattest.Version(version))
		programs[0].server, programs[1].server, alone.server = server, server, server
		made, among := interleave(t, programs, choices)
		if wrong := judge(t, alone.contacts, programs); wrong != "" {
			t.Fatalf("%+v, %+v, in the order %v: %s", programs[0].create, programs[1].create, made, wrong)
		}
		choices = next(made, among)
	}
	return count
}

// judge describes what is wrong with the results of two programs, "" if nothing is. The server's database makes an e-mail
// address and an identifier unique; a phone number is unique only if the server saw the other contact before it wrote
// (contract, W2.4). So programs that share an e-mail address or an identifier must get the same contact, and there must be
// no other.
func judge(t *testing.T, contacts cfchat.ContactsService, programs []*program) string {
	before, ids := listed(t, contacts)
	for _, p := range programs {
		switch {
		case p.err != nil:
			return fmt.Sprintf("an error: %v", p.err)
		case !ids[p.found.Contact.ID]:
			return fmt.Sprintf("contact %d does not exist", p.found.Contact.ID)
		case shared(p.create, createOf(p.found.Contact)) == (known{}):
			return fmt.Sprintf("contact %d has none of the given values", p.found.Contact.ID)
		}
		again, err := contacts.FindOrCreate(t.Context(), p.create)
		if err != nil || again.Created || again.Contact.ID != p.found.Contact.ID {
			return fmt.Sprintf("a second call returns %+v, %v; the first returned %+v", again, err, p.found)
		}
	}
	a, b := programs[0].found, programs[1].found
	both := shared(programs[0].create, programs[1].create)
	alone := both.phone != "" && !slices.ContainsFunc(programs, func(p *program) bool { return p.create.Email+p.create.Identifier != "" })
	switch after, _ := listed(t, contacts); {
	case after != before:
		return fmt.Sprintf("there are %d contacts, and %d before the second calls", after, before)
	case before > 2 || a.Created && b.Created && before != 2:
		return fmt.Sprintf("there are %d contacts, %+v, %+v", before, a, b)
	case both.email+both.identifier != "" && (before != 1 || a.Contact.ID != b.Contact.ID || a.Created && b.Created):
		return fmt.Sprintf("there are %d contacts, %+v, %+v", before, a, b)
	case alone && (a.Contact.ID != 1 || b.Contact.ID != 1):
		return fmt.Sprintf("a program did not get the contact with the lower id: %+v, %+v", a, b)
	}
	return ""
}

// listed returns the number of contacts on a server, and their ids.
func listed(t *testing.T, contacts cfchat.ContactsService) (count int, ids map[int64]bool) {
	page, err := contacts.List(t.Context(), cfchat.ContactListOptions{})
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	ids = map[int64]bool{}
	for _, c := range page.Payload {
		ids[c.ID] = true
	}
	return len(page.Payload), ids
}

// createOf returns the values that identify a contact.
func createOf(c *cfchat.Contact) cfchat.ContactCreate {
	return cfchat.ContactCreate{Email: c.GetEmail(), PhoneNumber: c.GetPhoneNumber(), Identifier: c.GetIdentifier()}
}

// known holds the values that identify a contact.
type known struct{ email, phone, identifier string }

// shared returns the values that identify both of two contacts.
func shared(a, b cfchat.ContactCreate) (both known) {
	if strings.EqualFold(a.Email, b.Email) {
		both.email = a.Email
	}
	if a.PhoneNumber == b.PhoneNumber {
		both.phone = a.PhoneNumber
	}
	if a.Identifier == b.Identifier {
		both.identifier = a.Identifier
	}
	return both
}
