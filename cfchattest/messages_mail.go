package cfchattest

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// isAddress matches what the server accepts as an e-mail address.
var isAddress = regexp.MustCompile(`^[^@\s,]+@[^@\s,]+\.[^@\s,]+$`)

// mailAttributes adds the attributes of a message in an e-mail inbox: its addresses and, from 4.8.0 on unless it is a note,
// the text as sent. Markdown beyond paragraphs is not rendered here (contract, W1.2).
func (c *caller) mailAttributes(kept map[string]any, m *message) error {
	names := []string{"cc_emails", "bcc_emails"}
	if c.version.AtLeast("3.0.0") {
		names = append(names, "to_emails")
	}
	for _, name := range names {
		addresses, err := c.addresses(name)
		if err != nil {
			return err
		}
		kept[name] = addresses
	}
	if !c.version.AtLeast("4.8.0") || m.GetPrivate() || deref(m.Content) == "" {
		return nil
	}
	text := *m.Content
	page := "<p>" + html.EscapeString(text) + "</p>\n"
	if own, _ := c.params["email_html_content"].(string); own != "" {
		page = own
	}
	kept["email"] = object{
		"html_content": object{"full": page, "reply": page},
		"text_content": object{"full": text, "reply": text},
	}
	return nil
}

// addresses reads a comma-separated list of e-mail addresses. Before 2.17.0 a blank after an address is an error.
func (c *caller) addresses(name string) ([]any, error) {
	list := []any{}
	switch value := c.params[name].(type) {
	case nil:
	case string:
		if value == "" {
			break
		}
		if c.version.AtLeast("2.17.0") {
			value = strings.ReplaceAll(value, " ", "")
		}
		for address := range strings.SplitSeq(value, ",") {
			if !isAddress.MatchString(address) {
				return nil, unprocessable("Invalid email address")
			}
			list = append(list, address)
		}
	default:
		method := "gsub"
		if !c.version.AtLeast("2.17.0") {
			method = "match?"
		}
		return nil, unprocessable(fmt.Sprintf("undefined method `%s' for an instance of Array", method))
	}
	return list, nil
}
