package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// talkative returns a stand-in with conversations that have the given numbers of messages.
func talkative(t *testing.T, messages ...int) *cfchattest.Server {
	server := cfchattest.New(t)
	for _, n := range messages {
		id := server.AddConversation(cfchattest.Conversation{})
		for range n {
			server.AddMessage(id, cfchattest.Message{})
		}
	}
	return server
}

// placesOf returns what a scan of all messages yields, as conversation/message, and the error that ends it.
func placesOf(ctx context.Context, account *cfchat.Account, options cfchat.MessageScanAllOptions) (places []string, end error) {
	for m, err := range account.Messages.ScanAll(ctx, cfchat.Filter{}, options) {
		e, ok := errors.AsType[*cfchat.Error](err)
		switch {
		case end != nil:
			places = append(places, "after the end")
		case err == nil:
			places = append(places, fmt.Sprintf("%d/%d", m.ConversationID, m.ID))
		case ok && e.MessageID != 0:
			places = append(places, fmt.Sprintf("%d/%d broken", e.ConversationID, e.MessageID))
		case ok && e.ConversationID != 0:
			places = append(places, fmt.Sprintf("%d broken", e.ConversationID))
		default:
			end = err
		}
	}
	return places, end
}

// TestMessageScanAll checks that every message is yielded in order, and that a scan can be resumed after any of them.
func TestMessageScanAll(t *testing.T) {
	t.Parallel()
	server := talkative(t, 2, 0, 40, 1, 3, 0, 2, 5)
	account := server.Account(t)
	var told cfchat.MessageScanAllProgress
	options := cfchat.MessageScanAllOptions{Progress: func(p cfchat.MessageScanAllProgress) { told = p }}
	all, err := placesOf(t.Context(), account, options)
	if err != nil || len(all) < 53 || told.Requests < 8 {
		t.Fatalf("%v, %v, progress %+v", all, err, told)
	}
	for i, place := range all {
		var at cfchat.MessageScanAllOptions
		if _, err := fmt.Sscanf(place, "%d/%d", &at.ConversationID, &at.After); err != nil {
			t.Fatal(err)
		}
		if rest, err := placesOf(t.Context(), account, at); err != nil || !slices.Equal(rest, all[i+1:]) {
			t.Errorf("resumed after %s: %v, %v", place, rest, err)
		}
		if i > 0 && sortable(all[i-1]) >= sortable(place) {
			t.Errorf("%s is yielded before %s", all[i-1], place)
		}
	}
}

func sortable(place string) string {
	var conversation, message int
	_, _ = fmt.Sscanf(place, "%d/%d", &conversation, &message)
	return fmt.Sprintf("%09d/%09d", conversation, message)
}

// TestMessageScanAllConversation checks that each conversation is reported once, before its messages, even if it has none,
// and even if its messages are unreadable, as long as it can be listed; and that the scan ends with Until.
func TestMessageScanAllConversation(t *testing.T) {
	t.Parallel()
	server := talkative(t, 2, 0, 40, 1, 3)
	gone, _ := server.Conversation(4)
	server.DeleteContact(gone.Meta.Sender.ID)
	account := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/5/messages") {
			return internalError(), nil
		}
		return server.Transport().RoundTrip(req)
	}), func(config *cfchat.Config) { config.Server, config.Keys = server.Config().Server, server.Config().Keys }).Account(server.AccountID())
	for name, c := range map[string]struct {
		options cfchat.MessageScanAllOptions
		want    string
	}{
		"all":     {cfchat.MessageScanAllOptions{}, "told 1, told 2, told 3, broken 4, told 5, broken 5"},
		"a part":  {cfchat.MessageScanAllOptions{ConversationID: 2, Until: 3}, "told 2, told 3"},
		"one":     {cfchat.MessageScanAllOptions{ConversationID: 3, Until: 3}, "told 3"},
		"resumed": {cfchat.MessageScanAllOptions{ConversationID: 1, After: 1, Until: 2, Concurrency: 1}, "told 1, told 2"},
	} {
		t.Run(name, func(t *testing.T) {
			var came []string
			at := int64(0)
			c.options.Conversation = func(c *cfchat.Conversation) {
				at = c.ID
				if came = append(came, fmt.Sprint("told ", c.ID)); len(c.JSON()) == 0 {
					t.Errorf("conversation %d has no JSON", c.ID)
				}
			}
			for m, err := range account.Messages.ScanAll(t.Context(), cfchat.Filter{}, c.options, cfchat.KeepJSON()) {
				if e, ok := errors.AsType[*cfchat.Error](err); ok {
					came = append(came, fmt.Sprint("broken ", e.ConversationID))
				} else if m.ConversationID != at {
					t.Errorf("a message of conversation %d is yielded after conversation %d was reported", m.ConversationID, at)
				}
			}
			if got := strings.Join(came, ", "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestMessageScanAllBroken checks that an unreadable conversation is reported and the scan continues.
func TestMessageScanAllBroken(t *testing.T) {
	server := talkative(t, 3, 3, 3, 3)
	account := server.Account(t)
	all, err := placesOf(t.Context(), account, cfchat.MessageScanAllOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lost, _ := server.Conversation(2)
	server.DeleteContact(lost.Meta.Sender.ID)
	places, err := placesOf(t.Context(), account, cfchat.MessageScanAllOptions{})
	var want []string
	for _, place := range all {
		if !strings.HasPrefix(place, "2/") {
			want = append(want, place)
		} else if !slices.Contains(want, "2 broken") {
			want = append(want, "2 broken")
		}
	}
	if err != nil || !slices.Equal(places, want) {
		t.Errorf("got %v, want %v; %v", places, want, err)
	}
}

// TestMessageScanAllUnreadable checks that a conversation that is listed, but whose messages are a 500, is reported if
// another can be read; if none can, none is blamed.
func TestMessageScanAllUnreadable(t *testing.T) {
	for _, c := range []struct {
		broken []int64
		want   string
	}{
		{nil, "1/1 2/2 3/3 4/4"},
		{[]int64{1}, "1 broken 2/2 3/3 4/4"},
		{[]int64{1, 2, 3}, "1 broken 2 broken 3 broken 4/4"},
		{[]int64{2, 4}, "1/1 2 broken 3/3 4 broken"},
		{[]int64{1, 2, 3, 4}, ""},
	} {
		server := talkative(t, 1, 1, 1, 1)
		account := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			for _, id := range c.broken {
				if strings.HasSuffix(req.URL.Path, fmt.Sprintf("/conversations/%d/messages", id)) {
					return internalError(), nil
				}
			}
			return server.Transport().RoundTrip(req)
		}), func(config *cfchat.Config) { config.Server, config.Keys = server.Config().Server, server.Config().Keys }).Account(server.AccountID())
		places, err := placesOf(t.Context(), account, cfchat.MessageScanAllOptions{})
		if got := strings.Join(places, " "); got != c.want || (err != nil) != (c.want == "") {
			t.Errorf("broken %v: got %q, %v", c.broken, got, err)
		}
	}
}

// TestMessageScanAllClosed checks that each conversation that older servers list and then call closed to an agent is
// reported, however many of them come first, and that the agent's own are read.
func TestMessageScanAllClosed(t *testing.T) {
	for _, version := range []string{"2.16.0", "3.0.0", "4.0.2"} {
		server := cfchattest.New(t, cfchattest.Version(version))
		agent, key := server.AddAgent(cfchattest.Agent{Name: "Ann"})
		inboxes := map[bool]int64{true: server.AddInbox(cfchattest.Inbox{Members: []int64{agent}}), false: server.AddInbox(cfchattest.Inbox{})}
		var want []string
		for i := range 60 {
			id := server.AddConversation(cfchattest.Conversation{Inbox: inboxes[i == 59]})
			if message := server.AddMessage(id, cfchattest.Message{}); i == 59 {
				want = append(want, fmt.Sprintf("%d/%d", id, message))
			} else {
				want = append(want, fmt.Sprintf("%d broken", id))
			}
		}
		account := server.Account(t, func(c *cfchat.Config) { c.Keys = auth.Keys{User: auth.NewKey(key)} })
		before := len(server.Requests())
		places, err := placesOf(t.Context(), account, cfchat.MessageScanAllOptions{})
		if err != nil || !slices.Equal(places, want) {
			t.Errorf("%s: %v, %v", version, places, err)
		}
		if n := len(server.Requests()) - before; n > 3*60+20 {
			t.Errorf("%s: %d requests", version, n)
		}
	}
}

// TestMessageScanAllBrokenMessage checks that an unreadable message is reported and the scan continues.
func TestMessageScanAllBrokenMessage(t *testing.T) {
	server := talkative(t, 3, 3)
	server.BreakMessage(1, 2)
	places, err := placesOf(t.Context(), server.Account(t), cfchat.MessageScanAllOptions{})
	if got := strings.Join(places, " "); err != nil || got != "1/1 1/2 broken 1/3 2/4 2/5 2/6" {
		t.Errorf("%s, %v", got, err)
	}
}

// TestMessageScanAllOutage checks that an outage is not blamed on a conversation: it ends the scan, and the messages yielded
// before it are complete.
func TestMessageScanAllOutage(t *testing.T) {
	t.Parallel()
	for n := 1; n < 20; n++ {
		server := talkative(t, 3, 3, 3, 3, 3, 3)
		account := server.Account(t, func(c *cfchat.Config) { c.Retry = cfchat.Retry{MaxTries: 1} })
		all, _ := placesOf(t.Context(), account, cfchat.MessageScanAllOptions{})
		server.FailEvery(cfchat.OperationListAllMessages, n, cfchattest.Failure{Status: 401})
		places, err := placesOf(t.Context(), account, cfchat.MessageScanAllOptions{})
		e, ok := errors.AsType[*cfchat.Error](err)
		if !slices.Equal(places, all[:len(places)]) || err == nil && len(places) < len(all) {
			t.Errorf("%d: %v, %v", n, places, err)
		}
		if err != nil && (!ok || !errors.Is(err, cfchat.ErrUnauthorized) || e.ConversationID != 0 || !strings.Contains(err.Error(), "while conversation ")) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

// TestMessageScanAllFindsNone checks that the error names no conversation if the conversations cannot be searched for.
func TestMessageScanAllFindsNone(t *testing.T) {
	server := talkative(t, 3)
	server.FailEvery("conversation_filter", 1, cfchattest.Failure{Status: 401})
	places, err := placesOf(t.Context(), server.Account(t), cfchat.MessageScanAllOptions{})
	if len(places) > 0 || !errors.Is(err, cfchat.ErrUnauthorized) || strings.Contains(err.Error(), "conversation ") {
		t.Errorf("%v, %v", places, err)
	}
}

// TestMessageScanAllStops checks that the scan leaves nothing running, however the loop is left.
func TestMessageScanAllStops(t *testing.T) {
	for leave := range 12 {
		synctest.Test(t, func(t *testing.T) {
			server := talkative(t, 3, 3, 3, 3)
			ctx, cancel := context.WithCancel(t.Context())
			n, end := 0, error(nil)
			for _, err := range server.Account(t).Messages.ScanAll(ctx, cfchat.Filter{}, cfchat.MessageScanAllOptions{Concurrency: 2}) {
				if n++; err != nil {
					end = err
				}
				if n == leave {
					if leave%2 == 0 {
						break
					}
					cancel()
				}
			}
			cancel()
			if leave%2 == 1 && leave < 4 && !errors.Is(end, context.Canceled) {
				t.Errorf("canceled at %d: %v", leave, end)
			}
			time.Sleep(time.Hour)
		})
	}
}

// TestMessageScanAllInput checks that invalid input is refused before anything is sent.
func TestMessageScanAllInput(t *testing.T) {
	messages := cfchattest.New(t).Account(t).Messages
	for want, options := range map[string]cfchat.MessageScanAllOptions{
		"ConversationID": {ConversationID: -1}, "After": {After: 5}, "Concurrency": {Concurrency: -1}, "Until": {ConversationID: 5, Until: 4},
	} {
		for _, err := range messages.ScanAll(t.Context(), cfchat.Filter{}, options) {
			if e, ok := errors.AsType[*cfchat.Error](err); !ok || !errors.Is(err, cfchat.ErrInvalidInput) || e.Fields[0].Field != want {
				t.Errorf("%s: %v", want, err)
			}
		}
	}
}
