package check

import "encoding/json"

// evidence counts things whose fields differ between versions: how many there were, and how many of them had a field. It
// holds no values.
type evidence struct {
	counts map[string]int // by the name of a thing, or of a thing and a field
}

// Things whose fields distinguish versions.
const (
	aConversation = "conversations"
	aContact      = "contacts"
	anAssignee    = "assignees"
	aMessage      = "messages"
	aSummary      = "conversations within messages"
	aTeam         = "teams"
	anImage       = "images"
	anAudioFile   = "audio files"
	aFile         = "attached files"
	aCard         = "attached contacts"
	anAttachment  = "attachments"
)

// Other signs: more of something than later versions send, and kinds that only later versions have.
const (
	manyMessages = "more than one message"
	manyUnread   = "more than 10 unread"
	assigneeType = "an assignee_type"
	newKinds     = "a file_type of ig_post, ig_story or embed"
)

// of returns how many things there were, and how many of them had a field.
func (e *evidence) of(thing, field string) (all, with int) {
	return e.counts[thing], e.counts[thing+" "+field]
}

func (e *evidence) add(thing string, value any) map[string]any {
	object, ok := value.(map[string]any)
	if !ok {
		return nil
	}
	if e.counts == nil {
		e.counts = map[string]int{}
	}
	e.counts[thing]++
	for field := range object {
		e.counts[thing+" "+field]++
	}
	return object
}

func (e *evidence) conversation(value any) {
	c := e.add(aConversation, value)
	meta, _ := c["meta"].(map[string]any)
	e.add(aContact, meta["sender"])
	e.assignee(meta)
	e.add(aTeam, meta["team"])
	messages, _ := c["messages"].([]any)
	for _, m := range messages {
		e.message(m)
	}
	e.message(c["last_non_activity_message"])
	if len(messages) > 1 {
		e.counts[aConversation+" "+manyMessages]++
	}
	if unread, ok := c["unread_count"].(json.Number); ok {
		if n, err := unread.Int64(); err == nil && n > 10 {
			e.counts[aConversation+" "+manyUnread]++
		}
	}
}

// assignee records a person. A bot has other fields, and appears only with an assignee_type.
func (e *evidence) assignee(meta map[string]any) {
	kind, typed := meta["assignee_type"]
	if kind == "AgentBot" {
		return
	}
	if e.add(anAssignee, meta["assignee"]) != nil && typed {
		e.counts[anAssignee+" "+assigneeType]++
	}
}

func (e *evidence) message(value any) {
	m := e.add(aMessage, value)
	e.add(aSummary, m["conversation"])
	attachments, _ := m["attachments"].([]any)
	for _, a := range attachments {
		e.attachment(a)
	}
}

func (e *evidence) attachment(value any) {
	a := e.add(anAttachment, value)
	switch a["file_type"] {
	case "image":
		e.add(anImage, value)
	case "audio":
		e.add(anAudioFile, value)
	case "contact":
		e.add(aCard, value)
	case "ig_post", "ig_story", "embed":
		e.counts[anAttachment+" "+newKinds]++
	}
	if _, stored := a["extension"]; stored { // a mere link has none
		e.add(aFile, value)
	}
}
