package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cfchat/cfchat-go"
)

// handover is the handover of one conversation.
type handover struct {
	chat         *cfchat.Chat
	account      *cfchat.Account
	conversation int64
	agent        int64
	note         string
	out          io.Writer
}

// do leaves the note, opens the conversation, and assigns it. It returns an error of opening or assigning; one of the note
// it only prints.
func (h *handover) do(ctx context.Context) error {
	h.leaveNote(ctx)
	_, err := h.account.Conversations.SetStatus(ctx, h.conversation, cfchat.StatusOpen)
	if errors.Is(err, cfchat.ErrUnknownOutcome) {
		_, err = h.account.Conversations.SetStatus(ctx, h.conversation, cfchat.StatusOpen)
	}
	if err != nil {
		return err
	}
	h.tell("It is open.")
	if h.agent == 0 {
		return nil
	}
	return h.assign(ctx)
}

// leaveNote leaves the note, once. A missing note does not stop the handover.
func (h *handover) leaveNote(ctx context.Context) {
	if h.note == "" {
		return
	}
	_, err := h.account.Messages.Send(ctx, h.conversation, cfchat.MessageCreate{Content: h.note, Private: true})
	switch {
	case errors.Is(err, cfchat.ErrUnknownOutcome):
		h.tell("The note may or may not be there: %v", err)
	case err != nil:
		h.tell("There is no note: %v", err)
	default:
		h.tell("The note is there.")
	}
}

// assign assigns the conversation to the person. If that fails, anybody who sees the conversation can take it.
func (h *handover) assign(ctx context.Context) error {
	if info, err := h.chat.ServerInfo(ctx); err == nil && !info.AtLeast("3.6.0") {
		return fmt.Errorf("open for anybody, not assigned: bots can assign from 3.6.0 on, and this is %s", info)
	}
	agent, err := h.account.Conversations.Assign(ctx, h.conversation, h.agent)
	switch {
	case errors.Is(err, cfchat.ErrUnknownOutcome):
		return fmt.Errorf("open, but may or may not be assigned; check who has it, or run this again without -note: %w", err)
	case err != nil:
		return fmt.Errorf("open for anybody, not assigned: %w", err)
	}
	h.tell("%s has it.", agent.Name)
	return nil
}

func (h *handover) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(h.out, format+"\n", args...)
}
