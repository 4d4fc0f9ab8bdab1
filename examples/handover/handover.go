package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cfchat/cfchat-go"
)

// handover is one conversation that is handed over.
type handover struct {
	chat         *cfchat.Chat
	account      *cfchat.Account
	conversation int64
	agent        int64
	note         string
	out          io.Writer
}

// do leaves the note, opens the conversation, and assigns it. The error is that of opening or of assigning: of the note it
// only says so.
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

// leaveNote leaves the note, once. A note that is missing keeps nobody from the conversation.
func (h *handover) leaveNote(ctx context.Context) {
	if h.note == "" {
		return
	}
	_, err := h.account.Messages.Send(ctx, h.conversation, cfchat.MessageCreate{Content: h.note, Private: true})
	switch {
	case errors.Is(err, cfchat.ErrUnknownOutcome):
		h.tell("The note may be there, or not: %v", err)
	case err != nil:
		h.tell("There is no note: %v", err)
	default:
		h.tell("The note is there.")
	}
}

// assign gives the conversation to the person. If it cannot, whoever sees the conversation can take it.
func (h *handover) assign(ctx context.Context) error {
	if info, err := h.chat.ServerInfo(ctx); err == nil && !info.AtLeast("3.6.0") {
		return fmt.Errorf("open for whoever takes it, not assigned: bots assign from 3.6.0 on, and this is %s", info)
	}
	agent, err := h.account.Conversations.Assign(ctx, h.conversation, h.agent)
	switch {
	case errors.Is(err, cfchat.ErrUnknownOutcome):
		return fmt.Errorf("open, and assigned or not; look who has it, or run it again without -note: %w", err)
	case err != nil:
		return fmt.Errorf("open for whoever takes it, not assigned: %w", err)
	}
	h.tell("%s has it.", agent.Name)
	return nil
}

func (h *handover) tell(format string, args ...any) {
	_, _ = fmt.Fprintf(h.out, format+"\n", args...)
}
