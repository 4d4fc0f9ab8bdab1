package cfchat

import (
	"context"
	"errors"
	"net/http"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// AttributeDefinitionsService is the custom attributes that an account has defined: [Account.AttributeDefinitions]. Of the zero
// value every call fails with ErrInvalidInput. It is safe for concurrent use.
type AttributeDefinitionsService struct{ core *core }

var definitionsCall = newListCall(operation.GetAccountCustomAttribute, checkDefinition)

// List lists the custom attributes that the account has defined, of conversations, contacts and from 4.14.0 on companies, as
// AttributeModel says, all in one answer and in no order; an empty list when there are none. Conversations and contacts may
// have attributes that are not among them, for which a filter has no rule.
//
// GET /api/v1/accounts/{account_id}/custom_attribute_definitions, getAccountCustomAttribute. Key: user.
func (s AttributeDefinitionsService) List(ctx context.Context, opts ...CallOption) ([]AttributeDefinition, error) {
	return listed(definitionsCall.run(ctx, s.core, refusal{}, opts, func(server string) (*http.Request, error) {
		return newGetAccountCustomAttributeRequest(server, s.core.id)
	}))
}

// checkDefinition wants what nothing else has that is listed.
func checkDefinition(d *AttributeDefinition) error {
	if d.ID <= 0 || d.AttributeKey == "" {
		return errors.New("there is no definition with an id and an attribute_key")
	}
	return nil
}
