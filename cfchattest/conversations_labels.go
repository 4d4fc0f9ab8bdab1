package cfchattest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// listAllLabelsOfAConversation answers the labels of a conversation.
func (c *caller) listAllLabelsOfAConversation() (any, error) {
	found, err := c.conversation()
	if err != nil {
		return nil, err
	}
	return labelNames(found.labels), nil
}

// conversationAddLabels replaces the labels of a conversation (contract, W3.1). Its answer has them as they were sent; all
// other answers have them as they are stored before 3.4.0, and later as they were sent, split at commas.
func (c *caller) conversationAddLabels() (any, error) {
	found, err := c.conversation()
	if err != nil {
		return nil, err
	}
	sent, err := c.sentLabels()
	if err != nil {
		return nil, err
	}
	c.setLabels(found, sent)
	return labelNames(sent), nil
}

// setLabels replaces the labels of a conversation and writes the activity messages about it.
func (c *caller) setLabels(of *conversation, labels []string) {
	before, save := of.labels, c.saving(of)
	if of.labels = c.tagged(labels); c.version.AtLeast("3.4.0") {
		of.labels = splitAtCommas(labels)
	}
	added, removed := except(labels, before), except(before, labels)
	if len(added)+len(removed) > 0 {
		of.updated, save.twice = c.now(), c.name() != "" && !c.version.AtLeast("4.6.0")
		save.done()
	}
	c.noteLabels(of, " added ", added)
	c.noteLabels(of, " removed ", removed)
}

// noteLabels writes the activity message about labels that were added or removed, if there are any.
func (c *caller) noteLabels(of *conversation, done string, labels []string) {
	if len(labels) > 0 && c.name() != "" {
		c.activityMessage(of, c.name()+done+strings.Join(labels, ", "))
	}
}

// except returns the labels that are not among others, case-sensitively.
func except(labels, others []string) []string {
	return slices.DeleteFunc(slices.Clone(labels), func(label string) bool { return slices.Contains(others, label) })
}

// labelNames renders labels as answers have them.
func labelNames(labels []string) object { return object{"payload": append([]string{}, labels...)} }

// sentLabels reads the parameter labels: a value that is not a list of texts, numbers and booleans counts as none. Of labels
// that differ only in case, the first counts.
func (c *caller) sentLabels() ([]string, error) {
	list, _ := c.params["labels"].([]any)
	if slices.ContainsFunc(list, func(each any) bool { return !isScalar(each) }) {
		list = nil
	}
	return asLabels(parseLabels(list))
}

// asLabels returns labels without those that differ from an earlier one only in case, or refuses one that is too long.
func asLabels(parsed []string) (labels []string, err error) {
	there := map[string]bool{}
	for _, label := range parsed {
		if utf8.RuneCountInString(label) > 255 {
			return nil, invalidRecord("Tag must exist, Tag can't be blank", "tag", "tag_id")
		}
		if key := downcase(label); !there[key] {
			labels, there[key] = append(labels, label), true
		}
	}
	return labels, nil
}

// labels returns the labels of a field. A label that no server accepts fails the test.
func (s *Server) labels(field string, given []string) []string {
	trimmed := make([]string, len(given))
	for i, label := range given {
		if trimmed[i] = strings.TrimSpace(label); trimmed[i] == "" {
			s.mistake(fmt.Sprintf("%s[%d]", field, i), "it is blank")
		}
		s.checkText(fmt.Sprintf("%s[%d]", field, i), label, 255)
	}
	labels, _ := asLabels(trimmed)
	return labels
}

// tagged returns labels as answers show them: before 3.4.0 as they were first written by anybody, later as they were given.
func (s *state) tagged(labels []string) []string {
	if tags := s.asTags(labels); !s.version.AtLeast("3.4.0") {
		return tags
	}
	return labels
}

// isScalar reports whether a parameter is a text, a number or a boolean.
func isScalar(value any) bool {
	switch value.(type) {
	case string, json.Number, bool:
		return true
	}
	return false
}

// asTags returns labels as the server stores them: as they were first written, by anybody.
func (s *state) asTags(labels []string) []string {
	tags := make([]string, len(labels))
	for i, label := range labels {
		key := downcase(label)
		if _, there := s.tags[key]; !there {
			s.tags[key] = label
		}
		tags[i] = s.tags[key]
	}
	return tags
}

// splitAtCommas returns labels as read back from the text that the server stores from 3.4.0 on.
func splitAtCommas(labels []string) []string {
	var split []string
	for part := range strings.SplitSeq(strings.Join(labels, ","), ",") {
		if part = strings.TrimSpace(part); part != "" {
			split = append(split, part)
		}
	}
	return split
}
