package cfchattest

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/filtersql"
)

// byText keeps conversations with a message that contains the text, ignoring case. Notes count; % and _ are wildcards
// (contract, 1.2).
func byText(q any) filterFunc {
	text, ok := q.(string)
	if !ok {
		text = fmt.Sprint(q)
	}
	matches := filtersql.Like("%"+text+"%", true)
	return func(each *conversation) bool {
		return slices.ContainsFunc(each.messages, func(m *message) bool {
			written := m.MessageType == cfchat.MessageTypeIncoming || m.MessageType == cfchat.MessageTypeOutgoing
			return written && m.Content != nil && matches(*m.Content)
		})
	}
}

// mentions reports whether a note mentions the user, by the link that the dashboard writes (unseen).
func (c *conversation) mentions(u *user) bool {
	link := fmt.Sprintf("mention://user/%d/", u.ID)
	return slices.ContainsFunc(c.messages, func(m *message) bool {
		return m.Private != nil && *m.Private && m.Content != nil && strings.Contains(*m.Content, link)
	})
}

// byLabels keeps conversations that have any of the labels, ignoring case (contract, 6.4).
func byLabels(labels []string) filterFunc {
	return func(each *conversation) bool {
		return slices.ContainsFunc(labels, func(label string) bool {
			return slices.ContainsFunc(each.labels, func(has string) bool { return strings.EqualFold(has, label) })
		})
	}
}

// parseLabels splits a list of labels at its commas. Quotes around an element protect the commas in it (contract, 6.4).
func parseLabels(value any) []string {
	text, _ := value.(string)
	if several, ok := value.([]any); ok {
		parts := make([]string, len(several))
		for i, part := range several {
			parts[i] = fmt.Sprint(part)
		}
		text = strings.Join(parts, ", ")
	}
	var labels []string
	for text != "" {
		var label string
		label, text = nextLabel(text)
		if label = strings.TrimSpace(label); label != "" && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels
}

// nextLabel splits the first label off a list.
func nextLabel(text string) (label, rest string) {
	trimmed := strings.TrimLeftFunc(text, unicode.IsSpace)
	if trimmed != "" && (trimmed[0] == '"' || trimmed[0] == '\'') {
		for i := 1; i < len(trimmed); i++ {
			after := strings.TrimLeftFunc(trimmed[i+1:], unicode.IsSpace)
			if trimmed[i] == trimmed[0] && (after == "" || after[0] == ',') {
				return trimmed[1:i], strings.TrimPrefix(after, ",")
			}
		}
	}
	label, rest, _ = strings.Cut(text, ",")
	return label, rest
}
