package check

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/internal/recordings"
)

// TestRecordedVersions checks the guessed versions of the recorded servers, from each successful answer alone and from all
// together.
func TestRecordedVersions(t *testing.T) {
	all := map[string]*watch{}
	for _, e := range recordings.All(t, "../../../..") {
		if e.Response.Status != http.StatusOK || isWithin(e) {
			continue
		}
		var recorded version
		if err := recorded.UnmarshalText([]byte(e.Version)); err != nil {
			t.Fatal(err)
		}
		var one watch
		one.look([]byte(e.Response.Body))
		if r := rangeOf(one.seen.signs()).says(recorded); r.Contradictory {
			t.Errorf("%s: the guess for %s is %s: %+v", e.File, e.Version, r.words(), r.binding())
		}
		if all[e.Version] == nil {
			all[e.Version] = &watch{}
		}
		all[e.Version].look([]byte(e.Response.Body))
	}
	for name, want := range map[string]versionRange{ // from the few in testdata; more would narrow it down
		"2.16.0": {AtLeast: version{2, 14, 0}, Before: version{2, 17, 1}},
		"4.7.0":  {AtLeast: version{4, 7, 0}, Before: version{4, 8, 0}},
		"4.16.2": {AtLeast: version{4, 13, 0}},
	} {
		w := all[name]
		if w == nil {
			t.Errorf("there are no recordings of %s", name)
		} else if r := rangeOf(w.seen.signs()); r.AtLeast.compare(want.AtLeast) < 0 || r.Before != want.Before || len(r.binding()) == 0 || len(w.ids) == 0 {
			t.Errorf("the guess for %s is %s", name, r.words())
		}
	}
}

// isWithin reports whether an exchange is about a part of a conversation, such as its messages, or about no conversation.
// This command requests neither.
func isWithin(e recordings.Exchange) bool {
	return strings.Contains(e.Path, "{conversation_id}/") || !strings.Contains(e.Path, "{account_id}/conversations") && !e.IsPublic()
}

// TestSigns checks that the tightest bounds are chosen, and that contradictory ones are reported.
func TestSigns(t *testing.T) {
	at := func(v version) sign { return sign{AtLeast: v, Because: "at " + v.String()} }
	before := func(v version) sign { return sign{Before: v, Because: "before " + v.String()} }
	for want, signs := range map[string][]sign{
		"unknown":                       nil,
		"3.8.0 or later":                {at(version{2, 17, 0}), at(version{3, 8, 0})},
		"before 2.17.1":                 {before(version{3, 8, 0}), before(version{2, 17, 1})},
		"3.8.0 or later, before 3.16.0": {at(version{2, 17, 0}), before(version{4, 0, 4}), at(version{3, 8, 0}), before(version{3, 16, 0})},
		"2.18.0 or later, before 3.1.0": {before(version{3, 1, 0}), at(version{2, 18, 0})},
		"no one version; the signs contradict each other": {at(version{3, 8, 0}), before(version{3, 8, 0})},
		"4.7.0 or later": {at(version{4, 7, 0})},
		"4.16.0 or later; the contract knows up to 4.16.2": {at(version{4, 16, 0})},
	} {
		r := rangeOf(signs)
		if r.words() != want || len(r.Signs) != len(signs) || len(signs) > 0 && len(r.binding()) == 0 {
			t.Errorf("%v: %s, want %s", signs, r.words(), want)
		}
	}
}

// TestSaid checks the reported version of a server against the signs.
func TestSaid(t *testing.T) {
	signs := []sign{{AtLeast: version{3, 8, 0}, Because: "x"}, {Before: version{4, 13, 0}, Because: "y"}}
	for _, c := range []struct {
		said          version
		contradictory bool
		words         string
	}{
		{version{}, false, "3.8.0 or later, before 4.13.0"},
		{version{3, 8, 0}, false, "3.8.0"},
		{version{3, 7, 9}, true, "not the 3.7.9 that it claims to be; its answers are those of 3.8.0 or later, before 4.13.0"},
		{version{4, 12, 1}, false, "4.12.1"},
		{version{4, 13, 0}, true, "not the 4.13.0 that it claims to be; its answers are those of 3.8.0 or later, before 4.13.0"},
		{version{4, 11, 2}, false, "4.11.2, or the 4.12.0 that claims the same"},
	} {
		if r := rangeOf(signs).says(c.said); r.Contradictory != c.contradictory || r.words() != c.words {
			t.Errorf("%s: %t, %s", c.said, r.Contradictory, r.words())
		}
	}
	later := []sign{{AtLeast: version{4, 12, 0}, Because: "x"}}
	if r := rangeOf(later).says(version{4, 11, 2}); r.Contradictory {
		t.Errorf("4.11.2 may be 4.12.0: %s", r.words())
	}
	if r := rangeOf(later).says(version{4, 18, 0}); r.Contradictory || r.words() != "4.18.0; the contract knows up to 4.16.2" {
		t.Errorf("a future version: %s", r.words())
	}
	apart := []sign{{AtLeast: version{4, 12, 0}, Because: "x"}, {Before: version{3, 8, 0}, Because: "y"}}
	if r := rangeOf(apart).says(version{4, 12, 0}); !r.Contradictory || r.words() != "no one version; the signs contradict each other" {
		t.Errorf("a reported version must not reconcile contradictory signs: %s", r.words())
	}
}

// TestSaidIn checks that versions, including those in the form that forks write, are read, and nothing else.
func TestSaidIn(t *testing.T) {
	for body, want := range map[string]string{
		`{"version":"4.16.2","queue_services":"ok"}`: "4.16.2", `{"version":"v4.7.0-ce"}`: "4.7.0",
		`{"version":"4.7.0.1"}`: "", `{"version":"develop"}`: "", `{"version":47}`: "", `[]`: "", `<html>`: "", ``: "",
	} {
		if got := saidIn(strings.NewReader(body)).String(); got != want {
			t.Errorf("%s: %q", body, got)
		}
	}
}

// TestEvidence checks that the fields of a conversation identify each version that introduced one.
func TestEvidence(t *testing.T) {
	for conversation, want := range map[string]string{
		`{"id":1}`:                "before 2.14.0",
		`{"id":1,"created_at":1}`: "2.14.0 or later, before 2.17.1",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null}`:                                                                   "2.17.0 or later, before 2.18.0",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":""}`:                                                         "2.18.0 or later, before 3.1.0",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":"","waiting_since":0}`:                                       "3.1.0 or later, before 3.7.0",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":"","waiting_since":0,"sla_policy_id":null}`:                  "3.7.0 or later, before 4.0.2",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":"","waiting_since":0,"sla_policy_id":null,"updated_at":1.5}`: "4.0.2 or later",
		`{"id":1,"created_at":1,"meta":{"assignee":{"provider":""},"team":{}}}`:                                                          "no one version; the signs contradict each other",
		`{"id":"7","messages":[{},{}],"created_at":1}`:                                                                                   "2.14.0 or later, before 2.17.1",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":"","unread_count":11,"waiting_since":0}`:                     "no one version; the signs contradict each other",
	} {
		var w watch
		w.look([]byte(`{"payload":[` + conversation + `]}`))
		if got := rangeOf(w.seen.signs()).words(); got != want || len(w.ids) != 1 {
			t.Errorf("%s: %s, want %s", conversation, got, want)
		}
	}
	for conversation, want := range map[string]string{
		`{"meta":{"assignee":{"provider":""}}}`:                                                      "4.7.0 or later, before 4.8.0",
		`{"meta":{"assignee":{"provider":""},"assignee_type":"User"}}`:                               "4.8.0 or later",
		`{"meta":{"assignee":{},"assignee_type":"AgentBot"}}`:                                        "unknown",
		`{"messages":[{"attachments":[{"file_type":"contact"}]}]}`:                                   "before 4.3.0",
		`{"messages":[{"attachments":[{"file_type":"embed"}]}]}`:                                     "4.9.0 or later",
		`{"messages":[{"attachments":[{"file_type":"file","extension":null}]}]}`:                     "before 4.13.0",
		`{"messages":[{"attachments":[{"file_type":"file","extension":null,"content_type":null}]}]}`: "4.13.0 or later",
		`{"messages":[{"call":{}}]}`:                                                                 "4.14.0 or later",
		`{"meta":{"sender":{"company_id":null}}}`:                                                    "4.15.0 or later",
		`{"meta":{"team":{"id":1}}}`:                                                                 "before 4.16.0",
		`{"meta":{"team":{"icon":""}}}`:                                                              "4.16.0 or later; the contract knows up to 4.16.2",
		`{"meta":{"team":{"icon":""}}},{"meta":{"team":{}}}`:                                         "no one version; the signs contradict each other",
	} {
		var w watch
		w.look([]byte(`{"payload":[` + conversation + `]}`))
		var signs []sign
		for _, s := range w.seen.signs() {
			if !s.AtLeast.isZero() && s.AtLeast.compare(version{4, 1, 0}) > 0 || s.Before.compare(version{4, 1, 0}) > 0 { // not signs of fields that these conversations leave out
				signs = append(signs, s)
			}
		}
		if got := rangeOf(signs).words(); got != want {
			t.Errorf("%s: %s, want %s", conversation, got, want)
		}
	}
	for _, odd := range []string{``, `1`, `[1]`, `{"payload":{}}`, `{"data":[{}],"payload":[1,null,{"meta":[],"messages":{},"id":-1}]}`} {
		var w watch
		w.look([]byte(odd))
		if len(w.ids) != 0 {
			t.Errorf("%s: %v", odd, w.ids)
		}
	}
}

// TestSignsAreSentences checks that signs describe what was received, and never quote it.
func TestSignsAreSentences(t *testing.T) {
	var w watch
	w.look([]byte(`{"payload":[{"id":1,"Ada":"Ada","meta":{"assignee":{"provider":"Ada"}},"messages":[{"attachments":[{"file_type":"Ada"},{"file_type":"audio","transcribed_text":"Ada"}]}]}]}`))
	for _, s := range w.seen.signs() {
		if strings.Contains(s.Because, "Ada") || s.AtLeast.isZero() == s.Before.isZero() {
			t.Errorf("%+v", s)
		}
	}
}
