package table_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/table"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// shapes holds the keys by which a row of each kind is recognized in servers' answers.
var shapes = map[string][]string{
	"conversations":         {"can_reply", "inbox_id", "meta", "unread_count"},
	"messages":              {"content_attributes", "content_type", "message_type"},
	"contacts":              {"additional_attributes", "id", "identifier", "phone_number", "thumbnail"},
	"inboxes":               {"channel_id", "channel_type"},
	"agents":                {"auto_offline", "confirmed", "role"},
	"agent_bots":            {"bot_type", "outgoing_url"},
	"teams":                 {"allow_auto_assign"},
	"labels":                {"show_on_sidebar", "title"},
	"attribute_definitions": {"attribute_key", "attribute_model"},
}

var (
	once   sync.Once
	byKind map[string][]json.RawMessage // by version and kind, each once
	known  map[string]bool
)

// recorded returns the rows of a kind from the recorded answers of a version, wherever in an answer they are.
func recorded(t *testing.T, version, kind string) []json.RawMessage {
	t.Helper()
	once.Do(func() {
		byKind, known = map[string][]json.RawMessage{}, map[string]bool{}
		for _, e := range recordings.All(t, "../../../..") {
			if e.Response.Status == http.StatusOK {
				collect(e.Version, json.RawMessage(e.Response.Body))
			}
		}
	})
	return byKind[version+" "+kind]
}

// collect looks for rows of every kind in an answer, and in its parts.
func collect(version string, data json.RawMessage) {
	var list []json.RawMessage
	if json.Unmarshal(data, &list) == nil {
		for _, element := range list {
			collect(version, element)
		}
		return
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil {
		return
	}
	for kind, shape := range shapes {
		if slices.ContainsFunc(shape, func(key string) bool { return object[key] == nil }) {
			continue
		}
		var line bytes.Buffer
		if at := version + " " + kind; json.Compact(&line, data) == nil && !known[at+line.String()] {
			known[at+line.String()] = true
			byKind[at] = append(byKind[at], line.Bytes())
		}
	}
	for _, value := range object {
		collect(version, value)
	}
}

// write makes a table from rows and reads it back.
func write(t *testing.T, kind string, rows []json.RawMessage) []map[string]string {
	t.Helper()
	var out bytes.Buffer
	n, err := table.Write(t.Context(), kind, bytes.NewReader(bytes.Join(raws(rows), []byte("\n"))), &out)
	if err != nil || n != len(rows) {
		t.Fatalf("%s: %d of %d rows, %v", kind, n, len(rows), err)
	}
	return readBack(t, kind, &out)
}

func raws(rows []json.RawMessage) [][]byte {
	lines := make([][]byte, len(rows))
	for i := range rows {
		lines[i] = rows[i]
	}
	return lines
}

func readBack(t *testing.T, kind string, out *bytes.Buffer) []map[string]string {
	t.Helper()
	records, err := csv.NewReader(out).ReadAll() // it requires as many cells in each record as in the header
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	cells := make([]map[string]string, len(records)-1)
	for i, record := range records[1:] {
		cells[i] = map[string]string{}
		for j, name := range records[0] {
			cells[i][name] = record[j]
		}
	}
	return cells
}

// elsewhere holds the paths of the columns that are not top-level keys of a row.
var elsewhere = map[string]string{
	"conversations channel":              "meta.channel",
	"conversations contact_id":           "meta.sender.id",
	"conversations contact_name":         "meta.sender.name",
	"conversations contact_email":        "meta.sender.email",
	"conversations contact_phone_number": "meta.sender.phone_number",
	"conversations contact_identifier":   "meta.sender.identifier",
	"conversations assignee_id":          "meta.assignee.id",
	"conversations assignee_name":        "meta.assignee.name",
	"conversations team_id":              "meta.team.id",
	"conversations team_name":            "meta.team.name",
	"conversations last_activity_at":     "timestamp",
	"messages sender_type":               "sender.type",
	"messages sender_id":                 "sender.id",
	"messages sender_name":               "sender.name",
}

// own lists the columns that have their own tests.
var own = []string{
	"conversations assignee_type", "messages message_type", "messages attachments_count", "messages attachments_data_url",
	"contacts inbox_ids", "contacts source_ids",
}

// wanted returns the expected cell, computed from the JSON alone.
func wanted(t *testing.T, kind, name string, row map[string]json.RawMessage) string {
	t.Helper()
	path := name
	if there, ok := elsewhere[kind+" "+name]; ok {
		path = there
	}
	key, path, deeper := strings.Cut(path, ".")
	value := row[key]
	for deeper {
		var object map[string]json.RawMessage
		if json.Unmarshal(value, &object) != nil {
			return ""
		}
		key, path, deeper = strings.Cut(path, ".")
		value = object[key]
	}
	isTime := strings.HasSuffix(name, "_at") || name == "waiting_since" || name == "snoozed_until"
	switch {
	case strings.HasSuffix(name, "attributes"), name == "attribute_values", name == "bot_config":
		return string(value) // even if it is nil
	case value == nil, string(value) == "null", strings.HasSuffix(name, "id") && string(value) == "0":
		return ""
	case isTime:
		return wantedTime(t, value)
	}
	var words []string
	if json.Unmarshal(value, &words) == nil {
		return strings.Join(words, ", ")
	}
	var text string
	if json.Unmarshal(value, &text) != nil {
		return string(value) // a number, true or false
	}
	if strings.HasPrefix(text, "+") { // a phone number, the only kind of formula among the recordings
		return "'" + text
	}
	return strings.ReplaceAll(text, "\r\n", "\n")
}

func wantedTime(t *testing.T, value json.RawMessage) string {
	t.Helper()
	var text string
	if json.Unmarshal(value, &text) == nil {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at.UTC().Format(time.RFC3339Nano)
	}
	whole, fraction, _ := strings.Cut(string(value), ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds == 0 {
		return ""
	}
	at := time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04:05")
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		at += "." + fraction
	}
	return at + "Z"
}

func TestRecordedRows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind    string
		columns int
		atLeast map[string]int // the number of different rows in testdata, by version
	}{
		{"conversations", 32, map[string]int{"2.16.0": 32, "4.7.0": 32, "4.16.2": 8}},
		{"messages", 16, map[string]int{"2.16.0": 61, "4.7.0": 25, "4.16.2": 30}},
		{"contacts", 14, map[string]int{"2.16.0": 39, "4.7.0": 23, "4.16.2": 31}},
		{"inboxes", 17, map[string]int{"2.16.0": 3, "4.7.0": 0, "4.16.2": 12}},
		{"agents", 12, map[string]int{"2.16.0": 5, "4.7.0": 3, "4.16.2": 3}},
		{"agent_bots", 9, map[string]int{"2.16.0": 0, "4.7.0": 0, "4.16.2": 1}},
		{"teams", 7, map[string]int{"2.16.0": 3, "4.7.0": 2, "4.16.2": 3}},
		{"labels", 5, map[string]int{"2.16.0": 4, "4.7.0": 0, "4.16.2": 4}},
		{"attribute_definitions", 12, map[string]int{"2.16.0": 0, "4.7.0": 0, "4.16.2": 4}},
	} {
		if got := len(table.Columns(test.kind)); got != test.columns {
			t.Errorf("%s has %d columns, want %d", test.kind, got, test.columns)
		}
		for version, atLeast := range test.atLeast {
			t.Run(test.kind+" of "+version, func(t *testing.T) {
				t.Parallel()
				rows := recorded(t, version, test.kind)
				if len(rows) < atLeast {
					t.Fatalf("got %d rows, want at least %d", len(rows), atLeast)
				}
				for i, cells := range write(t, test.kind, rows) {
					if len(cells) != test.columns {
						t.Fatalf("row %d has %d cells: %q", i, len(cells), cells)
					}
					compare(t, test.kind, rows[i], cells)
				}
			})
		}
	}
}

func compare(t *testing.T, kind string, row json.RawMessage, cells map[string]string) {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal(row, &object); err != nil {
		t.Fatal(err)
	}
	for name, got := range cells {
		if slices.Contains(own, kind+" "+name) {
			continue
		}
		if want := wanted(t, kind, name, object); got != want {
			t.Errorf("%s: got %q, want %q, in %s", name, got, want, row)
		}
	}
}
