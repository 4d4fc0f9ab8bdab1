package cfchattest

// listAllLabelsOfAContact answers the labels of a contact.
func (c *caller) listAllLabelsOfAContact() (any, error) {
	found, err := c.contactOfPath()
	if err != nil {
		return nil, err
	}
	return labelNames(found.labels), nil
}

// contactAddLabels replaces the labels of a contact (contract, W2.11). Its answer has them as they were sent; all other
// answers have them as they are stored.
func (c *caller) contactAddLabels() (any, error) {
	found, err := c.contactOfPath()
	if err != nil {
		return nil, err
	}
	sent, err := c.sentLabels()
	if err != nil {
		return nil, err
	}
	save := c.savingContact(c.account, found)
	found.labels = c.asTags(sent)
	save()
	return labelNames(sent), nil
}
