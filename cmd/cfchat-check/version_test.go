package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRecordedVersions guesses the version of the servers that were recorded, from each successful answer alone and from
// all together.
func TestRecordedVersions(t *testing.T) {
	for name, recorded := range map[string]version{"2.16.0": {2, 16, 0}, "4.7.0": {4, 7, 0}} {
		files, err := filepath.Glob("../../testdata/recordings/" + name + "/*.json")
		if err != nil || len(files) == 0 {
			t.Fatalf("there are no recordings of %s: %v", name, err)
		}
		var all watch
		for _, file := range files {
			var one watch
			one.look(recordedSuccess(t, file))
			if r := rangeOf(one.seen.signs()); !fits(r, recorded) {
				t.Errorf("%s: it takes %s for %s: %+v", file, name, r.words(), r.binding())
			}
			all.look(recordedSuccess(t, file))
		}
		if r := rangeOf(all.seen.signs()); !fits(r, recorded) || len(r.binding()) == 0 || len(all.ids) == 0 {
			t.Errorf("it takes %s for %s", name, r.words())
		}
	}
}

func recordedSuccess(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct {
		Response struct {
			Status int
			Body   string
		}
	}
	if err := json.Unmarshal(data, &recorded); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if recorded.Response.Status != 200 {
		return nil
	}
	return []byte(recorded.Response.Body)
}

// TestSigns takes the tightest bounds, and says when there are none that fit.
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
		"4.7.0, or one later than the contract knows":     {at(version{4, 7, 0})},
	} {
		r := rangeOf(signs)
		if r.words() != want || len(r.Signs) != len(signs) || len(signs) > 0 && len(r.binding()) == 0 {
			t.Errorf("%v: %s, want %s", signs, r.words(), want)
		}
	}
}

// TestEvidence tells each version that brought a field by the fields of a conversation.
func TestEvidence(t *testing.T) {
	for conversation, want := range map[string]string{
		`{"id":1}`:                "before 2.14.0",
		`{"id":1,"created_at":1}`: "2.14.0 or later, before 2.17.1",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null}`:                                                                   "2.17.0 or later, before 2.18.0",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":""}`:                                                         "2.18.0 or later, before 3.1.0",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":"","waiting_since":0}`:                                       "3.1.0 or later, before 3.7.0",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":"","waiting_since":0,"sla_policy_id":null}`:                  "3.7.0 or later, before 4.0.2",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":"","waiting_since":0,"sla_policy_id":null,"updated_at":1.5}`: "4.0.2 or later",
		`{"id":"7","messages":[{},{}],"created_at":1}`:                                                                                   "2.14.0 or later, before 2.17.1",
		`{"id":1,"created_at":1,"last_activity_at":1,"priority":null,"uuid":"","unread_count":11,"waiting_since":0}`:                     "no one version; the signs contradict each other",
	} {
		var w watch
		w.look([]byte(`{"payload":[` + conversation + `]}`))
		if got := rangeOf(w.seen.signs()).words(); got != want || len(w.ids) != 1 {
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

// TestSignsAreSentences that say what came, and hold nothing else.
func TestSignsAreSentences(t *testing.T) {
	var w watch
	w.look([]byte(`{"payload":[{"id":1,"Ada":"Ada","meta":{"assignee":{"provider":"Ada"}},"messages":[{"attachments":[{"file_type":"Ada"},{"file_type":"audio","transcribed_text":"Ada"}]}]}]}`))
	for _, s := range w.seen.signs() {
		if strings.Contains(s.Because, "Ada") || s.AtLeast.isZero() == s.Before.isZero() {
			t.Errorf("%+v", s)
		}
	}
}
