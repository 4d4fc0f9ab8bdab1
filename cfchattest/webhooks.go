package cfchattest

// accountWebhook is a row of /webhooks.
type accountWebhook struct {
	id            int64
	name          *string
	url           string
	subscriptions []string
	secret        string
	inboxID       int64 // which the server keeps, and never looks at; 0 for none
}
