package cfchat

import "strconv"

// String returns the word for a message type: incoming, outgoing, activity or template; otherwise the number.
func (t MessageType) String() string {
	switch t {
	case MessageTypeIncoming:
		return "incoming"
	case MessageTypeOutgoing:
		return "outgoing"
	case MessageTypeActivity:
		return "activity"
	case MessageTypeTemplate:
		return "template"
	}
	return strconv.FormatInt(int64(t), 10)
}

// StatusAll asks a list or a filter for conversations of every status. No conversation has it.
const StatusAll Status = "all"
