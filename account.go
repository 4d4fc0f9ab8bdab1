package cfchat

// Account is one account of a server: its services as fields. [Chat.Account] returns one; every call of the zero Account
// fails with ErrInvalidInput. It is safe for concurrent use.
//
// Every method of a service takes a context first and any number of [CallOption] last, and fails with an [*Error]; input
// that it refuses to send is ErrInvalidInput.
type Account struct {
	Conversations ConversationsService // lists, filters, scans, creates and changes conversations
	Messages      MessagesService      // lists, scans, sends, deletes and resends messages
	Contacts      ContactsService      // finds, lists, creates, changes, merges and deletes contacts
	Agents        AgentsService        // lists the people of the account
	Teams         TeamsService         // lists and gets teams, and lists their members
	Inboxes       InboxesService       // lists and gets inboxes, and lists their members
	Labels        LabelsService        // lists the account's labels

	AttributeDefinitions AttributeDefinitionsService // lists the custom attributes that the account has defined
	AgentBots            AgentBotsService            // lists the bots of the account, without their keys
	Webhooks             WebhooksService             // lists, creates, changes and deletes webhooks

	core *core
}

// Account returns one account of the server, by its id. It sends nothing.
func (c *Chat) Account(id int64) *Account {
	core := &core{chat: c, id: id}
	return &Account{
		Conversations: ConversationsService{core}, Messages: MessagesService{core}, Contacts: ContactsService{core},
		Agents: AgentsService{core}, Teams: TeamsService{core}, Inboxes: InboxesService{core},
		Labels: LabelsService{core}, AttributeDefinitions: AttributeDefinitionsService{core}, AgentBots: AgentBotsService{core},
		Webhooks: WebhooksService{core},
		core:     core,
	}
}

// ID returns the account's id, 0 for the zero Account.
func (a *Account) ID() int64 {
	core := a.shared()
	if core == nil {
		return 0
	}
	return core.id
}

// shared returns what the account shares with its services, nil for the zero Account.
func (a *Account) shared() *core {
	if a == nil {
		return nil
	}
	return a.core
}
