package cfchat_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// contactWalks holds the two methods that walk pages of contacts, which make the same promises.
var contactWalks = map[string]func(context.Context, *cfchat.Account) iter.Seq2[*cfchat.Contact, error]{
	"ListAll": func(ctx context.Context, a *cfchat.Account) iter.Seq2[*cfchat.Contact, error] {
		return a.Contacts.ListAll(ctx, cfchat.ContactListOptions{})
	},
	"FilterAll": func(ctx context.Context, a *cfchat.Account) iter.Seq2[*cfchat.Contact, error] {
		return a.Contacts.FilterAll(ctx, cfchat.Where(cfchat.Contains(cfchat.AttributeEmail, "@")), cfchat.ContactListOptions{})
	},
}

// changingContacts answers pages of contacts as the contract says (W2): each page is cut, 15 at a time, from the list at that
// moment. The list is sorted by a key that several contacts share, whose order differs each time, and changes between pages.
type changingContacts struct {
	random  *rand.Rand
	change  func(*changingContacts) // nil for nothing
	keys    map[int]int             // the sort key of each contact by its id
	last    int
	always  map[int]bool // contacts that were there all the time
	moves   bool         // whether keys change
	asked   int
	queries []url.Values
}

func newChangingContacts(seed uint64, count int) *changingContacts {
	c := &changingContacts{random: rand.New(rand.NewPCG(seed, 1)), keys: map[int]int{}, always: map[int]bool{}}
	for range count {
		c.come()
		c.always[c.last] = true
	}
	return c
}

// come adds a contact, after the others or, if keys change, anywhere.
func (c *changingContacts) come() {
	c.last++
	c.keys[c.last] = c.last / 4
	if c.moves {
		c.keys[c.last] = c.random.IntN(20)
	}
}

func (c *changingContacts) some() int {
	ids := make([]int, 0, len(c.keys))
	for id := range c.keys {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids[c.random.IntN(len(ids))]
}

func (c *changingContacts) goes() {
	id := c.some()
	delete(c.keys, id)
	delete(c.always, id)
}

func (c *changingContacts) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	if c.asked++; c.asked > 1 && c.change != nil && len(c.keys) > 1 {
		c.change(c)
	}
	c.queries = append(c.queries, req.URL.Query())
	page, err := strconv.Atoi(req.URL.Query().Get("page"))
	if err != nil {
		return nil, err
	}
	ids := make([]int, 0, len(c.keys))
	for id := range c.keys {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	c.random.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	slices.SortStableFunc(ids, func(a, b int) int { return cmp.Compare(c.keys[a], c.keys[b]) })
	from := min((page-1)*15, len(ids))
	var rows []string
	for _, id := range ids[from:min(from+15, len(ids))] {
		rows = append(rows, fmt.Sprintf(`{"id":%d,"additional_attributes":{}}`, id))
	}
	return jsonReply(`{"meta":{"count":%d,"current_page":"%d"},"payload":[%s]}`, len(ids), page, strings.Join(rows, ",")), nil
}

var missingContacts = regexp.MustCompile(`4 passes found \d+ of \d+ for certain`)

// TestContactWalk walks through contacts that are added, removed and moved between pages, with equal keys across their
// boundaries, and checks that those present all the time are yielded once, or that the error states how many are certain.
func TestContactWalk(t *testing.T) {
	for what, change := range map[string]func(*changingContacts){
		"unchanged": nil,
		"added":     (*changingContacts).come,
		"removed": func(c *changingContacts) {
			if c.random.IntN(4) == 0 {
				c.goes()
			}
		},
		"moved": func(c *changingContacts) {
			c.moves = true
			c.keys[c.some()] = c.random.IntN(20)
		},
		"all": func(c *changingContacts) {
			switch c.moves = true; c.random.IntN(12) {
			case 0:
				c.come()
			case 1:
				c.goes()
			case 2:
				c.keys[c.some()] = c.random.IntN(20)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			ended, again := 0, 0
			for seed := range uint64(20) {
				server := newChangingContacts(seed, 20+2*int(seed))
				server.change = change
				chat := trial.Chat(t, server, func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
				walk := contactWalks[[]string{"ListAll", "FilterAll"}[seed%2]]
				came, err := walkContacts(t, walk(t.Context(), chat.Account(7)))
				if server.asked > 4*(len(server.keys)/15+3) {
					t.Errorf("seed %d: %d requests", seed, server.asked)
				}
				if server.asked > len(server.keys)/15+2 {
					again++
				}
				if err == nil {
					ended++
					for id := range server.always {
						if !came[int64(id)] {
							t.Errorf("seed %d: contact %d of %d was there all the time, but is missing", seed, id, len(server.keys))
						}
					}
				} else if !missingContacts.MatchString(err.Error()) {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
			t.Logf("%d of 20 walks were complete, %d read the pages again", ended, again)
			if ended < 5 || again < 5 && what != "added" {
				t.Errorf("got %d complete walks and %d that read the pages again, want at least 5 of each", ended, again)
			}
		})
	}
}

// walkContacts is walkedRows for contacts.
func walkContacts(t *testing.T, all iter.Seq2[*cfchat.Contact, error]) (came map[int64]bool, last error) {
	t.Helper()
	return walkedRows(t, all, func(c *cfchat.Contact) int64 { return c.ID })
}

// walkedRows returns the ids that a walk yields, none of them twice, and the error, after which nothing may be yielded.
func walkedRows[T any](t *testing.T, all iter.Seq2[*T, error], idOf func(*T) int64) (came map[int64]bool, last error) {
	t.Helper()
	came = map[int64]bool{}
	for row, err := range all {
		switch {
		case last != nil:
			t.Errorf("after the error %v the walk yielded %v, %v", last, row, err)
		case err != nil:
			last = err
		case came[idOf(row)]:
			t.Errorf("%d was yielded twice", idOf(row))
		default:
			came[idOf(row)] = true
		}
	}
	return came, last
}

// TestContactWalkMissing checks that a walk reads all pages four times and then reports how many contacts are certain, if one
// is never shown.
func TestContactWalkMissing(t *testing.T) {
	var pages []string
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		page := req.URL.Query().Get("page")
		pages = append(pages, page)
		if page == "1" {
			return trial.Reply(200, "application/json", strings.Replace(trial.GoodContacts, `"count":1`, `"count":2`, 1)), nil
		}
		return trial.Reply(200, "application/json", `{"meta":{"count":2,"current_page":"2"},"payload":[]}`), nil
	}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
	for name, walk := range contactWalks {
		pages = nil
		came, err := walkContacts(t, walk(t.Context(), chat.Account(7)))
		if len(came) != 1 || err == nil || !strings.Contains(err.Error(), "4 passes found 1 of 2 for certain") {
			t.Errorf("%s: %v, %v", name, came, err)
		}
		if strings.Join(pages, "") != "12121212" {
			t.Errorf("%s: requested the pages %v", name, pages)
		}
	}
}

// TestContactWalkOrder checks that every request asks for an order that the version supports, and that each range starts from
// the beginning.
func TestContactWalkOrder(t *testing.T) {
	for version, want := range map[string]string{"3.0.0": "email,name,phone_number", "3.1.0": "created_at"} {
		server := newChangingContacts(1, 0)
		server.come()
		chat := trial.Chat(t, server, func(c *cfchat.Config) { c.ServerVersion = version })
		sort := []cfchat.ContactSort{cfchat.ContactSortNameDesc}
		all := chat.Account(7).Contacts.ListAll(t.Context(), cfchat.ContactListOptions{Sort: sort})
		sort[0] = cfchat.ContactSortEmail // too late to affect the walk
		for range 2 {
			if came, err := walkContacts(t, all); len(came) != 1 || err != nil {
				t.Errorf("%v, %v", came, err)
			}
		}
		for _, walk := range contactWalks {
			if came, err := walkContacts(t, walk(t.Context(), chat.Account(7))); len(came) != 1 || err != nil {
				t.Errorf("%v, %v", came, err)
			}
		}
		orders := []string{"-name", "-name", "-name", "-name", want, want, want, want}
		for i, query := range server.queries {
			if query.Get("sort") != orders[i] {
				t.Errorf("%s: request %d has %v, want the order %s", version, i, query, orders[i])
			}
		}
	}
}

// TestContactWalkEnds checks that a walk ends at the first error, and immediately when the loop breaks.
func TestContactWalkEnds(t *testing.T) {
	for name, walk := range contactWalks {
		server := newChangingContacts(1, 40)
		ctx, cancel := context.WithCancel(t.Context())
		server.change = func(*changingContacts) { cancel() }
		chat := trial.Chat(t, server, func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
		came, err := walkContacts(t, walk(ctx, chat.Account(7)))
		if len(came) != 15 || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %d contacts, %v", name, len(came), err)
		}
		asked := server.asked
		for range walk(t.Context(), chat.Account(7)) {
			break
		}
		if server.asked != asked+1 {
			t.Errorf("%s: a loop that breaks requested %d pages, want 1", name, server.asked-asked)
		}
	}
	contacts := trial.Chat(t, trial.Broken{}).Account(7).Contacts
	one := cfchat.Where(cfchat.Equal(cfchat.AttributeName, "Jo"))
	for field, all := range map[string]iter.Seq2[*cfchat.Contact, error]{
		"Page":   contacts.ListAll(t.Context(), cfchat.ContactListOptions{Page: 1}),
		"Sort[0": contacts.ListAll(t.Context(), cfchat.ContactListOptions{Sort: []cfchat.ContactSort{""}}),
		"filter": contacts.FilterAll(t.Context(), cfchat.Filter{}, cfchat.ContactListOptions{}),
		"Labels": contacts.FilterAll(t.Context(), one, cfchat.ContactListOptions{Labels: []string{"vip"}}),
	} {
		if came, err := walkContacts(t, all); len(came) != 0 || !errors.Is(err, cfchat.ErrInvalidInput) || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v, %v", field, came, err)
		}
	}
}

// TestContactWalkVersions checks that walks yield the contacts that each version shows.
func TestContactWalkVersions(t *testing.T) {
	for version, filtered := range map[string]int{"2.16.0": 41, "3.16.0": 41, "4.6.2": 41, "4.7.0": 40, "4.16.2": 40} {
		server := cfchattest.New(t, cfchattest.Version(version))
		for i := range 40 {
			server.AddContact(cfchattest.Contact{Name: "Jo", Identifier: strconv.Itoa(i)})
		}
		server.AddContact(cfchattest.Contact{Name: "Jo"}) // which no list shows
		contacts := server.Account(t).Contacts
		listed, err := walkContacts(t, contacts.ListAll(t.Context(), cfchat.ContactListOptions{WithoutInboxes: true}))
		if len(listed) != 40 || err != nil {
			t.Errorf("%s: listed %d, %v", version, len(listed), err)
		}
		named := cfchat.Where(cfchat.Equal(cfchat.AttributeName, "jo"))
		found, err := walkContacts(t, contacts.FilterAll(t.Context(), named, cfchat.ContactListOptions{WithoutInboxes: true}))
		if len(found) != filtered || err != nil {
			t.Errorf("%s: the filter found %d, want %d, %v", version, len(found), filtered, err)
		}
	}
}

// TestContactWalkAfterDeletions checks that a walk ends without an error after one complete reading, although some contacts
// that it yielded have been deleted since.
func TestContactWalkAfterDeletions(t *testing.T) {
	ids, requests := upTo(1, 45), 0
	contacts := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		switch requests++; requests {
		case 2: // from a page that has been read, so that the next ones lack a contact
			ids = slices.Delete(ids, 0, 1)
		case 4:
			ids = ids[:len(ids)-1]
		case 5: // between two pages without rows, so that the count does not show the deletion
			ids = append(ids, 100)
		}
		page, err := strconv.Atoi(req.URL.Query().Get("page"))
		var rows []string
		for i := (page - 1) * 15; i < min(page*15, len(ids)); i++ {
			rows = append(rows, fmt.Sprintf(`{"id":%d,"additional_attributes":{},"custom_attributes":{}}`, ids[i]))
		}
		body := fmt.Sprintf(`{"meta":{"count":%d,"current_page":"%d"},"payload":[%s]}`, len(ids), page, strings.Join(rows, ","))
		return trial.Reply(200, "application/json", body), err
	}), func(c *cfchat.Config) { c.ServerVersion = "4.16.2" }).Account(1).Contacts
	came, err := walkContacts(t, contacts.ListAll(t.Context(), cfchat.ContactListOptions{}))
	for _, id := range ids {
		if !came[id] {
			t.Errorf("contact %d is missing", id)
		}
	}
	if err != nil {
		t.Errorf("after %d requests: %v", requests, err)
	}
}
