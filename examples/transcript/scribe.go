package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
)

// scribe writes transcripts.
type scribe struct {
	account *cfchat.Account
	names   *cfchat.Names
	zone    *time.Location
	dir     string // none for out
	out     io.Writer
}

// write writes a conversation whole, or not at all.
func (s *scribe) write(ctx context.Context, c *cfchat.Conversation) error {
	messages, unread, err := s.read(ctx, c.ID)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	s.head(&page, c)
	day := ""
	for _, m := range messages {
		at := m.CreatedAt.In(s.zone)
		if d := at.Format("Monday 2 January 2006"); d != day {
			day = d
			fmt.Fprintf(&page, "\n## %s\n", day)
		}
		s.message(&page, at.Format("15:04"), c, m)
	}
	for _, e := range unread {
		fmt.Fprintf(&page, "\nMessage %d is not in the transcript, because the server cannot answer it.\n", e.MessageID)
	}
	if len(messages)+len(unread) == 0 {
		page.WriteString("\nNobody has written anything.\n")
	}
	if s.dir == "" {
		page.WriteByte('\n')
		_, err := page.WriteTo(s.out)
		return errors.Join(err, missing(unread))
	}
	name := filepath.Join(s.dir, fmt.Sprintf("conversation-%d.md", c.ID))
	if err := os.WriteFile(name, page.Bytes(), 0o600); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "%s  messages: %d\n", name, len(messages))
	return errors.Join(err, missing(unread))
}

// missing returns the errors of the messages that are not in a transcript, as one.
func missing(unread []*cfchat.Error) error {
	var all []error
	for _, e := range unread {
		all = append(all, e)
	}
	return errors.Join(all...)
}

// read returns the messages of a conversation in the order of their times. A scan has them in that of their ids, in which imported
// ones come late.
func (s *scribe) read(ctx context.Context, id int64) (messages []*cfchat.Message, unread []*cfchat.Error, err error) {
	for m, err := range s.account.Messages.Scan(ctx, id, cfchat.MessageScanOptions{}) {
		if e, ok := errors.AsType[*cfchat.Error](err); ok && e.MessageID != 0 {
			unread = append(unread, e)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		messages = append(messages, m)
	}
	slices.SortStableFunc(messages, func(a, b *cfchat.Message) int { return a.CreatedAt.Compare(b.CreatedAt.Time) })
	return messages, unread, nil
}

// head writes what the conversation is.
func (s *scribe) head(page *bytes.Buffer, c *cfchat.Conversation) {
	fmt.Fprintf(page, "# Conversation %d: %s\n\n", c.ID, line(contactOf(c)))
	fmt.Fprintf(page, "- Inbox: %s\n", line(cmp.Or(s.names.Inbox(c.InboxID), fmt.Sprintf("inbox %d", c.InboxID))))
	fmt.Fprintf(page, "- Status: %s\n", c.Status)
	fmt.Fprintf(page, "- Assigned to: %s\n", line(s.assignee(c)))
	if len(c.Labels) > 0 {
		fmt.Fprintf(page, "- Labels: %s\n", line(strings.Join(c.Labels, ", ")))
	}
	fmt.Fprintf(page, "- Times: %s\n", line(s.zone.String()))
}

func contactOf(c *cfchat.Conversation) string {
	return cmp.Or(c.Meta.Sender.GetName(), fmt.Sprintf("contact %d", c.Meta.Sender.ID))
}

func (s *scribe) assignee(c *cfchat.Conversation) string {
	if bot := c.Meta.AssigneeBot; bot != nil {
		return cmp.Or(bot.GetName(), fmt.Sprintf("bot %d", bot.ID)) + " (bot)"
	}
	if person := c.Meta.Assignee; person != nil {
		return cmp.Or(s.names.Agent(person.ID), person.Name, fmt.Sprintf("agent %d", person.ID))
	}
	return "nobody"
}

// message writes who said what at a time.
func (s *scribe) message(page *bytes.Buffer, at string, c *cfchat.Conversation, m *cfchat.Message) {
	if m.MessageType == cfchat.MessageTypeActivity {
		fmt.Fprintf(page, "\n%s %s\n", at, line(m.GetContent()))
		return
	}
	fmt.Fprintf(page, "\n**%s %s**%s\n", at, line(sender(c, m)), marks(m))
	if deleted, _ := m.ContentAttributes.Bool("deleted"); deleted { // the text says so too, in the account's language
		return
	}
	text := escape(m.GetContent())
	if text != "" {
		fmt.Fprintf(page, "\n> %s\n", strings.ReplaceAll(text, "\n", "\n> "))
	}
	files := slices.Clone(m.Attachments)
	slices.SortFunc(files, func(a, b *cfchat.Attachment) int { return cmp.Compare(a.GetID(), b.GetID()) })
	for i, a := range files {
		switch {
		case i == 0 && text != "":
			fmt.Fprintln(page, ">")
		case i == 0:
			fmt.Fprintln(page)
		}
		fmt.Fprintf(page, "> - %s\n", attachment(a))
	}
	if text == "" && len(files) == 0 {
		fmt.Fprintf(page, "\n(no text, %s)\n", line(string(m.ContentType)))
	}
}

// sender says who sent a message. Of who is gone the server does not tell the name.
func sender(c *cfchat.Conversation, m *cfchat.Message) string {
	who := m.Sender
	switch {
	case who == nil && m.MessageType == cfchat.MessageTypeIncoming:
		return contactOf(c)
	case who == nil && m.MessageType == cfchat.MessageTypeTemplate:
		return "automatic message"
	case who == nil:
		return "somebody who is gone"
	}
	name := cmp.Or(who.GetName(), fmt.Sprintf("%s %d", who.Type, who.ID))
	if who.Type == cfchat.SenderKindAgentBot || who.Type == cfchat.SenderKindCaptainAssistant {
		name += " (bot)"
	}
	return name
}

// marks says what is special about a message.
func marks(m *cfchat.Message) (text string) {
	if m.GetPrivate() {
		text += ", private note"
	}
	if deleted, _ := m.ContentAttributes.Bool("deleted"); deleted {
		text += ", deleted"
	}
	if m.GetStatus() == cfchat.MessageStatusFailed {
		text += ", not delivered"
		if why, _ := m.ContentAttributes.Text("external_error"); why != "" {
			text += ": " + line(why)
		}
	}
	return text
}

// attachment returns a link to a file, or what there is in place of one.
func attachment(a *cfchat.Attachment) string {
	if a == nil {
		return "something of a kind that the server does not know"
	}
	kind := string(a.GetFileType())
	if a.CoordinatesLat != nil && a.CoordinatesLong != nil && kind == string(cfchat.AttachmentTypeLocation) {
		return line(fmt.Sprintf("location: %g, %g %s", *a.CoordinatesLat, *a.CoordinatesLong, a.GetFallbackTitle()))
	}
	at, err := url.Parse(a.GetDataURL())
	if err != nil || at.Scheme != "https" && at.Scheme != "http" {
		return line(fmt.Sprintf("%s: %s %s", kind, a.GetFallbackTitle(), a.GetDataURL()))
	}
	name := cmp.Or(a.GetFallbackTitle(), path.Base(at.Path))
	return fmt.Sprintf("[%s](<%s>), %s", linkText(name), address.Replace(at.String()), kind)
}

// address escapes what would end an address in Markdown, or be read as something else in it.
var address = strings.NewReplacer("<", "%3C", ">", "%3E", `\`, "%5C", " ", "%20", "&", "&amp;")
