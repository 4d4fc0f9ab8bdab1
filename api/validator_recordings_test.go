package api_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/api"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// replay sends a recorded request through a Validator, which gets the recorded answer, and returns the findings.
func replay(t *testing.T, e recordings.Exchange) []api.Finding {
	t.Helper()
	var body io.Reader
	if e.Request.Body != nil {
		body = strings.NewReader(*e.Request.Body)
	}
	req, err := http.NewRequestWithContext(t.Context(), e.Request.Method, "https://chat.test/below"+e.Request.Path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range e.Request.Headers {
		req.Header[http.CanonicalHeaderKey(name)] = []string{value}
	}
	return exchanged(t, req, func(*http.Request) *http.Response {
		return reply(e.Response.Status, e.Response.Headers["content-type"], e.Response.Body)
	})
}

// odd maps the recorded requests that this module's client would not send to their expected findings.
var odd = map[string]string{
	"auth-query-only":                "conversationList query api_access_token: unknown, found string, once",
	"contact-create-attributes-text": "contactCreate request custom_attributes: type, expected object, found string, once",
	"contact-create-unknown-field":   "contactCreate request zzz: unknown, found integer, once",

	"conversations-seen-1": "conversationUpdateLastSeen request: unknown, found a body, once",
	"conversations-unread": "markAConversationAsUnread request: unknown, found a body, once",
	"last-seen":            "conversationUpdateLastSeen request: unknown, found a body, once",
	"mute":                 "muteAConversation request: unknown, found a body, once",
	"transcript-none":      "sendTranscriptOfAConversation request email: missing, expected string, once",
	"unmute":               "unmuteAConversation request: unknown, found a body, once",

	"labels-set-none":   "conversationAddLabels request labels: missing, expected array, once",
	"labels-set-null":   "conversationAddLabels request labels: null, expected array, found null, once",
	"labels-set-number": "conversationAddLabels request labels[]: type, expected string, found integer, once",
	"labels-set-text":   "conversationAddLabels request labels: type, expected array, found string, once",

	"attributes-list":    "updateCustomAttributesOfAConversation request custom_attributes: type, expected object, found array, once",
	"attributes-missing": "updateCustomAttributesOfAConversation request custom_attributes: missing, expected object, once",
	"attributes-null":    "updateCustomAttributesOfAConversation request custom_attributes: null, expected object, found null, once",
	"attributes-text":    "updateCustomAttributesOfAConversation request custom_attributes: type, expected object, found string, once",

	"priority-":        "togglePriorityOfAConversation request priority: value, expected one of 4 in the spec, found another string, once",
	"priority-3":       "togglePriorityOfAConversation request priority: type, expected string, found integer, once",
	"priority-bogus":   "togglePriorityOfAConversation request priority: value, expected one of 4 in the spec, found another string, once",
	"priority-missing": "togglePriorityOfAConversation request priority: missing, expected string, once",
	"assign-text":      "assignAConversation request assignee_id: type, expected integer, found string, once",
	"assign-text-id":   "assignAConversation request assignee_id: type, expected integer, found string, once",

	"assign-zero":                "assignAConversation request assignee_id: value, expected 1 or more, found less, once",
	"assign-team-zero":           "assignAConversation request team_id: value, expected 1 or more, found less, once",
	"contact-create-bad-phone":   `contactCreate request phone_number: value, expected a text like ^\+[1-9][0-9]{1,14}$, found another text, once`,
	"contacts-create-two-wrong":  `contactCreate request phone_number: value, expected a text like ^\+[1-9][0-9]{1,14}$, found another text, once`,
	"contact-create-blank-email": "contactCreate request email: value, expected 1 or more characters, found a shorter text, once",
	"contact-inbox-blank-source": "contactInboxCreation request source_id: value, expected 1 or more characters, found a shorter text, once",
	"create-source-blank":        "newConversation request source_id: value, expected 1 or more characters, found a shorter text, once",
	"list-labels-blank":          "conversationList query labels[]: value, expected a text like ^[^,]+$, found another text, once",
	"typing-bad":                 "toggleTypingStatusOfAConversation request typing_status: value, expected one of 2 in the spec, found another string, once",

	"contact-inbox-none":             "contactInboxCreation request inbox_id: missing, expected integer, once",
	"contact-update-attributes-text": "contactUpdate request custom_attributes: type, expected object, found string, once",
	"contact-update-patch":           "no operation path: unknown, found another method or path, once",
	"contact-filter-bare":            "contactFilter request: type, expected object, found array, once",
	"contact-search-page-0":          "contactSearch query page: value, expected 1 or more, found less, once",
	"contacts-labels":                "contactList query labels[]: unknown, found string, once",
	"create-assignee-str":            "newConversation request assignee_id: type, expected integer, found string, once",
	"create-custom-string":           "newConversation request custom_attributes: type, expected object, found string, once",
	"create-message-long":            "newConversation request: body, expected JSON, found something else, once",
	"create-message-string":          "newConversation request message: type, expected object, found string, once",
	"create-no-body":                 "newConversation request: missing, expected object, once",
	"create-status-blank":            "newConversation request status: value, expected one of 4 in the spec, found another string, once",
	"create-status-closed":           "newConversation request status: value, expected one of 4 in the spec, found another string, once",
	"create-text-plain":              "newConversation request: body, expected application/json, found text/plain, once",
	"filter-bare-array":              "conversationFilter request: type, expected object, found array, once",
	"filter-documented-example": "conversationFilter request payload[].filter_operator: value, expected one of 9 in the spec, found another string, 2 times\n" +
		"conversationFilter request payload[].query_operator: value, expected one of 2 in the spec, found another string, once",
	"filter-empty-query-operator":    "conversationFilter request payload[].query_operator: value, expected one of 2 in the spec, found another string, once",
	"filter-get-verb":                "getDetailsOfAConversation path conversation_id: type, expected integer, found other text, once",
	"filter-lower-and":               "conversationFilter request payload[].query_operator: value, expected one of 2 in the spec, found another string, once",
	"filter-object-payload":          "conversationFilter request payload: type, expected array, found object, once",
	"filter-page-body":               "conversationFilter request page: unknown, found integer, once",
	"filter-status-eq":               "conversationFilter request payload[].filter_operator: value, expected one of 9 in the spec, found another string, once",
	"filter-status-scalar":           "conversationFilter request payload[].values: type, expected array, found string, once",
	"filter-xor":                     "conversationFilter request payload[].query_operator: value, expected one of 2 in the spec, found another string, once",
	"list-assignee-bogus":            "conversationList query assignee_type: value, expected one of 4 in the spec, found other text, once",
	"list-inbox-abc":                 "conversationList query inbox_id: type, expected integer, found other text, once",
	"list-inbox-blank":               "conversationList query inbox_id: type, expected integer, found other text, once",
	"list-page--1":                   "conversationList query page: value, expected 1 or more, found less, once",
	"list-page-99999999999999999999": "conversationList query page: type, expected integer, found other text, once",
	"list-sort-bogus":                "conversationList query sort_by: value, expected one of 15 in the spec, found other text, once",
	"list-status-bogus":              "conversationList query status: value, expected one of 5 in the spec, found other text, once",
	"list-status-int":                "conversationList query status: value, expected one of 5 in the spec, found other text, once",
	"list-team-blank":                "conversationList query team_id: type, expected integer, found other text, once",
	"malformed-json-no-accept":       "conversationFilter request: body, expected JSON, found something else, once",
	"malformed-json-wrong-token":     "conversationFilter request: body, expected JSON, found something else, once",
	"show-float":                     "getDetailsOfAConversation path conversation_id: type, expected integer, found other text, once",
	"show-junk-suffix":               "getDetailsOfAConversation path conversation_id: type, expected integer, found other text, once",
	"show-negative":                  "getDetailsOfAConversation path conversation_id: value, expected 1 or more, found less, once",
	"show-zero":                      "getDetailsOfAConversation path conversation_id: value, expected 1 or more, found less, once",
	"toggle-abc":                     "toggleStatusOfAConversation path conversation_id: type, expected integer, found other text, once",
	"toggle-blank":                   "toggleStatusOfAConversation request status: value, expected one of 4 in the spec, found another string, once",
	"toggle-int":                     "toggleStatusOfAConversation request status: type, expected string, found integer, once",
	"toggle-query-beats-body":        "toggleStatusOfAConversation query status: unknown, found string, once",
	"toggle-snoozed-until-iso":       "toggleStatusOfAConversation request snoozed_until: type, expected integer, found string, once",
	"toggle-snoozed-until-str":       "toggleStatusOfAConversation request snoozed_until: type, expected integer, found string, once",
	"toggle-text-plain":              "toggleStatusOfAConversation request: body, expected application/json, found text/plain, once",
	"definitions-contact":            "getAccountCustomAttribute query attribute_model: unknown, found string, once",
	"definitions-conversation":       "getAccountCustomAttribute query attribute_model: unknown, found string, once",
	"delete-text":                    "deleteAMessage path message_id: type, expected integer, found other text, once",
	"long-after-blank":               "listAllMessages query after: type, expected integer, found other text, once",
	"long-after-text":                "listAllMessages query after: type, expected integer, found other text, once",
	"long-before-blank":              "listAllMessages query before: type, expected integer, found other text, once",
	"long-before-text":               "listAllMessages query before: type, expected integer, found other text, once",
	"long-both-blank":                "listAllMessages query after: type, expected integer, found other text, once\nlistAllMessages query before: type, expected integer, found other text, once",
	"long-page-2":                    "listAllMessages query page: unknown, found string, once",
	"long-window-int8-over":          "listAllMessages query before: type, expected integer, found other text, once",
	"messages-retry-interactive":     "retryAMessage request: unknown, found a body, once",
	"messages-retry-text":            "retryAMessage request: unknown, found a body, once",
	"messages-retry-unknown":         "retryAMessage request: unknown, found a body, once",
	"send-additional":                "createANewMessageInAConversation request additional_attributes: unknown, found object, once",
	"send-attributes-list":           "createANewMessageInAConversation request content_attributes: type, expected object, found array, once",
	"send-attributes-text":           "createANewMessageInAConversation request content_attributes: type, expected object, found string, once",
	"send-content-null":              "createANewMessageInAConversation request content: null, expected string, found null, once",
	"send-content-number":            "createANewMessageInAConversation request content: type, expected string, found integer, once",
	"send-content-object":            "createANewMessageInAConversation request content: type, expected string, found object, once",
	"send-created-at":                "createANewMessageInAConversation request created_at: unknown, found string, once",
	"send-external-created-at":       "createANewMessageInAConversation request external_created_at: type, expected string, found integer, once",
	"send-list-body":                 "createANewMessageInAConversation request: type, expected object, found array, once",
	"send-malformed":                 "createANewMessageInAConversation request: body, expected JSON, found something else, once",
	"send-no-ctype":                  "createANewMessageInAConversation request: body, expected application/json, found text/plain, once",
	"send-type-bad":                  "createANewMessageInAConversation request message_type: value, expected one of 4 in the spec, found another string, once",
	"webhook-create-bad-event":       "createAWebhook request webhook.subscriptions[]: value, expected one of 12 in the spec, found another string, once",
	"send-type-number":               "createANewMessageInAConversation request message_type: type, expected string, found integer, once",
}

// TestRecordingsFitTheSpec checks that nothing is found in any recorded answer, and in requests only the known oddities.
func TestRecordingsFitTheSpec(t *testing.T) {
	t.Parallel()
	for _, e := range recordings.All(t, "..") {
		want := odd[e.Name]
		var got []string
		for _, finding := range replay(t, e) {
			got = append(got, finding.String())
		}
		if !slices.Equal(got, lines(want)) {
			t.Errorf("%s:\n%s\nwant\n%s", e.File, strings.Join(got, "\n"), want)
		}
	}
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
