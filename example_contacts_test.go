package cfchat_test

import (
	"context"
	"fmt"
	"log"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

func ExampleContactsService_ListAll() {
	server, account := standIn()
	defer server.Close()
	for i := range 40 {
		server.AddContact(cfchattest.Contact{Identifier: fmt.Sprintf("crm-%d", i)})
	}

	count := 0
	for _, err := range account.Contacts.ListAll(context.Background(), cfchat.ContactListOptions{WithoutInboxes: true}) {
		if err != nil {
			log.Fatal(err)
		}
		count++
	}
	fmt.Println(count)
	// Output: 40
}

func ExampleContactsService_FilterAll() {
	server, account := standIn()
	defer server.Close()
	server.AddContact(cfchattest.Contact{Name: "Jo", Email: "jo@customer.test", Custom: map[string]any{"plan": "pro"}})
	server.AddContact(cfchattest.Contact{Name: "Mia", Email: "mia@customer.test"})
	server.AddContact(cfchattest.Contact{Name: "Zoe", Email: "zoe@other.test"})

	customers := cfchat.Where(cfchat.Contains(cfchat.AttributeEmail, "@customer.test"))
	for contact, err := range account.Contacts.FilterAll(context.Background(), customers, cfchat.ContactListOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(contact.GetName())
	}
	// Output:
	// Jo
	// Mia
}
