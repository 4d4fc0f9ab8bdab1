package cfchat

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// The checks in this file refuse what the server would read as something else. What it refuses by itself, in clear
// words, is left to it.

// checkID refuses ids that cannot exist.
func checkID(field string, id int64) error {
	if id <= 0 {
		return invalid("%s: %d is not an id; ids start at 1", field, id)
	}
	return nil
}

// checkPage refuses pages that the server reads as the first, over and over.
func checkPage(field string, page int64) error {
	if page <= 0 {
		return invalid("%s: %d is not a page; pages start at 1", field, page)
	}
	return nil
}

// checkStatus refuses a status that is a 500, or, empty, flips the status.
func checkStatus(field string, status Status) error {
	if !status.Valid() {
		return invalid("%s: %q is not a status; use open, resolved, pending or snoozed", field, status)
	}
	return nil
}

// checkSnooze refuses times that cannot be meant.
func checkSnooze(until time.Time) error {
	if until.Unix() <= 0 {
		return invalid("until: %s is not after 1970; use the zero time for the next reply", until.Format(time.RFC3339))
	}
	return nil
}

// listParams checks parameters and returns a copy without the empty ones, because the server reads an empty parameter
// as one that matches nothing, or everything (contract, section 1.2).
func listParams(given *ConversationListParams) (*ConversationListParams, error) {
	if given == nil {
		return nil, nil
	}
	p := *given
	p.Q, p.SourceID = nonEmpty(p.Q), nonEmpty(p.SourceID)
	p.Status, p.AssigneeType = nonEmpty(p.Status), nonEmpty(p.AssigneeType)
	p.SortBy, p.ConversationType = nonEmpty(p.SortBy), nonEmpty(p.ConversationType)
	if len(p.Labels) == 0 {
		p.Labels = nil
	}
	switch {
	case p.Status != nil && !p.Status.Valid():
		return nil, invalid("Status: the server finds nothing for %q; use a ListStatus constant", *p.Status)
	case p.AssigneeType != nil && !p.AssigneeType.Valid():
		return nil, invalid("AssigneeType: the server reads %q as all; use an AssigneeType constant", *p.AssigneeType)
	case p.SortBy != nil && !p.SortBy.Valid():
		return nil, invalid("SortBy: the server reads %q as latest; use a SortBy constant", *p.SortBy)
	case p.ConversationType != nil && !p.ConversationType.Valid():
		return nil, invalid("ConversationType: the server ignores %q; use a ConversationType constant", *p.ConversationType)
	case p.UpdatedWithin != nil && *p.UpdatedWithin <= 0:
		return nil, invalid("UpdatedWithin: %d is not a number of seconds from 1", *p.UpdatedWithin)
	}
	if err := checkIDs(map[string]*int64{"InboxID": p.InboxID, "TeamID": p.TeamID}); err != nil {
		return nil, err
	}
	if p.Page != nil {
		if err := checkPage("Page", *p.Page); err != nil {
			return nil, err
		}
	}
	return &p, checkLabels(p.Labels)
}

// nonEmpty is nil for an empty text.
func nonEmpty[T ~string](text *T) *T {
	if text == nil || *text == "" {
		return nil
	}
	return text
}

// checkIDs checks the ids that are set.
func checkIDs(ids map[string]*int64) error {
	for field, id := range ids {
		if id != nil {
			if err := checkID(field, *id); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkLabels refuses labels that the comma list cannot carry: the server splits at commas, drops blank ones, and takes
// quotes at an end for its own (contract, section 6.4).
func checkLabels(labels []string) error {
	for i, label := range labels {
		switch {
		case strings.TrimSpace(label) != label || label == "":
			return invalid("Labels[%d]: %q is empty or has blanks around it; trim it, or leave it out", i, label)
		case strings.Contains(label, ",") || strings.ContainsAny(label[:1], "\"'"):
			return invalid("Labels[%d]: %q has a comma, or a quote in front, which the server reads as punctuation; "+
				"filter with Equal(\"labels\", …) instead", i, label)
		}
	}
	return nil
}

// checkCreate refuses a conversation that the server would create from something else than what is given.
func checkCreate(b NewConversationRequest) error {
	switch {
	case b.SourceID != nil && *b.SourceID == "":
		return invalid("SourceID: it is empty, which the server looks up and does not find; leave it nil")
	case (b.InboxID == nil) != (b.ContactID == nil):
		return invalid("InboxID and ContactID: the server ignores one without the other; set both or neither")
	case b.SourceID == nil && b.InboxID == nil:
		return invalid("SourceID: set it, or InboxID and ContactID")
	case b.SnoozedUntil != nil && (b.Status == nil || *b.Status != StatusSnoozed):
		return invalid("SnoozedUntil: the server drops it unless Status is snoozed")
	}
	if b.Status != nil {
		if err := checkStatus("Status", *b.Status); err != nil {
			return err
		}
	}
	if b.SnoozedUntil != nil {
		if _, err := b.SnoozedUntil.Time(); err != nil {
			return invalid("SnoozedUntil: %q is not a time; use NewISOTime", *b.SnoozedUntil)
		}
	}
	ids := map[string]*int64{"InboxID": b.InboxID, "ContactID": b.ContactID, "AssigneeID": b.AssigneeID, "TeamID": b.TeamID}
	if err := checkIDs(ids); err != nil {
		return err
	}
	if err := checkAttributes("AdditionalAttributes", b.AdditionalAttributes); err != nil {
		return err
	}
	return checkAttributes("CustomAttributes", b.CustomAttributes)
}

// checkAttributes refuses values that JSON does not have, such as NaN.
func checkAttributes(field string, attributes Attributes) error {
	for key, value := range attributes {
		if _, err := json.Marshal(value); err != nil {
			return invalid("%s[%q]: %w; JSON has no such value", field, key, err)
		}
	}
	return nil
}

// checkTeamKey refuses a team together with a bot's key: every version then stores the conversation and answers 500.
func (a *Account) checkTeamKey(ctx context.Context) error {
	if a == nil || a.chat == nil || ctx == nil {
		return nil // check says it better
	}
	if scheme, err := a.chat.keys.Scheme(ctx, operation.NewConversation.ID); err == nil && scheme == auth.AgentBotAPIKey {
		return invalid("TeamID: with an agent bot's key the server stores the conversation and answers 500; " +
			"call with auth.With(ctx, auth.UserAPIKey), or leave the team out")
	}
	return nil
}
