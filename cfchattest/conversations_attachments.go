package cfchattest

import (
	"maps"
	"slices"
)

// attachmentsPage is how many attachments a page has.
const attachmentsPage = 100

// listAttachmentsOfAConversation answers the attachments of a conversation's messages: those of the oldest message first,
// and within a message the last one first, as recorded on 4.16.2; before 4.0.4 the order is undefined (contract, W1.6).
func (c *caller) listAttachmentsOfAConversation() (any, error) {
	of, err := c.conversation()
	if err != nil {
		return nil, err
	}
	page, err := pageNumber(c.params["page"])
	if err != nil {
		return nil, err
	}
	rows := []object{}
	for _, m := range of.messages {
		for _, shown := range slices.Backward(c.view().attachments(m)) {
			rows = append(rows, c.view().attachmentRow(of, m, shown))
		}
	}
	if !c.version.AtLeast("4.0.4") {
		return object{"payload": rows}, nil
	}
	first := len(rows)
	if page <= int64(len(rows)/attachmentsPage+1) {
		first = min(len(rows), int(page-1)*attachmentsPage)
	}
	return object{
		"meta":    object{"total_count": len(rows)},
		"payload": rows[first:min(len(rows), first+attachmentsPage)],
	}, nil
}

// attachmentRow renders an attachment in the list of a conversation. Fields that its kind lacks are null.
func (v view) attachmentRow(c *conversation, m *message, shown object) object {
	if !v.version.AtLeast("2.18.0") {
		return maps.Clone(shown)
	}
	names := []string{"message_id", "thumb_url", "data_url", "file_size", "file_type", "extension"}
	if v.version.AtLeast("3.7.0") {
		names = append(names, "width", "height")
	}
	if v.version.AtLeast("4.14.0") {
		names = append(names, "id")
	}
	row := object{"created_at": unix(m.CreatedAt.Time)}
	for _, name := range names {
		row[name] = shown[name]
	}
	if sender := v.sender(c, m); sender != nil {
		row["sender"] = sender
	}
	return row
}
