package main

import (
	"cmp"
	"fmt"
	"slices"
)

// version is a release of the server; the zero value is none.
type version [3]int

func (v version) isZero() bool { return v == version{} }

// String returns "3.8.0", or "" for none.
func (v version) String() string {
	if v.isZero() {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2])
}

// MarshalText writes a version into JSON as String does.
func (v version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

func (v version) compare(other version) int { return slices.Compare(v[:], other[:]) }

// newest is the latest version that the contract knows.
var newest = version{4, 7, 0}

// sign is what tells that a server is at least of one version, or before another.
type sign struct {
	AtLeast version `json:"at_least"`
	Before  version `json:"before"`
	Because string  `json:"because"`
}

// versionRange is what the signs together leave: from AtLeast on, and before Before.
type versionRange struct {
	AtLeast       version `json:"at_least"`
	Before        version `json:"before"`
	Contradictory bool    `json:"contradictory"` // no version fits all signs
	Signs         []sign  `json:"signs"`
}

// rangeOf takes the tightest bounds. The signs come sorted, those that bind first.
func rangeOf(signs []sign) versionRange {
	r := versionRange{Signs: append([]sign{}, signs...)}
	for _, s := range signs {
		if s.AtLeast.compare(r.AtLeast) > 0 {
			r.AtLeast = s.AtLeast
		}
		if !s.Before.isZero() && (r.Before.isZero() || s.Before.compare(r.Before) < 0) {
			r.Before = s.Before
		}
	}
	r.Contradictory = !r.Before.isZero() && r.AtLeast.compare(r.Before) >= 0
	slices.SortStableFunc(r.Signs, func(a, b sign) int {
		return cmp.Or(b.AtLeast.compare(a.AtLeast), a.Before.compare(b.Before))
	})
	return r
}

// binding returns the signs that give the bounds.
func (r versionRange) binding() (signs []sign) {
	for _, s := range r.Signs {
		if !s.AtLeast.isZero() && s.AtLeast == r.AtLeast || !s.Before.isZero() && s.Before == r.Before {
			signs = append(signs, s)
		}
	}
	return signs
}

// fieldSign is a field that tells versions apart (contract, section 4.1).
type fieldSign struct {
	thing, field string
	since        version // the first version that sends it, in every such thing
	gone         version // the first that does not send it any more
	sometimes    bool    // that it does not come says nothing
}

var fieldSigns = []fieldSign{
	{aConversation, "created_at", version{2, 14, 0}, version{}, false},
	{aConversation, "last_activity_at", version{2, 17, 0}, version{}, false},
	{aConversation, "priority", version{2, 17, 0}, version{}, false},
	{aSummary, "last_activity_at", version{2, 17, 0}, version{}, false},
	{aConversation, "uuid", version{2, 18, 0}, version{}, false},
	{aMessage, "processed_message_content", version{2, 18, 0}, version{}, false},
	{aConversation, "waiting_since", version{3, 1, 0}, version{}, false},
	{aMessage, "sentiment", version{3, 1, 0}, version{}, false},
	{aSummary, "contact_inbox", version{3, 1, 0}, version{}, false},
	{aConversation, manyMessages, version{}, version{3, 1, 0}, true},
	{aConversation, manyUnread, version{}, version{3, 1, 0}, true},
	{aConversation, "sla_policy_id", version{3, 7, 0}, version{}, false},
	{anImage, "width", version{3, 7, 0}, version{}, true},
	{anAssignee, "custom_role_id", version{3, 13, 0}, version{}, true}, // of the enterprise edition
	{aMessage, "label_list", version{}, version{3, 16, 0}, true},
	{aConversation, "updated_at", version{4, 0, 2}, version{}, false},
	{aContact, "blocked", version{4, 0, 2}, version{}, false},
	{anAudioFile, "transcribed_text", version{4, 3, 0}, version{}, true},
	{anAssignee, "provider", version{4, 7, 0}, version{}, false},
}

// signs returns what the fields that came, and did not come, tell.
func (e *evidence) signs() (all []sign) {
	for _, f := range fieldSigns {
		things, with := e.of(f.thing, f.field)
		switch {
		case with > 0:
			all = append(all, sign{f.since, f.gone, fmt.Sprintf("%s come with %s", f.thing, f.field)})
		case things > 0 && !f.sometimes:
			all = append(all, sign{version{}, f.absentBefore(), fmt.Sprintf("%s come without %s", f.thing, f.field)})
		}
	}
	return all
}

// absentBefore returns the version before which a server is that does not send the field. What came with 2.17 was first seen in
// 2.17.1, so that 2.17.0 may be on either side.
func (f fieldSign) absentBefore() version {
	if f.since == (version{2, 17, 0}) {
		return version{2, 17, 1}
	}
	return f.since
}
