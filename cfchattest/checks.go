package cfchattest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// mistake fails the test because of the value of a field or of a method's argument.
func (s *Server) mistake(field, format string, args ...any) {
	s.fail("%s: "+format, append([]any{field}, args...)...)
}

// oneOf fails the test if a value is not among those that exist.
func oneOf[T comparable](s *Server, field, kind string, value T, there []T) {
	if !slices.Contains(there, value) {
		s.mistake(field, "there is no %s %#v; %s", kind, value, whatThereIs(there))
	}
}

// noneOrOneOf is oneOf for an optional value.
func noneOrOneOf[T comparable](s *Server, field, kind string, value T, there []T) {
	if value != *new(T) {
		oneOf(s, field, kind, value, there)
	}
}

// whatThereIs lists the possible values, or some of them.
func whatThereIs[T any](there []T) string {
	const most = 20
	some := make([]string, min(len(there), most))
	for i := range some {
		some[i] = fmt.Sprint(there[i])
	}
	switch more := len(there) - most; {
	case len(there) == 0:
		return "there is none"
	case len(there) == 1:
		return "there is " + some[0]
	case more > 0:
		return fmt.Sprintf("there are %s and %d more", strings.Join(some, ", "), more)
	}
	return "there are " + strings.Join(some, ", ")
}

// idsOf returns the ids in rows, in order.
func idsOf[V any](rows map[int64]V) []int64 { return slices.Sorted(maps.Keys(rows)) }

// checkAgents fails the test if one of the people is not in the account. With several ids, the field is a list.
func (s *Server) checkAgents(field string, ids ...int64) {
	var there []int64
	for _, id := range idsOf(s.state.users) {
		if s.state.users[id].role(s.home()) != "" {
			there = append(there, id)
		}
	}
	for _, id := range ids {
		oneOf(s, field, "agent", id, there)
	}
}

// checkContact fails the test if a contact does not exist, or no longer does.
func (s *Server) checkContact(field string, id int64) {
	var there []int64
	for _, c := range s.home().contactsThat(func(*contact) bool { return true }) {
		there = append(there, c.ID)
	}
	noneOrOneOf(s, field, "contact", id, there)
}

// checkText fails the test if a text is longer than servers store.
func (s *Server) checkText(field, text string, most int) {
	if n := len([]rune(text)); n > most {
		s.mistake(field, "it has %d characters, and servers accept %d at most", n, most)
	}
}

// checkAttributes fails the test if free-form attributes hold something that JSON cannot express.
func (s *Server) checkAttributes(field string, attributes map[string]any) {
	if _, err := cfchat.NewAttributes(attributes); err != nil {
		s.mistake(field, "%s", strings.TrimPrefix(err.Error(), "cfchat: attributes: "))
	}
}

// checkConversationAttributes also fails the test if they are larger than servers store for a conversation.
func (s *Server) checkConversationAttributes(field string, attributes map[string]any) {
	s.checkAttributes(field, attributes)
	for _, problem := range attributeProblems(orEmpty(attributes)) {
		s.mistake(field, "%s", problem)
	}
}

// checkSince fails the test if a field is given that the version does not have yet.
func (s *Server) checkSince(field string, given bool, since string) {
	if given && !s.state.version.AtLeast(since) {
		s.mistake(field, "servers have it from %s on, and this is %s; use Version(%q)", since, s.state.version, since)
	}
}

// conversationFor returns the conversation that a method is called with. If there is none, the test fails.
func (s *Server) conversationFor(method string, id int64) *conversation {
	oneOf(s, method, "conversation", id, idsOf(s.home().conversations))
	return s.home().conversations[id]
}

// checkEmail fails the test if an address is invalid or taken: owner is the id of whoever has it, 0 for nobody.
func (s *Server) checkEmail(field, email, kind string, owner int64) {
	switch {
	case email == "":
	case !validEmail.MatchString(email):
		s.mistake(field, "%q is not an e-mail address", email)
	case owner != 0:
		s.mistake(field, "%s %d has %q already", kind, owner, email)
	}
}

// channels are the channels that an inbox can have.
var channels = []cfchat.Channel{
	cfchat.ChannelAPI, cfchat.ChannelEmail, cfchat.ChannelFacebookPage, cfchat.ChannelInstagram, cfchat.ChannelLine, cfchat.ChannelSMS,
	cfchat.ChannelTelegram, cfchat.ChannelTikTok, cfchat.ChannelTwilioSMS, cfchat.ChannelTwitterProfile, cfchat.ChannelVoice,
	cfchat.ChannelWebWidget, cfchat.ChannelWhatsApp,
}

// checkStatus fails the test if a conversation cannot have a status.
func (s *Server) checkStatus(field string, status cfchat.Status) {
	oneOf(s, field, "status", status, statuses)
}

// firstOf returns the lowest id in rows, 0 for none.
func firstOf[V any](rows map[int64]V) int64 { return cmp.Or(append(idsOf(rows), 0)...) }
