package cfchattest

import (
	"cmp"
	"slices"
)

// CustomAttribute is the definition of a custom attribute of conversations, or of contacts, without which filter does not know
// it.
type CustomAttribute struct {
	Key     string
	Contact bool   // of contacts
	Display string // text, number, date, list, link, checkbox, currency or percent; text by default
}

// AddCustomAttribute defines a custom attribute of conversations or of contacts.
func (s *Server) AddCustomAttribute(a CustomAttribute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	display := cmp.Or(a.Display, "text")
	if !slices.Contains([]string{"text", "number", "date", "list", "link", "checkbox", "currency", "percent"}, display) {
		s.fail("no custom attribute is of type %q", display)
	}
	if a.Contact {
		s.home().contactAttributes[a.Key] = display
		return
	}
	s.home().attributes[a.Key] = display
}
