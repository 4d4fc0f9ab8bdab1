package cfchattest

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// Label is a label of the account to add. Conversations and contacts can have other labels too.
type Label struct {
	Title       string // in lower case
	Description string
	Color       string // "#1f93ff" by default
}

// labelTitle matches the label titles that servers accept (contract, W3.1).
var labelTitle = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}_-]+$`)

// AddLabel adds a label to the account and returns its id. The title must be new.
func (s *Server) AddLabel(l Label) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	title := downcase(strings.TrimSpace(l.Title))
	switch {
	case !labelTitle.MatchString(title):
		s.mistake("Label.Title", "%q is invalid: at least two letters, digits, _ or -, not starting with _ or -", l.Title)
	case slices.ContainsFunc(s.home().labels, func(other cfchat.Label) bool { return other.Title == title }):
		s.mistake("Label.Title", "there is a label %q already", l.Title)
	}
	l.Title = title
	return s.state.addLabel(s.home(), l)
}

func (s *state) addLabel(a *account, l Label) int64 {
	s.lastLabel++
	a.labels = append(a.labels, cfchat.Label{
		ID: s.lastLabel, Title: l.Title, Description: orNil(l.Description), Color: cmp.Or(l.Color, "#1f93ff"), ShowOnSidebar: new(true),
	})
	return s.lastLabel
}

// listAllLabels answers the labels of the account: from 3.0.0 on by title, before in no order, here by id (contract, W4.4).
func (c *caller) listAllLabels() (any, error) {
	rows := append([]cfchat.Label{}, c.account.labels...)
	if c.version.AtLeast("3.0.0") {
		slices.SortFunc(rows, func(a, b cfchat.Label) int { return strings.Compare(a.Title, b.Title) })
	}
	return object{"payload": rows}, nil
}
