package cfchat

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// lifetime is the range of versions that know an attribute: those before gone, and those from since on. The zero value means
// all.
type lifetime struct{ gone, since string }

// ends reports whether a server surely does not know an attribute with the lifetime. For an unknown version nothing is sure.
func (l lifetime) ends(server *ServerInfo) bool {
	gone := l.gone == "" || server.AtLeast(l.gone)
	notYet := l.since == "" || server.lacks(l.since)
	return l != lifetime{} && gone && notYet
}

// String returns the versions for people.
func (l lifetime) String() string {
	var parts []string
	if l.gone != "" {
		parts = append(parts, "before "+l.gone)
	}
	if l.since != "" {
		parts = append(parts, "from "+l.since+" on")
	}
	return strings.Join(parts, " and ")
}

// checkVersion refuses rules on attributes that the server's version does not know: before 3.8.0 it would silently leave
// them out, and find what the remaining rules find (contract, 5.2). It asks for the version only if that matters and nothing
// else is wrong.
func (f Filter) checkVersion(ctx context.Context, c *core, standard attributeTable, input *refusal) {
	if !c.mayAsk(ctx, input) {
		return
	}
	for i, r := range f.rules {
		known := standard[Attribute(r.rule.AttributeKey)].known
		if r.raw || known == (lifetime{}) {
			continue
		}
		if server := c.chat.learned(ctx); known.ends(server) {
			reason := fmt.Sprintf("servers know it %s, and this is %s", known, server)
			if server.lacks("3.8.0") {
				reason += ", which would ignore the rule"
			}
			input.rule(i, r, reason)
		}
	}
}

// checkContactLabels refuses to compare labels of contacts where the server would compare a label's number, and a text is a
// 500 (contract, W2.2). Present and Absent work everywhere.
func (f Filter) checkContactLabels(ctx context.Context, c *core, input *refusal) {
	if !c.mayAsk(ctx, input) {
		return
	}
	for i, r := range f.rules {
		compares := Attribute(r.rule.AttributeKey) == AttributeLabels && slices.Contains(equality, r.rule.FilterOperator)
		if compares && !r.raw && c.chat.lacks(ctx, "3.1.1") {
			input.rule(i, r, "servers support it from 3.1.1 on; use ContactListOptions.Labels")
		}
	}
}

// checkOwner refuses an attribute of the other resource. An account may have defined a custom attribute of that name.
func (r Rule) checkOwner(standard, other attributeTable, owner string) error {
	attribute := Attribute(r.rule.AttributeKey)
	_, own := standard[attribute]
	if _, foreign := other[attribute]; own || !foreign {
		return nil
	}
	return fmt.Errorf("it is an attribute of %s; for a custom attribute of this name use RawRule", owner)
}
