package cfchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// standIn starts a stand-in server with two open conversations, the second unassigned, and a resolved one.
func standIn(options ...cfchattest.Option) (server *cfchattest.Server, account *cfchat.Account) {
	server = cfchattest.Start(options...)
	agent, _ := server.AddAgent(cfchattest.Agent{Name: "Ada"})
	server.AddConversation(cfchattest.Conversation{Assignee: agent, Labels: []string{"vip"}})
	server.AddConversation(cfchattest.Conversation{})
	server.AddConversation(cfchattest.Conversation{Status: cfchat.StatusResolved})
	chat, err := cfchat.New(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	return server, chat.Account(server.AccountID())
}

func Example() {
	chat, err := cfchat.New(cfchat.Config{
		Keys: auth.Keys{User: auth.NewKey(os.Getenv("CFCHAT_USER_API_KEY"))},
	})
	if err != nil {
		log.Fatal(err)
	}
	page, err := chat.Account(56).Conversations.List(context.Background(), cfchat.ConversationListOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, conversation := range page.Payload {
		fmt.Println(conversation.ID, conversation.Status, conversation.Timestamp)
	}
}

// New checks the whole Config and reports every problem, without revealing a key.
func ExampleNew() {
	config := cfchat.Config{
		Server:  "https://chat.example.com",
		Keys:    auth.Keys{User: auth.NewKey("of-a-person"), AgentBot: auth.NewKey("of-a-bot\n")},
		Timeout: 10 * time.Second,
	}
	_, err := cfchat.New(config)
	fmt.Println(err)

	config.Keys.AgentBot = auth.NewKey("of-a-bot")
	chat, err := cfchat.New(config)
	fmt.Println(chat != nil, err, config.Keys)
	// Output:
	// cfchat: Config.Keys.AgentBot: the key has a space, a line break, a control character or a non-ASCII character; copy it again, and trim whatever a file or an environment variable adds
	// true <nil> {[redacted] [redacted]  }
}

func ExampleConversationsService_List() {
	server, account := standIn()
	defer server.Close()

	page, err := account.Conversations.List(context.Background(), cfchat.ConversationListOptions{
		SortBy: cfchat.SortBySortOnCreatedAt,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, conversation := range page.Payload {
		fmt.Println(conversation.ID, conversation.Status, conversation.Meta.GetChannel())
	}
	fmt.Println(page.Meta.AllCount, "in all")
	// Output:
	// 1 open Channel::Api
	// 2 open Channel::Api
	// 2 in all
}

func ExampleChat_ServerInfo() {
	server, _ := standIn()
	defer server.Close()

	chat, err := cfchat.New(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	info, err := chat.ServerInfo(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.Version, "reads UpdatedWithin:", info.AtLeast("3.6.0"))
	// Output: 4.7.0 reads UpdatedWithin: true
}

func ExampleChat_Profile() {
	server, _ := standIn()
	defer server.Close()

	chat, err := cfchat.New(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	profile, err := chat.Profile(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("the key is", profile.Name+"'s")
	for _, account := range profile.Accounts {
		fmt.Println(account.ID, account.Name, account.Status, account.Role)
	}
	// Output:
	// the key is Ada Admin's
	// 1 Acme Inc active administrator
}

func ExampleConversationsService_Counts() {
	server, account := standIn()
	defer server.Close()

	counts, err := account.Conversations.Counts(context.Background(), cfchat.ConversationListOptions{Status: cfchat.StatusAll})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(counts.AllCount, "in all,", counts.GetAssignedCount(), "assigned")
	// Output: 3 in all, 1 assigned
}

func ExampleConversationsService_Get() {
	server, account := standIn()
	defer server.Close()

	conversation, err := account.Conversations.Get(context.Background(), 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conversation.Status, conversation.Meta.Assignee.GetName(), conversation.SnoozedUntil == nil)
	// Output: open Ada true
}

func ExampleConversationsService_Delete() {
	server, account := standIn()
	defer server.Close()

	if err := account.Conversations.Delete(context.Background(), 1); err != nil {
		log.Fatal(err)
	}
	_, err := account.Conversations.Get(context.Background(), 1)
	fmt.Println("it may still be there:", err == nil || errors.Is(err, cfchat.ErrNotFound))
	// Output: it may still be there: true
}

func ExampleConversationsService_SetPriority() {
	server, account := standIn()
	defer server.Close()

	if err := account.Conversations.SetPriority(context.Background(), 1, cfchat.PriorityUrgent); err != nil {
		log.Fatal(err)
	}
	now, err := account.Conversations.Get(context.Background(), 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(now.GetPriority())
	// Output: urgent
}

func ExampleConversationsService_ClearPriority() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Priority: cfchat.PriorityHigh})

	if err := account.Conversations.ClearPriority(context.Background(), id); err != nil {
		log.Fatal(err)
	}
	now, err := account.Conversations.Get(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(now.Priority == nil)
	// Output: true
}

func ExampleConversationsService_SetCustomAttributes() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Custom: map[string]any{"plan": "free"}})

	attributes, err := account.Conversations.SetCustomAttributes(context.Background(), id, map[string]any{"seats": 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(attributes)
	// Output: {"seats":3}
}

func ExampleConversationsService_MergeCustomAttributes() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Custom: map[string]any{"plan": "free"}})

	attributes, err := account.Conversations.MergeCustomAttributes(context.Background(), id, map[string]any{"seats": 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(attributes)
	// Output: {"plan":"free","seats":3}
}

func ExampleConversationsService_RemoveCustomAttributes() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Custom: map[string]any{"plan": "free", "seats": 3}})

	attributes, err := account.Conversations.RemoveCustomAttributes(context.Background(), id, []string{"plan", "other"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(attributes)
	// Output: {"seats":3}
}

func ExampleConversationsService_ClearCustomAttributes() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Custom: map[string]any{"plan": "free"}})

	if err := account.Conversations.ClearCustomAttributes(context.Background(), id); err != nil {
		log.Fatal(err)
	}
	now, err := account.Conversations.Get(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(now.CustomAttributes)
	// Output: {}
}

func ExampleConversationsService_Labels() {
	server, account := standIn()
	defer server.Close()

	labels, err := account.Conversations.Labels(context.Background(), 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output: [vip]
}

func ExampleConversationsService_AddLabels() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Labels: []string{"vip", "bug"}})

	labels, err := account.Conversations.AddLabels(context.Background(), id, []string{"billing", "VIP"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output: [vip bug billing]
}

func ExampleConversationsService_RemoveLabels() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Labels: []string{"vip", "bug"}})

	labels, err := account.Conversations.RemoveLabels(context.Background(), id, []string{"bug", "other"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output: [vip]
}

func ExampleConversationsService_SetLabels() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Labels: []string{"vip", "bug"}})

	labels, err := account.Conversations.SetLabels(context.Background(), id, []string{"billing"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output: [billing]
}

func ExampleConversationsService_ClearLabels() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Labels: []string{"vip", "bug"}})

	if err := account.Conversations.ClearLabels(context.Background(), id); err != nil {
		log.Fatal(err)
	}
	labels, err := account.Conversations.Labels(context.Background(), id)
	fmt.Println(len(labels), err)
	// Output: 0 <nil>
}

func ExampleConversationsService_Assign() {
	server, account := standIn()
	defer server.Close()
	grace, _ := server.AddAgent(cfchattest.Agent{Name: "Grace"})
	id := server.AddConversation(cfchattest.Conversation{})
	agent, err := account.Conversations.Assign(context.Background(), id, grace)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(agent.Name)

	_, err = account.Conversations.Assign(context.Background(), id, 99) // no such agent: the server would unassign the conversation
	fmt.Println(errors.Is(err, cfchat.ErrInvalidInput))
	// Output:
	// Grace
	// true
}

func ExampleConversationsService_Unassign() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Assignee: 2})
	if err := account.Conversations.Unassign(context.Background(), id); err != nil {
		log.Fatal(err)
	}
	conversation, err := account.Conversations.Get(context.Background(), id)
	fmt.Println(conversation.Meta.Assignee == nil, err)
	// Output: true <nil>
}

func ExampleConversationsService_AssignTeam() {
	server, account := standIn()
	defer server.Close()
	sales := server.AddTeam(cfchattest.Team{Name: "sales"})
	id := server.AddConversation(cfchattest.Conversation{Assignee: 2}) // not in the team
	team, err := account.Conversations.AssignTeam(context.Background(), id, sales)
	if err != nil {
		log.Fatal(err)
	}
	conversation, err := account.Conversations.Get(context.Background(), id)
	fmt.Println(team.Name, conversation.Meta.Assignee == nil, err)
	// Output: sales true <nil>
}

func ExampleConversationsService_UnassignTeam() {
	server, account := standIn()
	defer server.Close()
	sales := server.AddTeam(cfchattest.Team{Name: "sales"})
	id := server.AddConversation(cfchattest.Conversation{Team: sales})
	if err := account.Conversations.UnassignTeam(context.Background(), id); err != nil {
		log.Fatal(err)
	}
	conversation, err := account.Conversations.Get(context.Background(), id)
	fmt.Println(conversation.Meta.Team == nil, err)
	// Output: true <nil>
}

func ExampleConversationsService_AssignBot() {
	server, account := standIn(cfchattest.Version("4.8.0"))
	defer server.Close()
	helper, _ := server.AddBot(cfchattest.Bot{Name: "Helper"})
	id := server.AddConversation(cfchattest.Conversation{Assignee: 2})
	bot, err := account.Conversations.AssignBot(context.Background(), id, helper)
	if err != nil {
		log.Fatal(err)
	}
	conversation, err := account.Conversations.Get(context.Background(), id)
	fmt.Println(bot.GetName(), conversation.Meta.AssigneeBot.ID == helper, err)
	// Output: Helper true <nil>
}

func ExampleConversationsService_Mute() {
	server, account := standIn()
	defer server.Close()

	if err := account.Conversations.Mute(context.Background(), 1); err != nil {
		log.Fatal(err)
	}
	server.AddMessage(1, cfchattest.Message{Content: "hello?"}) // from the contact
	conversation, _ := server.Conversation(1)
	fmt.Println(conversation.Muted, conversation.Status)
	// Output: true resolved
}

func ExampleConversationsService_Unmute() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{Contact: server.AddContact(cfchattest.Contact{Blocked: true})})

	if err := account.Conversations.Unmute(context.Background(), id); err != nil {
		log.Fatal(err)
	}
	conversation, _ := server.Conversation(id)
	fmt.Println(conversation.Muted)
	// Output: false
}

func ExampleConversationsService_MarkUnread() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{})
	server.AddMessage(id, cfchattest.Message{Content: "hello?"})
	server.AddMessage(id, cfchattest.Message{Content: "How can I help?", Type: cfchat.MessageTypeOutgoing})

	conversation, err := account.Conversations.MarkUnread(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conversation.UnreadCount)
	// Output: 1
}

func ExampleConversationsService_MarkSeen() {
	server, account := standIn()
	defer server.Close()
	id := server.AddConversation(cfchattest.Conversation{})
	server.AddMessage(id, cfchattest.Message{Content: "hello?"})

	conversation, err := account.Conversations.MarkSeen(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(conversation.UnreadCount)
	// Output: 0
}

func ExampleConversationsService_SetTyping() {
	server, account := standIn()
	defer server.Close()

	if err := account.Conversations.SetTyping(context.Background(), 1, cfchat.Typing{On: true}); err != nil {
		log.Fatal(err)
	}
	// The program composes its answer while the indicator is on.
	if err := account.Conversations.SetTyping(context.Background(), 1, cfchat.Typing{}); err != nil {
		log.Fatal(err)
	}
	// Output:
}

func ExampleConversationsService_SendTranscript() {
	server, account := standIn()
	defer server.Close()

	if err := account.Conversations.SendTranscript(context.Background(), 1, "jo@customer.test"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(server.Transcripts(1))
	// Output: [jo@customer.test]
}

func ExampleConversationsService_Participants() {
	server, account := standIn()
	defer server.Close()

	participants, err := account.Conversations.Participants(context.Background(), 1)
	if err != nil {
		log.Fatal(err)
	}
	for _, agent := range participants {
		fmt.Println(agent.Name) // the assignee
	}
	// Output: Ada
}

func ExampleConversationsService_AddParticipants() {
	server, account := standIn()
	defer server.Close()
	grace, _ := server.AddAgent(cfchattest.Agent{Name: "Grace", Administrator: true})

	participants, err := account.Conversations.AddParticipants(context.Background(), 1, []int64{grace})
	if err != nil {
		log.Fatal(err)
	}
	for _, agent := range participants {
		fmt.Println(agent.Name)
	}
	// Unordered output:
	// Ada
	// Grace
}

func ExampleConversationsService_SetParticipants() {
	server, account := standIn()
	defer server.Close()
	grace, _ := server.AddAgent(cfchattest.Agent{Name: "Grace", Administrator: true})

	participants, err := account.Conversations.SetParticipants(context.Background(), 1, []int64{grace})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(participants), participants[0].Name)
	// Output: 1 Grace
}

func ExampleConversationsService_RemoveParticipants() {
	server, account := standIn()
	defer server.Close()
	grace, _ := server.AddAgent(cfchattest.Agent{Name: "Grace", Administrator: true})
	id := server.AddConversation(cfchattest.Conversation{Assignee: grace})

	participants, err := account.Conversations.RemoveParticipants(context.Background(), id, []int64{grace})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(participants))
	// Output: 0
}

func ExampleContactsService_Labels() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Labels: []string{"vip", "bug"}})

	labels, err := account.Contacts.Labels(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output: [vip bug]
}

func ExampleContactsService_AddLabels() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Labels: []string{"vip", "bug"}})

	labels, err := account.Contacts.AddLabels(context.Background(), id, []string{"billing", "VIP"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output: [vip bug billing]
}

func ExampleContactsService_RemoveLabels() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Labels: []string{"vip", "bug"}})

	labels, err := account.Contacts.RemoveLabels(context.Background(), id, []string{"bug", "other"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output: [vip]
}

func ExampleContactsService_SetLabels() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Labels: []string{"vip", "bug"}})

	labels, err := account.Contacts.SetLabels(context.Background(), id, []string{"billing"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(labels)
	// Output: [billing]
}

func ExampleContactsService_ClearLabels() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Labels: []string{"vip", "bug"}})

	if err := account.Contacts.ClearLabels(context.Background(), id); err != nil {
		log.Fatal(err)
	}
	labels, err := account.Contacts.Labels(context.Background(), id)
	fmt.Println(len(labels), err)
	// Output: 0 <nil>
}

func ExampleConversationsService_Filter() {
	server, account := standIn()
	defer server.Close()

	filter := cfchat.Where(cfchat.Equal("status", "open")).And(cfchat.Absent("assignee_id"))
	page, err := account.Conversations.Filter(context.Background(), filter, 1)
	if err != nil {
		log.Fatal(err)
	}
	for _, conversation := range page.Payload {
		fmt.Println(conversation.ID)
	}
	// Output: 2
}

// Build a rule from a form in which a user picks the attribute, operator and value, and list everything wrong with it.
func ExampleNewRule() {
	filter := cfchat.Where(cfchat.NewRule("status", cfchat.FilterOperatorEqualTo, "open")).
		And(cfchat.NewRule("priority", "is_greater_than", "low"))
	for _, wrong := range filter.CheckConversations() {
		fmt.Printf("row %d: %s\n", wrong.Rule, wrong.Reason)
	}
	// Output: row 2: it supports only Equal, NotEqual; use RawRule for what your version may allow
}

// A filter can be stored as JSON, in the form that the server accepts.
func ExampleFilter_MarshalJSON() {
	data, err := json.Marshal(cfchat.Where(cfchat.Equal("inbox_id", []int64{5, 6})))
	fmt.Println(string(data), err)

	var again cfchat.Filter
	err = json.Unmarshal(data, &again)
	fmt.Println(again, err)
	// Output:
	// {"payload":[{"attribute_key":"inbox_id","filter_operator":"equal_to","query_operator":null,"values":[5,6]}]} <nil>
	// inbox_id equal_to [5,6] <nil>
}

func ExampleConversationsService_Create() {
	server, account := standIn()
	defer server.Close()
	inbox := server.AddInbox(cfchattest.Inbox{Name: "Shop"})
	contact := server.AddContact(cfchattest.Contact{Name: "Jo"})

	conversation, err := account.Conversations.Create(context.Background(), cfchat.ConversationCreate{
		InboxID:          inbox,
		ContactID:        contact,
		CustomAttributes: map[string]any{"order": 1234},
		Message: cfchat.FirstMessage{
			Content:     "Where is my order?",
			MessageType: cfchat.MessageKindIncoming, // from the contact; without it, outgoing
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	order, _ := conversation.CustomAttributes.Int("order")
	fmt.Println(conversation.Status, conversation.Meta.Sender.GetName(), order, conversation.Messages[0].MessageType)
	// Output: open Jo 1234 incoming
}

func ExampleConversationsService_ToggleStatus() {
	server, account := standIn()
	defer server.Close()

	for range 2 {
		change, err := account.Conversations.ToggleStatus(context.Background(), 1)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(change.CurrentStatus)
	}
	// Output:
	// resolved
	// open
}

func ExampleConversationsService_Snooze() {
	server, account := standIn()
	defer server.Close()

	friday := time.Date(2030, 1, 4, 9, 0, 0, 0, time.UTC)
	change, err := account.Conversations.Snooze(context.Background(), 1, friday)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(change.CurrentStatus, "until", change.GetSnoozedUntil())

	if change, err = account.Conversations.SetStatus(context.Background(), 1, cfchat.StatusOpen); err != nil {
		log.Fatal(err)
	}
	if change, err = account.Conversations.Snooze(context.Background(), 1, time.Time{}); err != nil { // until the next reply
		log.Fatal(err)
	}
	fmt.Println(change.CurrentStatus, change.SnoozedUntil == nil)
	// Output:
	// snoozed until 2030-01-04T09:00:00.000Z
	// snoozed true
}

func ExampleConversationsService_SetStatus() {
	server, account := standIn()
	defer server.Close()

	change, err := account.Conversations.SetStatus(context.Background(), 1, cfchat.StatusResolved)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(change.ConversationID, "is", change.CurrentStatus)
	// Output: 1 is resolved
}

func ExampleChat_Raw() {
	server := cfchattest.Start()
	defer server.Close()
	chat, err := cfchat.New(server.Config())
	if err != nil {
		log.Fatal(err)
	}

	resp, err := chat.Raw().ConversationListMetaWithResponse(context.Background(), server.AccountID(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.StatusCode(), resp.HTTPResponse.Header.Get("Content-Type"), resp.JSON200.Meta.AllCount)
	// Output: 200 application/json; charset=utf-8 0
}

func ExampleError() {
	server, account := standIn()
	defer server.Close()

	_, err := account.Conversations.Get(context.Background(), 42)
	if e, ok := errors.AsType[*cfchat.Error](err); ok {
		fmt.Println(e.Operation, e.StatusCode, e.Message)
	}
	fmt.Println(errors.Is(err, cfchat.ErrNotFound))
	// Output:
	// getDetailsOfAConversation 404 Resource could not be found
	// true
}

// The response to a write was lost: check whether the write took effect before retrying it.
func ExampleError_unknownOutcome() {
	server, account := standIn()
	defer server.Close()
	server.FailNext(cfchat.OperationToggleStatusOfAConversation, cfchattest.Failure{Cut: true})

	_, err := account.Conversations.SetStatus(context.Background(), 1, cfchat.StatusResolved)
	if errors.Is(err, cfchat.ErrUnknownOutcome) {
		now, err := account.Conversations.Get(context.Background(), 1)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("it may have happened; it is", now.Status)
	}
	// Output: it may have happened; it is resolved
}

// Input that a server would misinterpret is refused before anything is sent. All invalid fields are reported together, so
// that a form can mark them.
func ExampleError_invalidInput() {
	server, account := standIn()
	defer server.Close()

	_, err := account.Conversations.List(context.Background(), cfchat.ConversationListOptions{
		InboxID: -5, Labels: []string{"vip", "a,b"},
	})
	if e, ok := errors.AsType[*cfchat.Error](err); ok {
		for _, wrong := range e.Fields {
			fmt.Println(wrong.Field, "|", wrong.Reason)
		}
	}
	fmt.Println(errors.Is(err, cfchat.ErrInvalidInput), len(server.Requests()))
	// Output:
	// InboxID | -5 is not an id; ids start at 1
	// Labels[1] | "a,b" has a comma or a leading quote, which the server reads as punctuation; filter with Equal("labels", …) instead
	// true 0
}

// WithResponse makes the status, the headers and the number of tries available, even if the call fails.
func ExampleWithResponse() {
	server, account := standIn()
	defer server.Close()
	server.FailNext(cfchat.OperationGetDetailsOfAConversation, cfchattest.Failure{Status: http.StatusBadGateway})

	var resp cfchat.Response
	_, err := account.Conversations.Get(context.Background(), 42, cfchat.WithResponse(&resp))
	fmt.Println(errors.Is(err, cfchat.ErrNotFound), resp.StatusCode, resp.Header.Get("Content-Type"), resp.Tries)
	// Output: true 404 application/json; charset=utf-8 2
}

// Limit one call to a single try, regardless of the Config.
func ExampleWithRetry() {
	server, account := standIn()
	defer server.Close()
	server.FailNext(cfchat.OperationGetDetailsOfAConversation, cfchattest.Failure{Status: http.StatusServiceUnavailable})

	_, err := account.Conversations.Get(context.Background(), 1, cfchat.WithRetry(cfchat.Retry{MaxTries: 1}))
	fmt.Println(errors.Is(err, cfchat.ErrServer), len(server.Requests()))
	// Output: true 1
}

// The JSON includes any fields that a newer server sends and this module does not know.
func ExampleKeepJSON() {
	server, account := standIn()
	defer server.Close()

	page, err := account.Conversations.List(context.Background(), cfchat.ConversationListOptions{}, cfchat.KeepJSON())
	if err != nil {
		log.Fatal(err)
	}
	for _, conversation := range page.Payload {
		fmt.Println(json.Valid(conversation.JSON()))
	}
	// Output:
	// true
	// true
}

// Use Do, with a path, to call an endpoint for which there is no method. The stand-in does not implement this one, so a
// handler answers.
func ExampleAccount_Do() {
	server, account := standIn()
	defer server.Close()
	server.Handle("GET /api/v1/accounts/{account_id}/canned_responses", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, `[{"id": 7, "short_code": %q}]`, r.FormValue("search"))
	}))

	var responses []struct {
		ID        int64
		ShortCode string `json:"short_code"`
	}
	path := "canned_responses?" + url.Values{"search": {"Hi & bye"}}.Encode()
	err := account.Do(context.Background(), http.MethodGet, path, nil, &responses)
	fmt.Println(responses, err)

	err = account.Do(context.Background(), http.MethodGet, "/api/v1/accounts/1/canned_responses", nil, nil)
	if e, ok := errors.AsType[*cfchat.Error](err); ok {
		fmt.Println(e.Fields[0].Field, "|", e.Fields[0].Reason)
	}
	// Output:
	// [{7 Hi & bye}] <nil>
	// path | it begins with a slash; give only what follows the account, such as conversations/42/messages
}

// Code that runs during a call, such as a request editor, can find out which operation it belongs to.
func ExampleOperationOf() {
	server := cfchattest.Start()
	defer server.Close()
	config := server.Config()
	config.RequestEditors = []cfchat.RequestEditorFn{func(ctx context.Context, req *http.Request) error {
		operation, ok := cfchat.OperationOf(ctx)
		fmt.Println(operation, ok, req.Method)
		return nil
	}}
	chat, err := cfchat.New(config)
	if err != nil {
		log.Fatal(err)
	}

	filter := cfchat.Where(cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen))
	if _, err := chat.Account(server.AccountID()).Conversations.Filter(context.Background(), filter, 1); err != nil {
		log.Fatal(err)
	}
	// Output: conversationFilter true POST
}

// Attributes keep the JSON that the server sent; read them by key.
func ExampleAttributes() {
	attributes, err := cfchat.NewAttributes(map[string]any{"tier": "gold", "seats": 5, "paid": true})
	if err != nil {
		log.Fatal(err)
	}
	tier, ok := attributes.Text("tier")
	fmt.Println(tier, ok)
	seats, ok := attributes.Int("tier")
	fmt.Println(seats, ok)
	fmt.Println(attributes.Keys(), attributes)
	// Output:
	// gold true
	// 0 false
	// [paid seats tier] {"paid":true,"seats":5,"tier":"gold"}
}

func ExampleContactsService_Get() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test", Custom: map[string]any{"plan": "pro"}})

	contact, err := account.Contacts.Get(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	plan, _ := contact.CustomAttributes.Text("plan")
	fmt.Println(contact.GetName(), contact.GetEmail(), plan)
	// Output: Jo jo@customer.test pro
}

// List omits contacts that have no e-mail address, phone number or identifier.
func ExampleContactsService_List() {
	server, account := standIn()
	defer server.Close()
	server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test", Labels: []string{"vip"}})
	server.AddContact(cfchattest.Contact{Name: "Mia", Phone: "+14155551000"})
	server.AddContact(cfchattest.Contact{Name: "a visitor"})

	page, err := account.Contacts.List(context.Background(), cfchat.ContactListOptions{WithoutInboxes: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, contact := range page.Payload {
		fmt.Println(contact.GetName())
	}
	fmt.Println(page.Meta.GetCount())
	// Output:
	// Jo
	// Mia
	// 2
}

// FindByEmail finds only the contact with this address, ignoring case; Search would find both.
func ExampleContactsService_FindByEmail() {
	server, account := standIn()
	defer server.Close()
	server.AddContact(cfchattest.Contact{Name: "Banjo", Email: "banjo@customer.test"})
	server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test"})

	contact, err := account.Contacts.FindByEmail(context.Background(), "Jo@customer.test")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(contact.GetName())

	_, err = account.Contacts.FindByEmail(context.Background(), "o@customer.test")
	fmt.Println(errors.Is(err, cfchat.ErrNotFound))
	// Output:
	// Jo
	// true
}

// A source id identifies a contact within one inbox.
func ExampleContactsService_FindBySourceID() {
	server, account := standIn()
	defer server.Close()
	server.AddContact(cfchattest.Contact{Name: "Jo", SourceID: "customer-42"})

	contact, err := account.Contacts.FindBySourceID(context.Background(), 1, "customer-42")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(contact.GetName())
	// Output: Jo
}

func ExampleContactsService_Create() {
	server, account := standIn()
	defer server.Close()

	jo := cfchat.ContactCreate{Name: "Jo", Email: "jo@customer.test", InboxID: 1, CustomAttributes: map[string]any{"plan": "pro"}}
	contact, err := account.Contacts.Create(context.Background(), jo)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(contact.GetName(), len(contact.ContactInboxes))

	_, err = account.Contacts.Create(context.Background(), jo)
	if e, ok := errors.AsType[*cfchat.Error](err); ok && errors.Is(err, cfchat.ErrRejected) {
		fmt.Println(e.Attributes)
	}
	// Output:
	// Jo 1
	// [email]
}

// The response to the first create is lost, but only one contact is created.
func ExampleContactsService_FindOrCreate() {
	server, account := standIn()
	defer server.Close()
	server.FailNext(cfchat.OperationContactCreate, cfchattest.Failure{Cut: true})

	people := map[int64]bool{}
	for range 2 {
		found, err := account.Contacts.FindOrCreate(context.Background(), cfchat.ContactCreate{Name: "Jo", Email: "jo@customer.test"})
		if err != nil {
			log.Fatal(err)
		}
		people[found.Contact.ID] = true
	}
	fmt.Println("people:", len(people))
	// Output: people: 1
}

// Search finds every contact that has the text in one of its fields.
func ExampleContactsService_Search() {
	server, account := standIn()
	defer server.Close()
	server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test"})
	server.AddContact(cfchattest.Contact{Name: "Banjo", Email: "banjo@customer.test"})

	page, err := account.Contacts.Search(context.Background(), "jo@customer.test", cfchat.ContactListOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, contact := range page.Payload {
		fmt.Println(contact.GetEmail())
	}
	// Output:
	// jo@customer.test
	// banjo@customer.test
}

// In a contact filter, Equal matches the whole value, ignoring case.
func ExampleContactsService_Filter() {
	server, account := standIn()
	defer server.Close()
	server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test"})
	server.AddContact(cfchattest.Contact{Name: "Banjo", Email: "banjo@customer.test", Phone: "+14155551000"})

	filter := cfchat.Where(cfchat.Equal(cfchat.AttributeEmail, "Jo@customer.test")).
		Or(cfchat.Equal(cfchat.AttributePhoneNumber, "+14155551000"))
	page, err := account.Contacts.Filter(context.Background(), filter, cfchat.ContactListOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, contact := range page.Payload {
		fmt.Println(contact.GetName())
	}
	// Output:
	// Jo
	// Banjo
}

// By default, List returns the newest 20 messages; with After, it returns those after a given message. Scan reads all of
// them.
func ExampleMessagesService_List() {
	server, account := standIn()
	defer server.Close()
	first := server.AddMessage(1, cfchattest.Message{Content: "Where is my order?"})
	server.AddMessage(1, cfchattest.Message{Content: "It is number 1234."})

	page, err := account.Messages.List(context.Background(), 1, cfchat.MessageListOptions{After: first})
	if err != nil {
		log.Fatal(err)
	}
	for _, message := range page.Payload {
		fmt.Println(message.MessageType, message.Sender.Type, message.GetContent())
	}
	// Output: incoming contact It is number 1234.
}

// Text is delivered as written, even if it looks like a server-side template.
func ExampleMessagesService_Send() {
	server, account := standIn()
	defer server.Close()
	question := server.AddMessage(1, cfchattest.Message{Content: "What is {{contact.email}}?"})

	sent, err := account.Messages.Send(context.Background(), 1, cfchat.MessageCreate{
		Content:   "{{contact.email}} is a template variable.",
		InReplyTo: question,
	})
	if err != nil {
		log.Fatal(err)
	}
	answered, _ := sent.ContentAttributes.Int("in_reply_to")
	fmt.Println(sent.GetStatus(), answered == question, sent.GetContent())

	choice, err := account.Messages.Send(context.Background(), 1, cfchat.MessageCreate{
		Content:     "Is that all?",
		ContentType: cfchat.MessageContentTypeInputSelect,
		Items:       []cfchat.MessageItem{{Title: "Yes", Value: "yes"}, {Title: "No", Value: "no"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(choice.ContentType, choice.ContentAttributes)

	_, err = account.Messages.Send(context.Background(), 1, cfchat.MessageCreate{})
	fmt.Println(errors.Is(err, cfchat.ErrInvalidInput))
	// Output:
	// sent true {{contact.email}} is a template variable.
	// input_select {"items":[{"title":"Yes","value":"yes"},{"title":"No","value":"no"}]}
	// true
}

// A file is streamed from its Reader as it is sent, and downloaded unchanged.
func ExampleMessagesService_Download() {
	server, account := standIn()
	defer server.Close()

	sent, err := account.Messages.Send(context.Background(), 1, cfchat.MessageCreate{
		Content: "The list is attached.",
		Files:   []cfchat.File{{Name: "list.txt", ContentType: "text/plain", Reader: strings.NewReader("one, two, three")}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, attachment := range sent.Attachments {
		var file strings.Builder
		n, err := account.Messages.Download(context.Background(), attachment, &file)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(*attachment.FileType, n, file.String())
	}
	// Output: file 15 one, two, three
}

// A template is filled in only if Template is set. Never set it for text that somebody else has written.
func ExampleMessagesService_Send_template() {
	server, account := standIn()
	defer server.Close()

	sent, err := account.Messages.Send(context.Background(), 1, cfchat.MessageCreate{
		Content: "Hello {{contact.name}}!", Private: true, Template: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sent.GetContent())
	// Output: Hello Contact 1!
}

// The response is lost, so the outcome is unknown. FindSent finds the sent message by its mark.
func ExampleMessagesService_FindSent() {
	server, account := standIn()
	defer server.Close()
	message := cfchat.MessageCreate{Content: "It is on its way.", Mark: "order-17"}

	began := time.Now()
	server.FailNext(cfchat.OperationCreateANewMessageInAConversation, cfchattest.Failure{Cut: true})
	_, err := account.Messages.Send(context.Background(), 1, message)
	if !errors.Is(err, cfchat.ErrUnknownOutcome) {
		log.Fatal(err)
	}
	found, err := account.Messages.FindSent(context.Background(), 1, message, cfchat.SentSince{Time: began})
	switch {
	case err == nil:
		fmt.Println(found.Certain, found.Message.GetContent())
	case errors.Is(err, cfchat.ErrNotFound):
		fmt.Println("it was not stored, so it can be sent again")
	default:
		fmt.Println("look again later:", err)
	}
	// Output: true It is on its way.
}

// However often SendOnce is called, and even if responses are lost, the message is sent only once.
func ExampleMessagesService_SendOnce() {
	server, account := standIn()
	defer server.Close()

	server.FailNext(cfchat.OperationCreateANewMessageInAConversation, cfchattest.Failure{Cut: true})
	for range 2 {
		sent, now, err := account.Messages.SendOnce(context.Background(), 1, cfchat.MessageCreate{Content: "It is on its way.", Mark: "order-17"})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(sent.GetContent(), now)
	}
	fmt.Println(len(server.Delivered(1)))
	// Output:
	// It is on its way. false
	// It is on its way. false
	// 1
}

func ExampleMessagesService_Delete() {
	server, account := standIn()
	defer server.Close()
	id := server.AddMessage(1, cfchattest.Message{Content: "my password is hunter2"})

	deleted, err := account.Messages.Delete(context.Background(), 1, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(deleted.ID == id, deleted.GetContent(), deleted.ContentAttributes)
	// Output: true This message was deleted {"deleted":true}
}

// A program that serves as the channel of an API inbox sets the delivery status of its messages.
func ExampleMessagesService_SetStatus() {
	server, account := standIn()
	defer server.Close()
	id := server.AddMessage(1, cfchattest.Message{Type: cfchat.MessageTypeOutgoing})

	failed, err := account.Messages.SetFailed(context.Background(), 1, id, "no such number")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(failed.GetStatus(), failed.ContentAttributes)

	again, err := account.Messages.Resend(context.Background(), 1, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.GetStatus(), again.ContentAttributes)

	read, err := account.Messages.SetStatus(context.Background(), 1, id, cfchat.MessageStatusRead)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(read.GetStatus())
	// Output:
	// failed {"external_error":"no such number"}
	// sent {}
	// read
}

// Resend sends a failed message again.
func ExampleMessagesService_Resend() {
	server, account := standIn()
	defer server.Close()
	id := server.AddMessage(1, cfchattest.Message{Type: cfchat.MessageTypeOutgoing})

	again, err := account.Messages.Resend(context.Background(), 1, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.ID == id, again.GetStatus())
	// Output: true sent
}

func ExampleConversationsService_Attachments() {
	server, account := standIn()
	defer server.Close()

	page, err := account.Conversations.Attachments(context.Background(), 1, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(page.GetMeta().GetTotalCount(), "attachments")
	// Output: 0 attachments
}

// TestReadme checks that README's first program is the same as those in the package comment and the package example.
func TestReadme(t *testing.T) {
	readme, comment, example := source(t, "README.md"), source(t, "cfchat.go"), source(t, "example_test.go")
	_, program, _ := strings.Cut(readme, "\nfunc main() {")
	program, _, _ = strings.Cut(program, "\n}\n")
	if !strings.Contains(example, "\nfunc Example() {"+program+"\n}\n") {
		t.Error("README.md and Example are not the same program")
	}
	if !strings.Contains(comment, "\n//"+strings.ReplaceAll(program, "\n", "\n//")+"\n//\n") {
		t.Error("README.md and the package comment are not the same program")
	}
}

func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func ExampleContactsService_Update() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Name: "Jo", Phone: "+14155551000", Custom: map[string]any{"plan": "free", "seats": 3}})

	contact, err := account.Contacts.Update(context.Background(), id, cfchat.ContactUpdate{
		Email:            new("jo@customer.test"),
		Clear:            []cfchat.ContactField{cfchat.ContactFieldPhoneNumber},
		CustomAttributes: map[string]any{"plan": "pro"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(contact.GetName(), contact.GetEmail(), contact.PhoneNumber == nil, contact.CustomAttributes)
	// Output: Jo jo@customer.test true {"plan":"pro","seats":3}
}

func ExampleContactsService_RemoveCustomAttributes() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Name: "Jo", Custom: map[string]any{"plan": "pro", "seats": 3}})

	contact, err := account.Contacts.RemoveCustomAttributes(context.Background(), id, []string{"plan"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(contact.CustomAttributes)
	// Output: {"seats":3}
}

func ExampleContactsService_Delete() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Name: "Jo"})

	if err := account.Contacts.Delete(context.Background(), id); err != nil {
		log.Fatal(err)
	}
	_, err := account.Contacts.Get(context.Background(), id)
	fmt.Println(errors.Is(err, cfchat.ErrNotFound))
	// Output: true
}

func ExampleContactsService_Merge() {
	server, account := standIn()
	defer server.Close()
	base := server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test"})
	mergee := server.AddContact(cfchattest.Contact{Name: "Joanna", Phone: "+14155551000"})
	server.AddConversation(cfchattest.Conversation{Contact: mergee})

	merged, err := account.Contacts.Merge(context.Background(), base, mergee)
	if err != nil {
		log.Fatal(err)
	}
	conversations, err := account.Contacts.Conversations(context.Background(), base)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(merged.GetName(), merged.GetPhoneNumber(), len(conversations))
	// Output: Jo +14155551000 1
}

func ExampleContactsService_Conversations() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Name: "Jo"})
	server.AddConversation(cfchattest.Conversation{Contact: id, Status: cfchat.StatusResolved})
	server.AddConversation(cfchattest.Conversation{Contact: id})

	conversations, err := account.Contacts.Conversations(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	for _, conversation := range conversations {
		fmt.Println(conversation.Status)
	}
	// Output:
	// open
	// resolved
}

func ExampleContactsService_ConversationsAll() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Name: "Jo"})
	for range 60 {
		server.AddConversation(cfchattest.Conversation{Contact: id})
	}

	count := 0
	for _, err := range account.Contacts.ConversationsAll(context.Background(), id) {
		if err != nil {
			log.Fatal(err)
		}
		count++
	}
	fmt.Println(count)
	// Output: 60
}

func ExampleContactsService_OpenConversation() {
	server, account := standIn()
	defer server.Close()
	contact, inbox := server.AddContact(cfchattest.Contact{Name: "Jo"}), server.AddInbox(cfchattest.Inbox{Name: "Website"})

	for range 2 {
		opened, err := account.Contacts.OpenConversation(context.Background(), contact, inbox, cfchat.OpenOptions{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(opened.Conversation.Status, opened.Created)
	}
	// Output:
	// open true
	// open false
}

// For a contact without a source id in an API inbox, the server generates a new one on every call.
func ExampleContactsService_Contactable() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Name: "Jo"})

	first, err := account.Contacts.Contactable(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	second, err := account.Contacts.Contactable(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first[0].SourceID == second[0].SourceID)
	// Output: false
}

func ExampleContactsService_SourceIDs() {
	server, account := standIn()
	defer server.Close()
	id := server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test"})
	server.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail, Name: "Support"})

	sources, err := account.Contacts.SourceIDs(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	for _, source := range sources {
		fmt.Println(source.Inbox.Name, source.SourceID)
	}
	// Output: Support jo@customer.test
}

func ExampleContactsService_TakeSource() {
	server, account := standIn()
	defer server.Close()
	inbox := server.AddInbox(cfchattest.Inbox{Name: "Shop"})
	id := server.AddContact(cfchattest.Contact{Name: "Jo"})

	source, err := account.Contacts.TakeSource(context.Background(), id, inbox, "shop-7")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(source.Inbox.Name, source.SourceID)
	// Output: Shop shop-7
}

func ExampleContactsService_AddSource() {
	server, account := standIn()
	defer server.Close()
	support := server.AddInbox(cfchattest.Inbox{Name: "Support", Channel: cfchat.ChannelEmail})
	server.AddContact(cfchattest.Contact{Name: "Mia", Inbox: support, SourceID: "mia@customer.test"})
	id := server.AddContact(cfchattest.Contact{Name: "Jo"})

	source, err := account.Contacts.AddSource(context.Background(), id, support, "jo@customer.test")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(source.Inbox.Name, source.SourceID)

	_, err = account.Contacts.AddSource(context.Background(), id, support, "mia@customer.test")
	fmt.Println(errors.Is(err, cfchat.ErrInvalidInput)) // the server would have taken the source id away from Mia
	// Output:
	// Support jo@customer.test
	// true
}

func ExampleAgentsService_List() {
	server, account := standIn()
	defer server.Close()

	agents, err := account.Agents.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, agent := range agents {
		fmt.Println(agent.Name, agent.GetRole())
	}
	// Output:
	// Ada agent
	// Ada Admin administrator
	// Grace Agent agent
}

func ExampleTeamsService_List() {
	server, account := standIn()
	defer server.Close()
	server.AddTeam(cfchattest.Team{Name: "sales"})

	teams, err := account.Teams.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, team := range teams {
		fmt.Println(team.ID, team.Name)
	}
	// Output: 1 sales
}

func ExampleTeamsService_Get() {
	server, account := standIn()
	defer server.Close()
	id := server.AddTeam(cfchattest.Team{Name: "sales", Description: "first line"})

	team, err := account.Teams.Get(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(team.Name, "is the", team.GetDescription())
	// Output: sales is the first line
}

func ExampleTeamsService_Members() {
	server, account := standIn()
	defer server.Close()
	lin, _ := server.AddAgent(cfchattest.Agent{Name: "Lin"})
	id := server.AddTeam(cfchattest.Team{Name: "sales", Members: []int64{lin}})

	members, err := account.Teams.Members(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	for _, member := range members {
		fmt.Println(member.Name)
	}
	// Output: Lin
}

// An administrator sees every inbox, an agent only the inboxes they are a member of.
func ExampleInboxesService_List() {
	server, account := standIn()
	defer server.Close()
	server.AddInbox(cfchattest.Inbox{Name: "Shop", Channel: cfchat.ChannelWebWidget})

	inboxes, err := account.Inboxes.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, inbox := range inboxes {
		fmt.Println(inbox.ID, inbox.Name, inbox.ChannelType)
	}
	// Output:
	// 1 API inbox Channel::Api
	// 2 Shop Channel::WebWidget
}

// What ConversationsService.Create does depends on whether the inbox is locked to a single conversation per contact.
func ExampleInboxesService_Get() {
	server, account := standIn()
	defer server.Close()
	id := server.AddInbox(cfchattest.Inbox{Name: "Orders", Locked: true})

	inbox, err := account.Inboxes.Get(context.Background(), id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inbox.Name, inbox.GetLockToSingleConversation())
	// Output: Orders true
}

func ExampleInboxesService_Members() {
	server, account := standIn()
	defer server.Close()

	members, err := account.Inboxes.Members(context.Background(), 1)
	if err != nil {
		log.Fatal(err)
	}
	for _, member := range members {
		fmt.Println(member.Name)
	}
	// Output: Grace Agent
}

func ExampleLabelsService_List() {
	server, account := standIn()
	defer server.Close()
	server.AddLabel(cfchattest.Label{Title: "vip", Description: "call them back first"})

	labels, err := account.Labels.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, label := range labels {
		fmt.Println(label.Title, "means:", label.GetDescription())
	}
	// Output: vip means: call them back first
}

func ExampleAttributeDefinitionsService_List() {
	server, account := standIn()
	defer server.Close()
	server.AddCustomAttribute(cfchattest.CustomAttribute{Key: "order_id", Name: "Order", Display: "number"})
	server.AddCustomAttribute(cfchattest.CustomAttribute{Key: "plan", Name: "Plan", Contact: true})

	definitions, err := account.AttributeDefinitions.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range definitions {
		if d.AttributeModel == cfchat.AttributeModelConversation {
			fmt.Println(d.AttributeKey, d.AttributeDisplayName, d.AttributeDisplayType)
		}
	}
	// Output: order_id Order number
}

func ExampleAgentBotsService_List() {
	server, account := standIn()
	defer server.Close()
	server.AddBot(cfchattest.Bot{Name: "Order Bot", Description: "knows where parcels are"})

	bots, err := account.AgentBots.List(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	last := bots[len(bots)-1]
	fmt.Println(last.GetName(), last.GetDescription())
	// Output: Order Bot knows where parcels are
}

func ExampleWebhooksService_List() {
	server, account := standIn(cfchattest.Version("4.16.2"))
	defer server.Close()
	ctx := context.Background()
	if _, err := account.Webhooks.Create(ctx, cfchat.WebhookCreate{URL: "https://example.com/cfchat"}); err != nil {
		log.Fatal(err)
	}

	webhooks, err := account.Webhooks.List(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range webhooks {
		fmt.Println(w.URL, len(w.Subscriptions), "events, secret", w.Secret)
	}
	// Output: https://example.com/cfchat 8 events, secret [redacted]
}

// Store the secret safely, with your other secrets: [webhook.Verify] needs it.
func ExampleWebhooksService_Create() {
	server, account := standIn(cfchattest.Version("4.16.2"))
	defer server.Close()

	w, err := account.Webhooks.Create(context.Background(), cfchat.WebhookCreate{
		URL:           "https://example.com/cfchat",
		Subscriptions: []cfchat.WebhookEvent{cfchat.WebhookEventMessageCreated, cfchat.WebhookEventConversationStatusChanged},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.URL, w.Subscriptions, len(w.Secret.Reveal()))
	// Output: https://example.com/cfchat [message_created conversation_status_changed] 24
}

func ExampleWebhooksService_Update() {
	server, account := standIn()
	defer server.Close()
	ctx := context.Background()
	w, err := account.Webhooks.Create(ctx, cfchat.WebhookCreate{URL: "https://example.com/cfchat"})
	if err != nil {
		log.Fatal(err)
	}

	w, err = account.Webhooks.Update(ctx, w.ID, cfchat.WebhookUpdate{URL: new("https://example.com/chat")})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.URL, len(w.Subscriptions), "events")
	// Output: https://example.com/chat 8 events
}

func ExampleWebhooksService_Delete() {
	server, account := standIn()
	defer server.Close()
	ctx := context.Background()
	w, err := account.Webhooks.Create(ctx, cfchat.WebhookCreate{URL: "https://example.com/cfchat"})
	if err != nil {
		log.Fatal(err)
	}

	if err := account.Webhooks.Delete(ctx, w.ID); err != nil {
		log.Fatal(err)
	}
	fmt.Println(errors.Is(account.Webhooks.Delete(ctx, w.ID), cfchat.ErrNotFound))
	// Output: true
}

// A report shows names instead of ids.
func ExampleAccount_Names() {
	server, account := standIn()
	defer server.Close()

	names, err := account.Names(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	page, err := account.Conversations.List(context.Background(), cfchat.ConversationListOptions{Labels: []string{"vip"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range page.Payload {
		fmt.Println(c.ID, names.Inbox(c.InboxID), names.Agent(c.Meta.Assignee.GetID()))
	}
	// Output: 1 API inbox Ada
}
