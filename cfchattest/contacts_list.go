package cfchattest

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
	"github.com/cfchat/cfchat-go/cfchattest/internal/filtersql"
)

// contactPageSize is how many contacts a page has.
const contactPageSize = 15

// errParameter is the error for a list where the server's code expects a text: a 500 (contract, W2).
var errParameter = errors.New("a parameter of another kind")

// contactList answers a page of the contacts that are more than visitors.
func (c *caller) contactList() (any, error) {
	rows := c.account.contactsThat((*contact).isIdentified)
	if c.params["labels"] != nil {
		rows = labelled(rows, parseLabels(c.params["labels"]))
	}
	return c.contactPage(rows)
}

// contactSearch answers a page of the contacts that contain a text (contract, W2.1).
func (c *caller) contactSearch() (any, error) {
	text, isText := c.params["q"].(string)
	switch {
	case c.params["q"] != nil && !isText:
		return nil, errParameter
	case strings.TrimSpace(text) == "":
		meta := object{"count": nil, "current_page": 1}
		if c.version.AtLeast("4.11.0") {
			meta["has_more"] = nil
		}
		return object{"meta": meta, "payload": []object{}}, nil
	}
	rows := c.account.contactsThat(c.having(strings.TrimSpace(text)))
	if c.version.AtLeast("4.11.0") {
		return c.searchedPage(rows)
	}
	rows = slices.DeleteFunc(rows, func(each *contact) bool { return !each.isIdentified() })
	if c.params["labels"] != nil {
		rows = labelled(rows, parseLabels(c.params["labels"]))
	}
	return c.contactPage(rows)
}

// having returns a function that reports whether a contact has a text in a field that searches look at.
func (c *caller) having(text string) func(*contact) bool {
	anyCase, exact := filtersql.Like("%"+text+"%", true), filtersql.Like("%"+text+"%", false)
	byCompany := c.version.AtLeast("3.1.1") && !c.version.AtLeast("4.11.0")
	return func(each *contact) bool {
		for _, field := range []*string{each.Name, each.Email, each.PhoneNumber} {
			if field != nil && anyCase(*field) {
				return true
			}
		}
		company, _ := each.AdditionalAttributes.Text("company_name")
		return each.Identifier != nil && exact(*each.Identifier) || byCompany && anyCase(company)
	}
}

// searchedPage answers a page from 4.11.0 on, whose count is its own size, and which says whether there is another.
func (c *caller) searchedPage(rows []*contact) (any, error) {
	if page := c.params["page"]; page != nil {
		if n, _ := cast.Integer(page); n < 1 {
			return nil, errPage
		}
	}
	shown, number, err := c.shownContacts(rows)
	if err != nil {
		return nil, err
	}
	meta := c.contactMeta(len(shown))
	meta["has_more"] = number*contactPageSize < int64(len(rows))
	return object{"meta": meta, "payload": c.contactRows(shown)}, nil
}

// contactFilter answers a page of the contacts that match the rules (contract, W2.2).
func (c *caller) contactFilter() (any, error) {
	rules, err := filtersql.Read(c.params["payload"])
	if err != nil {
		return nil, err
	}
	filter, err := c.contactTable().Compile(c.firstValues(rules))
	if refusal, ok := errors.AsType[filtersql.RefusalError](err); ok {
		return nil, unprocessable(string(refusal))
	}
	if err != nil {
		return nil, err
	}
	var rows []*contact
	for _, each := range c.account.contactsThat(func(each *contact) bool { return !c.version.AtLeast("4.7.0") || each.isIdentified() }) {
		met, err := filter.Met(each)
		if err != nil {
			return nil, err
		}
		if met {
			rows = append(rows, each)
		}
	}
	return c.contactPage(rows)
}

// contactPage answers a page with the count of all rows.
func (c *caller) contactPage(rows []*contact) (any, error) {
	shown, _, err := c.shownContacts(rows)
	if err != nil {
		return nil, err
	}
	return object{"meta": c.contactMeta(len(rows)), "payload": c.contactRows(shown)}, nil
}

// shownContacts sorts rows and returns those of the requested page, and its number.
func (c *caller) shownContacts(rows []*contact) (shown []*contact, number int64, err error) {
	if number, err = pageNumber(c.params["page"]); err != nil {
		return nil, 0, err
	}
	if err := c.sortContacts(rows); err != nil {
		return nil, 0, err
	}
	shown, err = contactsOn(rows, number)
	return shown, number, err
}

// contactsOn cuts a page out of rows.
func contactsOn(rows []*contact, page int64) ([]*contact, error) {
	if page > math.MaxInt64/pageSize {
		return nil, errPage
	}
	from := int(min((page-1)*contactPageSize, int64(len(rows))))
	return rows[from:min(from+contactPageSize, len(rows))], nil
}

// contactMeta returns the meta of a page, with the page number as it was sent.
func (c *caller) contactMeta(count int) object {
	meta := object{"count": count, "current_page": 1}
	if page := c.params["page"]; page != nil {
		meta["current_page"] = page
	}
	return meta
}

// contactRows renders contacts in a list.
func (c *caller) contactRows(rows []*contact) []object {
	out := make([]object, len(rows))
	for i, each := range rows {
		out[i] = c.view().contact(each)
		if !c.version.AtLeast("3.1.0") {
			out[i]["conversations_count"] = c.account.conversationsOf(each)
		}
		if c.withInboxes() {
			out[i]["contact_inboxes"] = c.view().contactInboxes(each)
		}
	}
	return out
}

// withInboxes reports whether answers have contact_inboxes: any value that is neither blank nor true means no.
func (c *caller) withInboxes() bool {
	given := c.params["include_contact_inboxes"]
	return given == nil || given == true || given == "true" || given != false && cast.Blank(given)
}

// contactOrder compares two contacts by a key that some of them lack.
type contactOrder struct {
	name      string
	since     string // the first version that has it, "" for all
	nullsLast bool   // in descending order too
	value     func(*contact) (text string, number int64, ok bool)
}

// contactOrders are the possible orders, in the server's order.
var contactOrders = []contactOrder{
	{name: "email", value: contactText(func(c *contact) *string { return c.Email })},
	{name: "name", nullsLast: true, value: contactText(func(c *contact) *string { return c.Name })},
	{name: "phone_number", value: contactText(func(c *contact) *string { return c.PhoneNumber })},
	{name: "last_activity_at", nullsLast: true, value: contactTime(func(c *contact) *cfchat.UnixTime { return c.LastActivityAt })},
	{name: "created_at", since: "3.1.0", nullsLast: true, value: contactTime(func(c *contact) *cfchat.UnixTime { return c.CreatedAt })},
}

func contactText(of func(*contact) *string) func(*contact) (string, int64, bool) {
	return func(c *contact) (string, int64, bool) { return strings.ToLower(deref(of(c))), 0, of(c) != nil }
}

func contactTime(of func(*contact) *cfchat.UnixTime) func(*contact) (string, int64, bool) {
	return func(c *contact) (string, int64, bool) {
		if at := of(c); at != nil {
			return "", at.Unix(), true
		}
		return "", 0, false
	}
}

// compare compares in ascending or descending order.
func (o contactOrder) compare(a, b *contact, down bool) int {
	x, m, hasX := o.value(a)
	y, n, hasY := o.value(b)
	difference := cmp.Or(strings.Compare(x, y), cmp.Compare(m, n))
	if hasX != hasY {
		difference = 1
		if hasX {
			difference = -1
		}
		down = down && !o.nullsLast
	}
	if down {
		return -difference
	}
	return difference
}

// sortContacts sorts rows as the request asks. By default a server has no order; here it is by id.
func (c *caller) sortContacts(rows []*contact) error {
	given := c.params["sort"]
	text, isText := given.(string)
	if given != nil && !isText {
		return errParameter
	}
	keys := strings.Split(text, ",")
	slices.SortFunc(rows, func(a, b *contact) int {
		for _, order := range contactOrders {
			if order.since != "" && !c.version.AtLeast(order.since) {
				continue
			}
			up, down := slices.Contains(keys, order.name), slices.Contains(keys, "-"+order.name)
			if difference := order.compare(a, b, down); (up || down) && difference != 0 {
				return difference
			}
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return nil
}

// labelled keeps the contacts that have any of the labels.
func labelled(rows []*contact, labels []string) []*contact {
	return slices.DeleteFunc(rows, func(each *contact) bool {
		return !slices.ContainsFunc(each.labels, func(has string) bool { return slices.Contains(labels, strings.ToLower(has)) })
	})
}
