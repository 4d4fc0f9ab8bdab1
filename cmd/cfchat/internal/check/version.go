package check

import (
	"cmp"
	"fmt"
	"slices"
)

// version is a release of the server; the zero value means none.
type version [3]int

func (v version) isZero() bool { return v == version{} }

// String returns "3.8.0", or "" for none.
func (v version) String() string {
	if v.isZero() {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2])
}

// MarshalText writes a version as String does.
func (v version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

func (v version) compare(other version) int { return slices.Compare(v[:], other[:]) }

// next returns the first version that a server which names this one cannot be. 4.11.2 is two trees, one of which was meant
// to be 4.12.0 (contract, N).
func (v version) next() version {
	if v == (version{4, 11, 2}) {
		return version{4, 12, 1}
	}
	return version{v[0], v[1], v[2] + 1}
}

// The latest version that the contract knows, and the latest one that a sign distinguishes from those before it.
var (
	newest     = version{4, 16, 2}
	newestSign = version{4, 16, 0}
)

// sign is evidence that a server's version is at least one, or before another.
type sign struct {
	AtLeast version `json:"at_least"`
	Before  version `json:"before"`
	Because string  `json:"because"`
}

// versionRange is the range that all signs allow: from AtLeast on, and before Before.
type versionRange struct {
	Said          version `json:"said"` // by GET /api
	AtLeast       version `json:"at_least"`
	Before        version `json:"before"`
	Contradictory bool    `json:"contradictory"` // no version fits all signs, or what was said does not fit them
	Signs         []sign  `json:"signs"`
}

// rangeOf returns the tightest bounds, with the signs sorted, binding ones first.
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
	r.Contradictory = r.isEmpty()
	slices.SortStableFunc(r.Signs, func(a, b sign) int {
		return cmp.Or(b.AtLeast.compare(a.AtLeast), a.Before.compare(b.Before))
	})
	return r
}

// isEmpty reports whether no version fits all signs.
func (r versionRange) isEmpty() bool { return !r.Before.isZero() && r.AtLeast.compare(r.Before) >= 0 }

// says adds the version that the server claims to be; the zero version if none.
func (r versionRange) says(v version) versionRange {
	r.Said = v
	if !v.isZero() {
		tooOld := r.AtLeast.compare(v.next()) >= 0
		tooNew := !r.Before.isZero() && v.compare(r.Before) >= 0
		r.Contradictory = r.Contradictory || tooOld || tooNew
	}
	return r
}

// binding returns the signs that determine the bounds.
func (r versionRange) binding() (signs []sign) {
	for _, s := range r.Signs {
		if !s.AtLeast.isZero() && s.AtLeast == r.AtLeast || !s.Before.isZero() && s.Before == r.Before {
			signs = append(signs, s)
		}
	}
	return signs
}

// fieldSign is a field that distinguishes versions (contract, 4.1 and N2).
type fieldSign struct {
	thing, field string
	since        version // the first version that sends it, always
	gone         version // the first that no longer sends it
	sometimes    bool    // its absence means nothing
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
	{aCard, "meta", version{4, 3, 0}, version{}, false},
	{anAssignee, "provider", version{4, 7, 0}, version{}, false},
	{anAssignee, assigneeType, version{4, 8, 0}, version{}, false},
	{anAttachment, newKinds, version{4, 9, 0}, version{}, true},
	{aFile, "content_type", version{4, 13, 0}, version{}, false},
	{aMessage, "call", version{4, 14, 0}, version{}, true},       // of the enterprise edition
	{aContact, "company_id", version{4, 15, 0}, version{}, true}, // of the enterprise edition
	{aTeam, "icon", version{4, 16, 0}, version{}, false},
}

// signs returns the signs from present and absent fields. A field that some things have and others lack gives both signs,
// which no version fits.
func (e *evidence) signs() (all []sign) {
	for _, f := range fieldSigns {
		things, with := e.of(f.thing, f.field)
		if with > 0 {
			all = append(all, sign{f.since, f.gone, fmt.Sprintf("%s come with %s", f.thing, f.field)})
		}
		if with < things && !f.sometimes {
			because := fmt.Sprintf("%s come without %s", f.thing, f.field)
			if with > 0 {
				because = "some " + because
			}
			all = append(all, sign{version{}, f.absentBefore(), because})
		}
	}
	return all
}

// absentBefore returns the version that a server without the field is before. Additions of 2.17 were first seen in 2.17.1,
// so 2.17.0 may be on either side.
func (f fieldSign) absentBefore() version {
	if f.since == (version{2, 17, 0}) {
		return version{2, 17, 1}
	}
	return f.since
}
