package docs_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/release"
)

var (
	attributeRow = regexp.MustCompile("(?m)^\\| (`[a-z_]+`(?:, `[a-z_]+`)*) \\| (.*?) \\| (.*) \\|$")
	refusedSpan  = regexp.MustCompile(`refused (before|from) ([0-9.]+)(?: to ([0-9.]+))?`)
	knownSpan    = regexp.MustCompile(`(before|from) ([0-9.]+)()`)
)

// values are the values for attributes that do not accept a text.
var values = map[string]any{
	"status": "open", "priority": "urgent", "blocked": true, "created_at": "2026-01-31", "last_activity_at": "2026-01-31",
	"assignee_id": 1, "inbox_id": 1, "team_id": 1, "campaign_id": 1, "contact_id": 1, "display_id": 1,
}

// TestFilterVersions filters by each attribute in the tables of filters.md and contacts.md, on servers around each version
// that they name, and checks that it is refused if they say so.
func TestFilterVersions(t *testing.T) {
	isRefused := func(text, version string) bool { return within(refusedSpan, text, version) }
	isUnknown := func(text, version string) bool {
		return knownSpan.MatchString(text) && !within(knownSpan, text, version)
	}
	for _, page := range []struct {
		name, heading string
		versions      int // the column that names the versions, from 1
		refuses       func(text, version string) bool
		filter        func(t *testing.T, acct *cfchat.Account, filter cfchat.Filter) error
	}{
		{"filters.md", "## Standard attributes", 3, isRefused, filterConversations},
		{"contacts.md", "## Filters", 2, isUnknown, filterContacts},
	} {
		_, section, _ := strings.Cut(read(t, page.name), page.heading)
		section, _, _ = strings.Cut(section, "\n## ")
		rows := attributeRow.FindAllStringSubmatch(section, -1)
		for _, version := range versionsIn(t, section) {
			acct := cfchattest.New(t, cfchattest.Version(version)).Account(t)
			for _, row := range rows {
				for name := range strings.SplitSeq(row[1], ", ") {
					err := page.filter(t, acct, cfchat.Where(ruleOn(strings.Trim(name, "`"))))
					if got, want := errors.Is(err, cfchat.ErrInvalidInput), page.refuses(row[page.versions], version); got != want {
						t.Errorf("%s: %s on %s is refused: %t, want %t: %v", page.name, name, version, got, want, err)
					}
				}
			}
		}
		if len(rows) < 8 {
			t.Errorf("%s: %d rows were recognized", page.name, len(rows))
		}
	}
}

func filterConversations(t *testing.T, acct *cfchat.Account, filter cfchat.Filter) error {
	t.Helper()
	_, err := acct.Conversations.Filter(t.Context(), filter, 1)
	return err
}

func filterContacts(t *testing.T, acct *cfchat.Account, filter cfchat.Filter) error {
	t.Helper()
	_, err := acct.Contacts.Filter(t.Context(), filter, cfchat.ContactListOptions{})
	return err
}

// ruleOn returns a rule on an attribute that every version which knows the attribute accepts.
func ruleOn(name string) cfchat.Rule {
	value, ok := values[name]
	switch {
	case !ok:
		return cfchat.Equal(cfchat.Attribute(name), "en")
	case strings.HasSuffix(name, "_at"):
		return cfchat.GreaterThan(cfchat.Attribute(name), value)
	}
	return cfchat.Equal(cfchat.Attribute(name), value)
}

// versionsIn returns the oldest and the newest version, and each version that a text names with the one right before it.
func versionsIn(t *testing.T, text string) []string {
	t.Helper()
	all := []string{"2.16.0", "4.16.2"}
	for _, version := range regexp.MustCompile(`\b\d+\.\d+\.\d+\b`).FindAllString(text, -1) {
		all = append(all, version, before(t, version))
	}
	return all
}

// within reports whether a version is in one of a text's spans.
func within(span *regexp.Regexp, text, version string) bool {
	for _, found := range span.FindAllStringSubmatch(text, -1) {
		since := release.Of(version).Compare(release.Of(found[2])) >= 0
		until := found[3] == "" || release.Of(version).Compare(release.Of(found[3])) <= 0
		if found[1] == "before" && !since || found[1] == "from" && since && until {
			return true
		}
	}
	return false
}
