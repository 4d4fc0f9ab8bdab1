package cfchat

import (
	"context"
	"errors"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// AttributeDefinitionsService is the custom attributes that an account has defined: [Account.AttributeDefinitions]. Every
// call of the zero value fails with ErrInvalidInput. It is safe for concurrent use.
type AttributeDefinitionsService struct{ core *core }

var definitionsCall = newListCall(operation.GetAccountCustomAttribute, checkDefinition)

// List lists the custom attributes that the account has defined, for conversations, contacts and from 4.14.0 on companies,
// as AttributeModel states, all in one answer and in no order; an empty list if there are none. Conversations and contacts
// may have attributes that are not defined; filters have no rules for those.
//
// GET /api/v1/accounts/{account_id}/custom_attribute_definitions, getAccountCustomAttribute. Key: user.
func (s AttributeDefinitionsService) List(ctx context.Context, opts ...CallOption) ([]AttributeDefinition, error) {
	return listed(definitionsCall.run(ctx, s.core, refusal{}, opts, func(server string) (*http.Request, error) {
		return newGetAccountCustomAttributeRequest(server, s.core.id)
	}))
}

// checkDefinition requires what no other listed thing has.
func checkDefinition(d *AttributeDefinition) error {
	if d.ID <= 0 || d.AttributeKey == "" {
		return errors.New("there is no definition with an id and an attribute_key")
	}
	return nil
}
