package faults_test

import (
	"context"

	"github.com/cfchat/cfchat-go"
)

var attributeTexts = []errorText{
	{"a priority that is none", asked(func(ctx context.Context, s cfchat.ConversationsService) error { return s.SetPriority(ctx, 42, "none") })},
}
