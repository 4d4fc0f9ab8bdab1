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

// contactWalks are the two ways to walk pages of contacts, which promise the same.
var contactWalks = map[string]func(context.Context, *cfchat.Account) iter.Seq2[*cfchat.Contact, error]{
	"ListAll": func(ctx context.Context, a *cfchat.Account) iter.Seq2[*cfchat.Contact, error] {
		return a.Contacts.ListAll(ctx, cfchat.ContactListOptions{})
	},
	"FilterAll": func(ctx context.Context, a *cfchat.Account) iter.Seq2[*cfchat.Contact, error] {
		return a.Contacts.FilterAll(ctx, cfchat.Where(cfchat.Contains(cfchat.AttributeEmail, "@")), cfchat.ContactListOptions{})
	},
}

// changingContacts answers pages of contacts as the contract says (W2): cut by 15 off the list as it is at that moment, sorted by
// a key that several have, of which the order is another one each time. Between two pages it changes.
type changingContacts struct {
	random  *rand.Rand
	change  func(*changingContacts) // nil for nothing
	keys    map[int]int             // the sort key of each contact by its id
	last    int
	always  map[int]bool // those that were there all the time
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

// come adds a contact, behind the others or, where keys change, anywhere.
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

// TestContactWalk walks through contacts that come, go and move between the pages, with equal keys across their borders: those
// that are there all the time come once, or the walk says of how many it is certain.
func TestContactWalk(t *testing.T) {
	for what, change := range map[string]func(*changingContacts){
		"nothing": nil,
		"come":    (*changingContacts).come,
		"go": func(c *changingContacts) {
			if c.random.IntN(4) == 0 {
				c.goes()
			}
		},
		"move": func(c *changingContacts) {
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
							t.Errorf("seed %d: contact %d of %d was there all the time and is missing", seed, id, len(server.keys))
						}
					}
				} else if !missingContacts.MatchString(err.Error()) {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
			t.Logf("%d of 20 walks were whole, %d read again", ended, again)
			if ended < 5 || again < 5 && what != "come" {
				t.Error("they are too few")
			}
		})
	}
}

// walkContacts returns what walkedRows does of contacts.
func walkContacts(t *testing.T, all iter.Seq2[*cfchat.Contact, error]) (came map[int64]bool, last error) {
	t.Helper()
	return walkedRows(t, all, func(c *cfchat.Contact) int64 { return c.ID })
}

// walkedRows returns the ids that a walk yields, of which none comes twice, and the error that is the last thing.
func walkedRows[T any](t *testing.T, all iter.Seq2[*T, error], idOf func(*T) int64) (came map[int64]bool, last error) {
	t.Helper()
	came = map[int64]bool{}
	for row, err := range all {
		switch {
		case last != nil:
			t.Errorf("after %v comes %v, %v", last, row, err)
		case err != nil:
			last = err
		case came[idOf(row)]:
			t.Errorf("%d comes twice", idOf(row))
		default:
			came[idOf(row)] = true
		}
	}
	return came, last
}

// TestContactWalkMissing counts what is missing where one contact is never shown, and reads all pages four times first.
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
			t.Errorf("%s: asked for the pages %v", name, pages)
		}
	}
}

// TestContactWalkOrder asks for an order on every page, of which the version has it, and starts anew with each range.
func TestContactWalkOrder(t *testing.T) {
	for version, want := range map[string]string{"3.0.0": "email,name,phone_number", "3.1.0": "created_at"} {
		server := newChangingContacts(1, 0)
		server.come()
		chat := trial.Chat(t, server, func(c *cfchat.Config) { c.ServerVersion = version })
		sort := []cfchat.ContactSort{cfchat.ContactSortNameDesc}
		all := chat.Account(7).Contacts.ListAll(t.Context(), cfchat.ContactListOptions{Sort: sort})
		sort[0] = cfchat.ContactSortEmail // which it does not see any more
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
				t.Errorf("%s: request %d is %v, want the order %s", version, i, query, orders[i])
			}
		}
	}
}

// TestContactWalkEnds ends at the first error, and at once when the loop does.
func TestContactWalkEnds(t *testing.T) {
	for name, walk := range contactWalks {
		server := newChangingContacts(1, 40)
		ctx, cancel := context.WithCancel(t.Context())
		server.change = func(*changingContacts) { cancel() }
		chat := trial.Chat(t, server, func(c *cfchat.Config) { c.ServerVersion = "4.16.2" })
		came, err := walkContacts(t, walk(ctx, chat.Account(7)))
		if len(came) != 15 || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %d came, %v", name, len(came), err)
		}
		asked := server.asked
		for range walk(t.Context(), chat.Account(7)) {
			break
		}
		if server.asked != asked+1 {
			t.Errorf("%s: a loop that ends asks for %d pages", name, server.asked-asked)
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

// TestContactWalkOfVersions comes to the contacts that the versions show, in the order of their creation where there is one.
func TestContactWalkOfVersions(t *testing.T) {
	for version, filtered := range map[string]int{"2.16.0": 41, "3.16.0": 41, "4.6.2": 41, "4.7.0": 40, "4.16.2": 40} {
		server := cfchattest.New(t, cfchattest.Version(version))
		for i := range 40 {
			server.AddContact(cfchattest.Contact{Name: "Jo", Identifier: strconv.Itoa(i)})
		}
		server.AddContact(cfchattest.Contact{Name: "Jo"}) // whom no list has
		contacts := server.Account(t).Contacts
		listed, err := walkContacts(t, contacts.ListAll(t.Context(), cfchat.ContactListOptions{WithoutInboxes: true}))
		if len(listed) != 40 || err != nil {
			t.Errorf("%s: listed %d, %v", version, len(listed), err)
		}
		named := cfchat.Where(cfchat.Equal(cfchat.AttributeName, "jo"))
		found, err := walkContacts(t, contacts.FilterAll(t.Context(), named, cfchat.ContactListOptions{WithoutInboxes: true}))
		if len(found) != filtered || err != nil {
			t.Errorf("%s: filtered %d, want %d, %v", version, len(found), filtered, err)
		}
	}
}

// TestContactWalkOfMoreThanAll ends well where a whole reading has been made, although some that came have gone since.
func TestContactWalkOfMoreThanAll(t *testing.T) {
	ids, requests := upTo(1, 45), 0
	contacts := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		switch requests++; requests {
		case 2: // of a page that has been read, so that the next ones lack one
			ids = slices.Delete(ids, 0, 1)
		case 4:
			ids = ids[:len(ids)-1]
		case 5: // between two pages without rows, where the count does not show that one went
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
			t.Errorf("%d did not come", id)
		}
	}
	if err != nil {
		t.Errorf("after %d requests: %v", requests, err)
	}
}
