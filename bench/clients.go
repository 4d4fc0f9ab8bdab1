package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/ogen-go/ogen/ogenerrors"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/bench/ogenclient"
)

const (
	key       = "a-key-of-a-user-0123456789"
	accountID = 1
	shownID   = 1 // of the recorded answers
	toggledID = 6
	talkID    = 70
)

// The clients that are also measured alone.
const (
	byHandName  = "by hand"
	accountName = "Account"
)

// call makes one request and fails unless the answer is as expected.
type call func(context.Context) error

// client is one way to make the compared calls.
type client struct {
	name                      string
	list, window, get, toggle call
}

// newClients returns the clients for a server.
func newClients(server string, transport http.RoundTripper) ([]client, error) {
	through := &http.Client{Transport: transport}
	account, err := accountClient(server, through)
	if err != nil {
		return nil, err
	}
	stock, err := stockClient(server, through)
	if err != nil {
		return nil, err
	}
	ogen, err := ogenClient(server, through)
	if err != nil {
		return nil, err
	}
	limited := *through
	limited.Timeout = 30 * time.Second // as Account bounds each try
	return []client{handClient(byHandName, server, through), handClient("by hand, bounded", server, &limited), account, stock, ogen}, nil
}

// handClient does what a hand-written program would: net/http, io.ReadAll, json.Unmarshal, into the same types.
func handClient(name, server string, through *http.Client) client {
	conversations := fmt.Sprintf("%s/api/v1/accounts/%d/conversations", server, accountID)
	return client{
		name: name,
		list: func(ctx context.Context) error {
			var list cfchat.ConversationListAnswer
			if err := byHand(ctx, through, http.MethodGet, conversations, nil, &list); err != nil {
				return err
			}
			return checkPage(len(list.Data.Payload))
		},
		window: func(ctx context.Context) error {
			var page cfchat.MessagePage
			if err := byHand(ctx, through, http.MethodGet, fmt.Sprintf("%s/%d/messages?after=%d&before=%d", conversations, talkID, 1, windowSize+1), nil, &page); err != nil {
				return err
			}
			return checkWindow(len(page.Payload))
		},
		get: func(ctx context.Context) error {
			var conversation cfchat.Conversation
			if err := byHand(ctx, through, http.MethodGet, fmt.Sprintf("%s/%d", conversations, shownID), nil, &conversation); err != nil {
				return err
			}
			return checkID(conversation.ID)
		},
		toggle: func(ctx context.Context) error {
			var change cfchat.ToggleStatusResult
			body := cfchat.ToggleStatusRequest{Status: cfchat.StatusPending}
			if err := byHand(ctx, through, http.MethodPost, fmt.Sprintf("%s/%d/toggle_status", conversations, toggledID), body, &change); err != nil {
				return err
			}
			return checkID(change.Payload.ConversationID)
		},
	}
}

func byHand(ctx context.Context, through *http.Client, method, address string, body, into any) error {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, sent)
	if err != nil {
		return err
	}
	req.Header["api_access_token"] = []string{key}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := through.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s", resp.Status)
	}
	return json.Unmarshal(answer, into)
}

// accountClient uses this module as intended.
func accountClient(server string, through *http.Client) (client, error) {
	chat, err := cfchat.New(cfchat.Config{Server: server, Keys: auth.Keys{User: auth.NewKey(key)}, HTTPClient: through})
	if err != nil {
		return client{}, err
	}
	account := chat.Account(accountID)
	return client{
		name: accountName,
		list: func(ctx context.Context) error {
			page, err := account.Conversations.List(ctx, cfchat.ConversationListOptions{})
			if err != nil {
				return err
			}
			return checkPage(len(page.Payload))
		},
		window: func(ctx context.Context) error {
			page, err := account.Messages.List(ctx, talkID, cfchat.MessageListOptions{After: 1, Before: windowSize + 1})
			if err != nil {
				return err
			}
			return checkWindow(len(page.Payload))
		},
		get: func(ctx context.Context) error {
			conversation, err := account.Conversations.Get(ctx, shownID)
			if err != nil {
				return err
			}
			return checkID(conversation.ID)
		},
		toggle: func(ctx context.Context) error {
			change, err := account.Conversations.SetStatus(ctx, toggledID, cfchat.StatusPending)
			if err != nil {
				return err
			}
			return checkID(change.ConversationID)
		},
	}, nil
}

// stockClient uses the generated client without the chain.
func stockClient(server string, through *http.Client) (client, error) {
	keys := auth.Keys{User: auth.NewKey(key)}
	stock, err := cfchat.NewClientWithResponses(server, cfchat.WithHTTPClient(through), cfchat.WithRequestEditorFn(keys.Edit))
	if err != nil {
		return client{}, err
	}
	return client{
		name: "stock client",
		list: func(ctx context.Context) error {
			resp, err := stock.ConversationListWithResponse(ctx, accountID, nil)
			if err != nil {
				return err
			}
			return checkPage(len(resp.JSON200.Data.Payload))
		},
		window: func(ctx context.Context) error {
			resp, err := stock.ListAllMessagesWithResponse(ctx, accountID, talkID, &cfchat.ListAllMessagesParams{After: new(int64(1)), Before: new(int64(windowSize + 1))})
			if err != nil {
				return err
			}
			return checkWindow(len(resp.JSON200.Payload))
		},
		get: func(ctx context.Context) error {
			resp, err := stock.GetDetailsOfAConversationWithResponse(ctx, accountID, shownID)
			if err != nil {
				return err
			}
			return checkID(resp.JSON200.ID)
		},
		toggle: func(ctx context.Context) error {
			resp, err := stock.ToggleStatusOfAConversationWithResponse(ctx, accountID, toggledID,
				cfchat.ToggleStatusRequest{Status: cfchat.StatusPending})
			if err != nil {
				return err
			}
			return checkID(resp.JSON200.Payload.ConversationID)
		},
	}, nil
}

// ogenKeys provides the key to ogen's client.
type ogenKeys struct{}

func (ogenKeys) UserApiKey(context.Context, ogenclient.OperationName) (ogenclient.UserApiKey, error) {
	return ogenclient.UserApiKey{APIKey: key}, nil
}

func (ogenKeys) AgentBotApiKey(context.Context, ogenclient.OperationName) (ogenclient.AgentBotApiKey, error) {
	return ogenclient.AgentBotApiKey{}, ogenerrors.ErrSkipClientSecurity
}

// ogenClient uses the client that ogen generates from the same openapi.yaml.
func ogenClient(server string, through *http.Client) (client, error) {
	ogen, err := ogenclient.NewClient(server, ogenKeys{}, ogenclient.WithClient(through))
	if err != nil {
		return client{}, err
	}
	return client{
		name: "ogen",
		list: func(ctx context.Context) error {
			list, err := ogen.ConversationList(ctx, ogenclient.ConversationListParams{AccountID: accountID})
			if err != nil {
				return err
			}
			return checkPage(len(list.Data.Payload))
		},
		window: func(ctx context.Context) error {
			page, err := ogen.ListAllMessages(ctx, ogenclient.ListAllMessagesParams{
				AccountID: accountID, ConversationID: talkID, After: ogenclient.NewOptInt64(1), Before: ogenclient.NewOptInt64(windowSize + 1),
			})
			if err != nil {
				return err
			}
			return checkWindow(len(page.Payload))
		},
		get: func(ctx context.Context) error {
			conversation, err := ogen.GetDetailsOfAConversation(ctx, ogenclient.GetDetailsOfAConversationParams{
				AccountID: accountID, ConversationID: shownID,
			})
			if err != nil {
				return err
			}
			return checkID(conversation.ID)
		},
		toggle: func(ctx context.Context) error {
			status := ogenclient.OptToggleStatusRequest{}
			status.SetTo(ogenclient.ToggleStatusRequest{Status: ogenclient.NewOptNilStatus(ogenclient.StatusPending)})
			change, err := ogen.ToggleStatusOfAConversation(ctx, status, ogenclient.ToggleStatusOfAConversationParams{
				AccountID: accountID, ConversationID: toggledID,
			})
			if err != nil {
				return err
			}
			return checkID(change.Payload.ConversationID)
		},
	}, nil
}

func checkPage(rows int) error {
	if rows != 25 {
		return fmt.Errorf("%d conversations, not 25", rows)
	}
	return nil
}

func checkWindow(rows int) error {
	if rows != windowSize {
		return fmt.Errorf("%d messages, not %d", rows, windowSize)
	}
	return nil
}

// errEmpty is the error for an answer that was accepted but is empty.
var errEmpty = errors.New("the answer has no id")

func checkID(id int64) error {
	if id <= 0 {
		return errEmpty
	}
	return nil
}
