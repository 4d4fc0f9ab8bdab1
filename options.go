package cfchat

import (
	"fmt"
	"net/http"
	"time"

	"github.com/cfchat/cfchat-go/auth"
)

// CallOption changes one call: [WithResponse], [WithRetry], [WithKeys], [WithMaxBody], [KeepJSON], [TriedSince], or a [RequestEditorFn], which is run on
// the request after those of the Config. A function that edits requests becomes one by RequestEditorFn(edit).
type CallOption interface {
	apply(options *callOptions, input *refusal)
}

// callOptions is the sum of a call's options.
type callOptions struct {
	editors  []RequestEditorFn
	keys     *auth.Keys
	response *Response
	retry    *Retry
	keepJSON bool
	maxBody  int64
	waiting  func(until time.Time) // told when the chain waits, nil for nobody
}

func optionsOf(opts []CallOption, input *refusal) (all callOptions) {
	for i, option := range opts {
		if option == nil {
			input.add(fmt.Sprintf("option %d", i+1), "it is nil; leave it out")
			continue
		}
		option.apply(&all, input)
	}
	return all
}

type callOption func(*callOptions, *refusal)

func (o callOption) apply(options *callOptions, input *refusal) { o(options, input) }

func (e RequestEditorFn) apply(options *callOptions, input *refusal) {
	input.editor(e)
	options.editors = append(options.editors, e)
}

// WithKeys makes one call use other keys, in place of all of the Config's. Invalid keys are ErrInvalidInput.
func WithKeys(keys auth.Keys) CallOption {
	return callOption(func(options *callOptions, input *refusal) {
		input.keys("WithKeys", keys)
		options.keys = &keys
	})
}

// Response is what a call returned besides its data. [WithResponse] fills it.
type Response struct {
	StatusCode int           // 0 without an answer
	Header     http.Header   // nil without an answer
	Body       []byte        // as received, after decompression; of a failure the first MiB, without keys
	Tries      int           // how often the request was sent; 0 if it was refused before
	Duration   time.Duration // of the whole call, including its editors and the waits between tries
}

// WithResponse keeps status, headers and body of a call, even a failed one, in a Response. After several tries, or with a
// method that makes several requests, it holds the last answer. Do not read it before the call returns, and do not pass it
// to two calls at once. An iterator refuses it with ErrInvalidInput.
func WithResponse(response *Response) CallOption {
	return callOption(func(options *callOptions, input *refusal) {
		if response == nil {
			input.add("WithResponse", "the Response is nil; give the address of one")
			return
		}
		if options.response != nil {
			input.add("WithResponse", "there are two, and a call fills one; give one")
			return
		}
		*response = Response{}
		options.response = response
	})
}

// WithRetry makes one call use another Retry than the Config's.
func WithRetry(retry Retry) CallOption {
	return callOption(func(options *callOptions, input *refusal) {
		retry.check("WithRetry", input)
		options.retry = &retry
	})
}

// WithMaxBody sets the size limit of one call's answer in place of Config.MaxBody, in bytes after decompression; or that of
// [MessagesService.Download] in place of 256 MiB.
func WithMaxBody(bytes int64) CallOption {
	return callOption(func(options *callOptions, input *refusal) {
		if bytes <= 0 {
			input.add("WithMaxBody", "%d is not a size; give one of 1 byte or more", bytes)
		}
		options.maxBody = bytes
	})
}

// KeepJSON keeps the received bytes of a thing, including fields that a newer server adds: those of each conversation,
// message and contact, for [Conversation.JSON], [Message.JSON] and [Contact.JSON]; and those of each inbox, person, bot,
// team, label and attribute definition that a method returns by itself, for [Inbox.JSON], [Agent.JSON], [AccountBot.JSON],
// [Team.JSON], [Label.JSON] and [AttributeDefinition.JSON]. Fields that openapi.yaml marks as secret are null in them. It
// doubles the memory.
func KeepJSON() CallOption {
	return callOption(func(options *callOptions, _ *refusal) { options.keepJSON = true })
}

// refuseResponse refuses WithResponse, on behalf of an iterator.
func refuseResponse(opts []CallOption, input *refusal) {
	if optionsOf(opts, input).response != nil {
		input.add("WithResponse", "an iterator makes many requests; call List or Filter yourself")
	}
}
