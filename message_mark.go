package cfchat

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/chain"
)

// MarkAttribute is the content attribute in which servers from 4.9.0 on keep the Mark of a [MessageCreate].
const MarkAttribute = "cfchat_mark"

// maxMark is the maximum length of a mark, in characters: the limit of a source_id before 4.9.0 (contract, W1.1).
const maxMark = 255

// markPlace is where a server keeps a mark.
type markPlace int

const (
	nowhere      markPlace = iota
	inAttributes           // in content_attributes, from 4.9.0 on in every inbox
	inSourceID             // from 3.4.0 on, without harm in API and web widget inboxes (contract, W1.2)
)

// checkMark refuses a mark that would change, or be in two places.
func (m MessageCreate) checkMark(r *refusal) {
	if m.Mark == "" {
		return
	}
	if n := utf8.RuneCountInString(m.Mark); n > maxMark {
		r.add("Mark", "it has %d characters, and a mark has up to %d; shorten it or use a hash", n, maxMark)
	}
	if m.SourceID != "" {
		r.add("Mark", "SourceID is set too, and some servers keep the mark there; set only one of them")
	}
	if _, taken := m.ContentAttributes[MarkAttribute]; taken {
		r.add("Mark", "ContentAttributes has %s too; set only one of them", MarkAttribute)
	}
}

// marked returns a message with its mark where the server keeps it, and refuses one that the server would drop, or not
// deliver.
func (s MessagesService) marked(ctx context.Context, conversationID int64, m MessageCreate, opts []CallOption, input *refusal) (MessageCreate, error) {
	place, err := s.placeOf(ctx, conversationID, m, opts, input)
	switch place {
	case inAttributes:
		attributes := map[string]any{MarkAttribute: m.Mark}
		maps.Copy(attributes, m.ContentAttributes) // never change the caller's
		m.ContentAttributes = attributes
	case inSourceID:
		m.SourceID = m.Mark
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return m, e.notSent("it is not known where its Mark goes")
	}
	return m, err
}

// withoutMark is what to do if no mark is kept.
const withoutMark = "use Send without it, and FindSent on ErrUnknownOutcome"

// placeOf returns where the server keeps the mark of a message for a conversation: nowhere for a message without one. It
// asks the server only if nothing else is wrong.
func (s MessagesService) placeOf(ctx context.Context, conversationID int64, m MessageCreate, opts []CallOption, input *refusal) (markPlace, error) {
	if m.Mark == "" || len(input.fields) > 0 || ctx == nil || !s.core.isMade() {
		return nowhere, nil // the call refuses what is wrong
	}
	chat := s.core.chat
	keys := optionsOf(opts, new(refusal)).keys
	info, failed := chat.told(ctx, func(info *ServerInfo, failed error) bool { return info != nil || tellsNot(failed) })
	switch {
	case chat.keys.User.IsZero() && (keys == nil || keys.User.IsZero()):
		input.add("Mark", "nobody could look for it, because that requires a user's key; set Keys.User, or leave it out")
	case info.AtLeast("4.9.0"):
		return inAttributes, nil
	case info.AtLeast("3.4.0"):
		return s.placeBefore490(ctx, conversationID, opts, input)
	case ctx.Err() != nil:
		return nowhere, errorOf(s.core.call(sendCall.operation, conversationID), chain.Ended(ctx))
	case failed != nil && !tellsNot(failed):
		input.failed = notToBeHad("Mark", failed)
	case info.lacks("3.4.0"):
		input.add("Mark", "servers before 3.4.0 keep no mark; "+withoutMark)
	default:
		input.add("Mark", "where it is kept depends on the server's version, which it does not report; set Config.ServerVersion")
	}
	return nowhere, nil
}

// placeBefore490 returns where servers from 3.4.0 to 4.8 keep a mark: in source_id, but only for a conversation whose
// channel does not treat a message with one as delivered.
func (s MessagesService) placeBefore490(ctx context.Context, conversationID int64, opts []CallOption, input *refusal) (markPlace, error) {
	channel, err := s.channelOf(ctx, conversationID, opts)
	switch {
	case err != nil:
		return nowhere, err
	case channel == ChannelAPI, channel == ChannelWebWidget:
		return inSourceID, nil
	case channel == "":
		channel = "no inbox"
	}
	input.add("Mark", "before 4.9.0 only API and web widget inboxes keep one, and this is %s; "+withoutMark, channel)
	return nowhere, nil
}

// channelOf returns the channel of a conversation's inbox, "" if the inbox is gone. It asks for the conversation once,
// because no conversation changes its inbox.
func (s MessagesService) channelOf(ctx context.Context, conversationID int64, opts []CallOption) (Channel, error) {
	key := conversationKey{s.core.id, conversationID}
	if channel, ok := s.core.chat.channels.get(key); ok {
		return channel, nil
	}
	conversation, err := ConversationsService(s).Get(auth.WithScheme(ctx, auth.UserAPIKey), conversationID, forLooking(opts)...)
	if err != nil {
		return "", err
	}
	channel := conversation.Meta.GetChannel()
	if channel != "" {
		s.core.chat.channels.put(key, channel)
	}
	return channel, nil
}

// forLooking returns the options of a sending call for the requests that look: without keys that are a bot's alone.
func forLooking(opts []CallOption) []CallOption {
	return append(slices.Clone(opts), callOption(func(options *callOptions, _ *refusal) {
		if options.keys != nil && options.keys.User.IsZero() {
			options.keys = nil
		}
	}))
}

// conversationKey is a conversation of a server.
type conversationKey struct{ account, conversation int64 }

// maxChannels is the number of conversations whose channels a Chat remembers: half a megabyte.
const maxChannels = 10_000

// channelCache remembers the channels of conversations.
type channelCache struct {
	mu  sync.Mutex
	all map[conversationKey]Channel
}

func (c *channelCache) get(key conversationKey) (Channel, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	channel, ok := c.all[key]
	return channel, ok
}

func (c *channelCache) put(key conversationKey, channel Channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil || len(c.all) >= maxChannels {
		c.all = map[conversationKey]Channel{}
	}
	c.all[key] = channel
}
