package check

import (
	"context"
	"slices"
	"time"

	"github.com/cfchat/cfchat-go"
)

// question is a filter that every version answers with a page.
type question struct {
	what     string
	branches branches
	page     int
	fits     func(cfchat.Conversation) bool // nil for any
}

// questions returns one filter per kind of rule, except rules on custom attributes, which each account defines.
func questions(ids []int64) []question {
	future := time.Now().UTC().AddDate(0, 0, 2).Format(time.DateOnly) // whatever the server's clock says
	return []question{
		{"a filter by status", branches{{cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusOpen)}}, 1,
			func(v cfchat.Conversation) bool { return v.Status == cfchat.StatusOpen }},
		{"a filter by ids", branches{{
			cfchat.Equal(cfchat.AttributeDisplayID, anys(ids)...), cfchat.NotEqual(cfchat.AttributeInboxID, noConversation),
		}}, 1, func(v cfchat.Conversation) bool { return slices.Contains(ids, v.ID) }},
		{"a filter by what is there", branches{{cfchat.Absent(cfchat.AttributeAssigneeID)}, {cfchat.Present(cfchat.AttributeLabels)}}, 1, nil},
		{"a filter by text", branches{
			{cfchat.Contains(cfchat.AttributeMailSubject, "a")}, {cfchat.DoesNotContain(cfchat.AttributeReferer, "a")},
		}, 1, nil},
		{"a filter by days", branches{{
			cfchat.GreaterThan(cfchat.AttributeCreatedAt, "2000-01-01"), cfchat.LessThan(cfchat.AttributeCreatedAt, future),
		}}, 1, nil},
		{"a page beyond the last", branches{{cfchat.Equal(cfchat.AttributeStatus, cfchat.StatusAll)}}, farPage,
			func(cfchat.Conversation) bool { return false }},
	}
}

// readFilters asks the questions about the conversations from the lists.
func (c *checker) readFilters(ctx context.Context) error {
	ids := c.some()
	if len(ids) == 0 {
		ids = []int64{noConversation}
	}
	for _, ask := range questions(ids) {
		page, err := c.account.Conversations.Filter(ctx, ask.branches.with(), ask.page)
		c.sent(opFilter)
		if isUnrendered(err) && ask.page == 1 {
			page, err = c.filterAgain(ctx, ask, err)
		}
		if err := c.take(ctx, opFilter, ask.what, err); err != nil {
			return err
		}
		if page != nil && ask.fits != nil && slices.ContainsFunc(page.Payload, func(v cfchat.Conversation) bool { return !ask.fits(v) }) {
			c.report.problem(opFilter, ask.what+": it has conversations that do not belong there")
		}
		if page != nil && ask.page == 1 {
			c.checkFilterPage(ask.what, page)
		}
	}
	return nil
}

func anys(ids []int64) []any {
	all := make([]any, len(ids))
	for i, id := range ids {
		all[i] = id
	}
	return all
}
