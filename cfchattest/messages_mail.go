package cfchattest

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// isAddress is what the server takes for a mail address.
var isAddress = regexp.MustCompile(`^[^@\s,]+@[^@\s,]+\.[^@\s,]+$`)

// mailAttributes adds what a message in an e-mail inbox has: its addresses, and from 4.8.0 on, where it is no note, its text as
// it goes out. Markdown beyond paragraphs is not rendered here (contract, W1.2).
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

// addresses reads a list of mail addresses, separated by commas. Before 2.17.0 a blank after one is wrong.
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
