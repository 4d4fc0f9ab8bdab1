package cfchattest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// Inbox is an inbox to add. The zero value is an API inbox without members.
type Inbox struct {
	Name    string         // "Inbox 2" and so on by default
	Channel cfchat.Channel // [cfchat.ChannelAPI] by default
	Locked  bool           // one conversation per contact: creating a second returns the first
	Bot     bool           // the bot of BotKey answers first: Create makes pending conversations, AddConversation does not
	Members []int64        // the agents who see it; an administrator sees every inbox

	WorkingHours []cfchat.WorkingHours // of each day; a day without any is closed, and with none at all they are switched off
	TimeZone     string                // of the working hours, such as "Europe/Oslo"; "UTC" by default

	WebhookURL string // where an API inbox sends its events; InboxSecret signs them
}

type inbox struct {
	id      int64
	name    string
	channel cfchat.Channel
	locked  bool // one conversation per contact
	bot     *bot // answers first, so that new conversations are pending; nil for none
	members map[int64]bool

	hours []cfchat.WorkingHours // from Sunday on; nil where they are switched off
	zone  string

	webhookURL, secret string
}

// AddInbox adds an inbox and returns its id.
func (s *Server) AddInbox(in Inbox) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	noneOrOneOf(s, "Inbox.Channel", "channel", in.Channel, channels)
	s.checkAgents("Inbox.Members", in.Members...)
	if in.Bot && s.state.keys[keyFor(roleBot)].bot == nil {
		s.mistake("Inbox.Bot", "the account has no bot; add one with AddBot, which takes Inboxes")
	}
	s.checkHours(in)
	if in.WebhookURL != "" {
		s.checkAddress("Inbox.WebhookURL", in.WebhookURL)
		if cmp.Or(in.Channel, cfchat.ChannelAPI) != cfchat.ChannelAPI {
			s.mistake("Inbox.WebhookURL", "only API inboxes have a webhook, and this is a %s", in.Channel)
		}
	}
	return s.state.addInbox(s.home(), in).id
}

func (s *state) addInbox(a *account, in Inbox) *inbox {
	s.lastInbox++
	added := &inbox{
		id: s.lastInbox, name: cmp.Or(in.Name, fmt.Sprintf("Inbox %d", s.lastInbox)),
		channel: cmp.Or(in.Channel, cfchat.ChannelAPI), locked: in.Locked, members: setOf(in.Members),
		hours: week(in.WorkingHours), zone: cmp.Or(in.TimeZone, "UTC"), webhookURL: in.WebhookURL, secret: newSecret(),
	}
	if in.Bot {
		added.bot = s.keys[keyFor(roleBot)].bot
	}
	a.inboxes[added.id] = added
	return added
}

// inbox returns an existing inbox of the account, the first one for 0. An account that was recorded without inboxes gets
// one.
func (s *Server) inbox(id int64) *inbox {
	inboxes := s.home().inboxes
	switch {
	case id != 0:
		return inboxes[id]
	case len(inboxes) == 0:
		return s.state.addInbox(s.home(), Inbox{})
	}
	return inboxes[firstOf(inboxes)]
}

// listAllInboxes answers the inboxes that the caller sees: from 4.14.0 on by name, before in no order, here by id (contract,
// W4.3).
func (c *caller) listAllInboxes() (any, error) {
	rows := slices.SortedFunc(maps.Values(c.account.inboxes), func(a, b *inbox) int {
		if order := strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)); order != 0 && c.version.AtLeast("4.14.0") {
			return order
		}
		return cmp.Compare(a.id, b.id)
	})
	shown := []object{}
	for _, in := range rows {
		if c.mayShow(in) == nil {
			shown = append(shown, c.view().wholeInbox(in))
		}
	}
	return object{"payload": shown}, nil
}

// getInbox answers one inbox.
func (c *caller) getInbox() (any, error) {
	in, err := c.inboxOfPath()
	if err != nil {
		return nil, err
	}
	return c.view().wholeInbox(in), nil
}

// getInboxMembers answers the people of an inbox.
func (c *caller) getInboxMembers() (any, error) {
	in, err := c.inboxOfPath()
	if err != nil {
		return nil, err
	}
	return object{"payload": c.view().agents(func(u *user) bool { return in.members[u.ID] })}, nil
}

// inboxOfPath finds the inbox that the path names, if the caller sees it.
func (c *caller) inboxOfPath() (*inbox, error) {
	id, _ := cast.ID(c.ids["inbox_id"])
	in := c.account.inboxes[id]
	if in == nil {
		return nil, notFound()
	}
	return in, c.mayShow(in)
}

// wholeInbox renders all of an inbox, for an administrator with its secrets. Settings that the stand-in lacks are as in a
// new inbox (contract, W4.3).
func (v view) wholeInbox(in *inbox) object {
	out := object{
		"id": in.id, "avatar_url": "", "channel_id": in.id, "name": in.name, "channel_type": in.channel, "provider": nil,
		"lock_to_single_conversation": in.locked, "auto_assignment_config": object{},
		"timezone": in.zone, "working_hours": in.shownHours(), "working_hours_enabled": in.hours != nil,
	}
	for _, name := range []string{
		"greeting_message", "out_of_office_message", "callback_webhook_url", "widget_color", "website_url", "welcome_title",
		"welcome_tagline", "web_widget_script", "website_token", "selected_feature_flags", "reply_time", "messaging_service_sid",
		"phone_number",
	} {
		out[name] = nil
	}
	for _, name := range []string{"greeting_enabled", "csat_survey_enabled", "hmac_mandatory"} {
		out[name] = false
	}
	for _, name := range []string{"enable_email_collect", "enable_auto_assignment", "allow_messages_after_resolved"} {
		out[name] = true
	}
	if v.version.AtLeast("3.0.0") {
		out["sender_name_type"], out["business_name"] = "friendly", nil
	}
	if v.version.AtLeast("4.2.0") {
		out["csat_config"] = object{}
	}
	if v.version.AtLeast("4.6.0") {
		out["allowed_domains"] = nil
	}
	v.addChannel(out, in)
	return out
}

// addChannel adds the fields of an inbox's channel. Channels other than API, e-mail and websites have none here.
func (v view) addChannel(out object, in *inbox) {
	administrator := v.owner.user.role(v.account) == cfchat.RoleAdministrator
	switch in.channel {
	case cfchat.ChannelAPI:
		out["inbox_identifier"], out["webhook_url"], out["additional_attributes"] = newUUID(in.id), orNil(in.webhookURL), object{}
		if administrator && v.version.AtLeast("4.13.0") {
			out["secret"] = in.secret
		}
	case cfchat.ChannelWebWidget:
		out["pre_chat_form_enabled"], out["pre_chat_form_options"], out["continuity_via_email"] = false, object{}, true
	case cfchat.ChannelEmail:
		out["hmac_mandatory"] = nil
		v.addMail(out, in, administrator)
		return
	default:
		return
	}
	if administrator {
		out["hmac_token"] = "hmac-" + newUUID(in.id)
	}
}

// addMail adds the fields of an e-mail inbox, none of them configured. What the versions between the recorded ones have is
// (unseen).
func (v view) addMail(out object, in *inbox, administrator bool) {
	out["email"] = fmt.Sprintf("inbox%d@example.com", in.id)
	if v.version.AtLeast("4.16.0") {
		out["forwarding_enabled"] = false
	} else {
		out["forward_to_email"] = fmt.Sprintf("forward%d@example.com", in.id)
	}
	if !administrator {
		return
	}
	for _, name := range []string{"imap_login", "imap_password", "imap_address", "smtp_login", "smtp_password", "smtp_address", "smtp_domain"} {
		out[name] = ""
	}
	out["imap_port"], out["imap_enabled"], out["imap_enable_ssl"] = 0, false, true
	out["smtp_port"], out["smtp_enabled"], out["smtp_enable_ssl_tls"], out["smtp_enable_starttls_auto"] = 0, false, false, true
	out["smtp_openssl_verify_mode"], out["smtp_authentication"] = "none", "login"
	if v.version.AtLeast("4.16.0") {
		out["imap_authentication"] = "plain"
	} else {
		out["microsoft_reauthorization"] = false
	}
}
