package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// filterWire is a server of a version; "" if it does not report it. It counts requests for its version in asked, and all
// others in sent.
type filterWire struct {
	version     string
	asked, sent int
}

func (w *filterWire) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/api") {
		if w.asked++; w.version == "" {
			return trial.Reply(404, "text/plain", ""), nil
		}
		return jsonReply(`{"version":%q}`, w.version), nil
	}
	if w.sent++; req.Body != nil {
		if _, err := io.ReadAll(req.Body); err != nil {
			return nil, err
		}
	}
	return jsonReply(`{"meta":{"count":0,"current_page":1},"payload":[]}`), nil
}

// filterUses holds the methods that send a filter of conversations, and one that sends a filter of contacts.
var filterUses = map[string]func(context.Context, *cfchat.Account, cfchat.Filter) error{
	"Filter": func(ctx context.Context, a *cfchat.Account, f cfchat.Filter) error {
		return trial.Second(a.Conversations.Filter(ctx, f, 1))
	},
	"FilterAll": func(ctx context.Context, a *cfchat.Account, f cfchat.Filter) (err error) {
		for _, err = range a.Conversations.FilterAll(ctx, f) {
			continue
		}
		return err
	},
	"Scan": func(ctx context.Context, a *cfchat.Account, f cfchat.Filter) (err error) {
		for _, err = range a.Conversations.Scan(ctx, f, cfchat.ConversationScanOptions{}) {
			continue
		}
		return err
	},
	"ScanAll": func(ctx context.Context, a *cfchat.Account, f cfchat.Filter) (err error) {
		for _, err = range a.Messages.ScanAll(ctx, f, cfchat.MessageScanAllOptions{}) {
			continue
		}
		return err
	},
	"Contacts.Filter": func(ctx context.Context, a *cfchat.Account, f cfchat.Filter) error {
		return trial.Second(a.Contacts.Filter(ctx, f, cfchat.ContactListOptions{}))
	},
}

// TestFilterOfAnotherVersion checks that a rule that the server's version would ignore is refused after nothing but the
// version was requested.
func TestFilterOfAnotherVersion(t *testing.T) {
	for _, c := range []struct {
		contacts       bool
		attribute      cfchat.Attribute
		value          any
		passes, fails  string // versions, with blanks between them
		known, because string
	}{
		{false, cfchat.AttributePriority, "urgent", "4.0.4 4.16.2", "2.16.0 3.7.0", "from 4.0.4 on", ", which would ignore the rule"},
		{false, cfchat.AttributePriority, "urgent", "4.0.4", "3.8.0 4.0.3", "from 4.0.4 on", ""},
		{false, cfchat.AttributeContactID, 7, "2.16.0 3.7.0 4.14.2 4.16.2", "3.8.0 4.7.0 4.14.1", "before 3.8.0 and from 4.14.2 on", ""},
		{false, cfchat.AttributeCountryCode, "US", "2.16.0 4.9.2", "4.10.0 4.16.2", "before 4.10.0", ""},
		{true, cfchat.AttributeCountryCode, "US", "2.16.0 4.16.2", "", "", ""},
		{true, cfchat.AttributeCompany, "Acme", "2.16.0 4.13.0", "4.14.0 4.16.2", "before 4.14.0", ""},
		{true, cfchat.AttributeCompanyName, "Acme", "4.14.0 4.16.2", "2.16.0 3.7.0", "from 4.14.0 on", ", which would ignore the rule"},
		{true, cfchat.AttributeBlocked, true, "3.8.0 4.16.2", "2.16.0 3.7.0", "from 3.8.0 on", ", which would ignore the rule"},
	} {
		first := cfchat.Equal(cfchat.AttributeLabels, "vip")
		if c.contacts {
			first = cfchat.Present(cfchat.AttributeLabels)
		}
		filter := cfchat.Where(first).And(cfchat.Equal(c.attribute, c.value))
		for name, use := range filterUses {
			if strings.HasPrefix(name, "Contacts") != c.contacts {
				continue
			}
			for version := range strings.FieldsSeq(c.passes) {
				w := &filterWire{version: version}
				if err := use(t.Context(), trial.Chat(t, w).Account(7), filter); err != nil || w.sent == 0 {
					t.Errorf("%s, %s, %s: %v", name, c.attribute, version, err)
				}
			}
			for version := range strings.FieldsSeq(c.fails) {
				w := &filterWire{version: version}
				err := use(t.Context(), trial.Chat(t, w).Account(7), filter)
				want := fmt.Sprintf("rule 2 (%s equal_to): servers know it %s, and this is %s%s", c.attribute, c.known, version, c.because)
				if !errors.Is(err, cfchat.ErrInvalidInput) || w.sent != 0 || !strings.HasSuffix(err.Error(), want) {
					t.Errorf("%s: sent %d requests, %v, want %q", name, w.sent, err, want)
				}
			}
		}
	}
}

// TestContactLabelsOfAnotherVersion checks that a comparison of contacts' labels is refused only if the server is known not to
// support it.
func TestContactLabelsOfAnotherVersion(t *testing.T) {
	vip := cfchat.Equal(cfchat.AttributeLabels, "vip")
	for _, c := range []struct {
		version string
		rule    cfchat.Rule
		refused bool
	}{
		{"2.16.0", vip, true},
		{"3.1.0", cfchat.NotEqual(cfchat.AttributeLabels, "vip"), true},
		{"3.1.1", vip, false},
		{"", vip, false},
		{"2.16.0", cfchat.Absent(cfchat.AttributeLabels), false},
		{"2.16.0", rawRule("labels", cfchat.FilterOperatorEqualTo, 7), false},
	} {
		w := &filterWire{version: c.version}
		_, err := trial.Chat(t, w).Account(7).Contacts.Filter(t.Context(), cfchat.Where(c.rule), cfchat.ContactListOptions{})
		if errors.Is(err, cfchat.ErrInvalidInput) != c.refused || (w.sent == 0) != c.refused ||
			c.refused && !strings.HasSuffix(err.Error(), "servers support it from 3.1.1 on; use ContactListOptions.Labels") {
			t.Errorf("%q, %+v: sent %d requests, %v", c.version, c.rule, w.sent, err)
		}
	}
}

// TestFilterAsksForTheVersion checks that the version is requested only if an attribute depends on it and nothing else is
// wrong, only once, and not if the Config states it.
func TestFilterAsksForTheVersion(t *testing.T) {
	urgent := cfchat.Where(cfchat.Equal(cfchat.AttributePriority, cfchat.PriorityUrgent))
	raw := cfchat.Where(rawRule("priority", cfchat.FilterOperatorEqualTo, "urgent"))
	for _, c := range []struct {
		name, version, configured string
		filter                    cfchat.Filter
		asked                     int
		refused                   bool
	}{
		{"every version", "2.16.0", "", cfchat.Where(cfchat.Equal("status", "open")).And(cfchat.Equal("tier", "gold")), 0, false},
		{"some versions", "4.16.2", "", urgent, 1, false},
		{"version not reported", "", "", urgent, 1, false},
		{"configured", "4.16.2", "3.7.0", urgent, 0, true},
		{"wrong anyway", "4.16.2", "", urgent.And(cfchat.Equal("status", "opne")), 0, true},
		{"raw rule", "2.16.0", "", raw, 0, false},
	} {
		w := &filterWire{version: c.version}
		acct := trial.Chat(t, w, func(config *cfchat.Config) { config.ServerVersion = c.configured }).Account(7)
		for range 2 {
			_, err := acct.Conversations.Filter(t.Context(), c.filter, 1)
			if errors.Is(err, cfchat.ErrInvalidInput) != c.refused || !c.refused && err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		if w.asked != c.asked || w.sent != map[bool]int{false: 2}[c.refused] {
			t.Errorf("%s: requested the version %d times, want %d, and sent %d other requests", c.name, w.asked, c.asked, w.sent)
		}
	}
}

// TestFilterAsksNothing checks that the version is not requested for a call that is refused anyway or whose context is done.
func TestFilterAsksNothing(t *testing.T) {
	urgent := cfchat.Where(cfchat.Equal(cfchat.AttributePriority, "urgent"))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	w := &filterWire{version: "4.16.2"}
	chat := trial.Chat(t, w)
	for name, use := range filterUses {
		filter := urgent
		if name == "Contacts.Filter" {
			filter = cfchat.Where(cfchat.Equal(cfchat.AttributeBlocked, true))
		}
		if err := use(t.Context(), chat.Account(0), filter); !errors.Is(err, cfchat.ErrInvalidInput) || w.asked != 0 {
			t.Errorf("%s of account 0: %v", name, err)
		}
		if err := use(over, chat.Account(7), filter); !errors.Is(err, context.Canceled) || w.asked != 0 {
			t.Errorf("%s with a canceled context: %v", name, err)
		}
	}
}

// TestFilterOfAnotherResource checks that attributes of contacts are refused in a filter of conversations, and vice versa,
// whatever the version. RawRule sends a custom attribute of the same name.
func TestFilterOfAnotherResource(t *testing.T) {
	for _, attribute := range []cfchat.Attribute{
		cfchat.AttributeEmail, cfchat.AttributeName, cfchat.AttributeCompanyName, cfchat.AttributeBlocked, cfchat.AttributeIdentifier,
	} {
		filter := cfchat.Where(cfchat.Equal(attribute, "x"))
		if wrong := filter.CheckConversations(); len(wrong) != 1 || !strings.Contains(wrong[0].Reason, "it is an attribute of contacts") {
			t.Errorf("%s: %v", attribute, wrong)
		}
	}
	for _, attribute := range []cfchat.Attribute{cfchat.AttributeStatus, cfchat.AttributePriority, cfchat.AttributeInboxID, cfchat.AttributeReferer} {
		filter := cfchat.Where(cfchat.Equal(attribute, "open"))
		if wrong := filter.CheckContacts(); len(wrong) != 1 || !strings.Contains(wrong[0].Reason, "it is an attribute of conversations") {
			t.Errorf("%s: %v", attribute, wrong)
		}
	}
	if wrong := cfchat.Where(rawRule("email", cfchat.FilterOperatorEqualTo, "x")).CheckConversations(); len(wrong) != 0 {
		t.Errorf("a custom attribute: %v", wrong)
	}
}
