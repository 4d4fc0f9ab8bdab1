package cfchat

import (
	"context"
	"errors"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// LabelsService is the labels that an account knows: [Account.Labels]. For one conversation's, see
// [ConversationsService.Labels]. Every call of the zero value fails with ErrInvalidInput. It is safe for concurrent use.
type LabelsService struct{ core *core }

var accountLabelsCall = newCall(operation.ListAllLabels, func(l *LabelList, _ []byte) error { return payload(everyRow(l.Payload, checkLabel)) })

// List lists the labels that the account knows, all in one answer; an empty list if there are none. They are sorted by title
// from 3.0.0 on, and before in no order. Conversations and contacts may have other labels.
//
// GET /api/v1/accounts/{account_id}/labels, listAllLabels. Key: user.
func (s LabelsService) List(ctx context.Context, opts ...CallOption) ([]Label, error) {
	list, err := accountLabelsCall.run(ctx, s.core, refusal{}, opts, func(server string) (*http.Request, error) {
		return newListAllLabelsRequest(server, s.core.id)
	})
	if err != nil {
		return nil, err
	}
	return list.Payload, nil
}

// checkLabel requires what no other listed thing has.
func checkLabel(l *Label) error {
	if l.ID <= 0 || l.Title == "" {
		return errors.New("there is no label with an id and a title")
	}
	return nil
}
