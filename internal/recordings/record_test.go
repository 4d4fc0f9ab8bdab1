package recordings_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cfchat/cfchat-go/internal/recordings"
)

// The keys of the tests. One begins with another, and one is written differently in addresses and JSON.
const (
	admin = "kEy31337"
	agent = "kEy31337-of-an-agent"
	bot   = `kEy"31337&bot`
)

var byRole = map[string]string{"administrator": admin, "agent": agent, "bot": bot}

// spy is a test that records its failures and log.
type spy struct {
	testing.TB

	mu          sync.Mutex
	errors, log []string
}

func (s *spy) Helper() {}

func (s *spy) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errors = append(s.errors, fmt.Sprintf(format, args...))
}

func (s *spy) Logf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

// Fatalf ends the calling function, as that of a test does.
func (s *spy) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	panic(s)
}

// server answers every request in the same way, after reading it.
type server struct {
	status int
	header http.Header
	body   func(sent string) io.Reader
}

func (s server) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := ""
	if req.Body != nil {
		data, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		sent = string(data)
	}
	return &http.Response{StatusCode: s.status, Header: s.header.Clone(), Body: io.NopCloser(s.body(sent))}, nil
}

// says returns a server that answers with a text.
func says(text string) server {
	return server{http.StatusOK, http.Header{"Content-Type": {"application/json"}}, func(string) io.Reader {
		return strings.NewReader(text)
	}}
}

// send makes a request with a key, "-" for none, and returns the answer's body.
func send(t *testing.T, over http.RoundTripper, method, target, key, body string) (string, error) {
	t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "https://chat.test/base"+target, content)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Accept": {"application/json"}, "User-Agent": {"test"}, "X-Request-Id": {"1"}}
	if key != "-" {
		req.Header["Api-Access-Token"] = []string{key}
	}
	resp, err := over.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return string(data), err
}

const list = "/api/v1/accounts/56/conversations"

// TestRecorder checks that the written file has the role, the request and the answer, and no key anywhere, although the
// server repeats it wherever it can, and the request has it in its address and body too.
func TestRecorder(t *testing.T) {
	dir := t.TempDir()
	r := recordings.NewRecorder(t, dir, "4.16.2", 7, byRole)
	const accept = "map[Accept:application/json"
	for i, c := range []struct{ key, prefix, role, headers string }{
		{admin, "", "administrator", accept + " api_access_token:<administrator>]"},
		{agent, "Bearer ", "agent", accept + " api_access_token:Bearer <agent>]"},
		{bot, "", "bot", accept + " api_access_token:<bot>]"},
		{"nobody-named-this", "", "wrong", accept + " api_access_token:<wrong>]"},
		{"short", "", "wrong", accept + " api_access_token:<wrong>]"},
		{"", "", "empty", accept + " api_access_token:]"},
		{"-", "", "none", accept + "]"},
	} {
		repeated := strings.Repeat(" "+c.key, 2)
		echo := server{http.StatusTeapot, http.Header{
			"Content-Type": {"text/plain"}, "Etag": {"W/" + repeated}, "Date": {"now"}, "Set-Cookie": {"x"},
		}, func(sent string) io.Reader { return strings.NewReader("got " + sent) }}
		sent, path := "{<"+repeated, list+"?q=a%20b&api_access_token="
		got, err := send(t, r.Over(echo, "Each: Röle"), http.MethodPost, path+agent, c.prefix+c.key, sent)
		if err != nil || got != "got "+sent {
			t.Errorf("%s: the client got %q, %v", c.role, got, err)
		}
		e := recordings.In(t, filepath.Join(dir, "4.16.2"))[i]
		if e.Sequence != i+1 || e.Called != "new_conversation" || e.Account != 56 || e.As != c.role || e.Response.Status != 418 {
			t.Errorf("%s: recorded %+v", c.role, e)
		}
		if e.Request.Path != path+"<agent>" || fmt.Sprint(e.Request.Headers) != c.headers {
			t.Errorf("%s: recorded %s with %v", c.role, e.Request.Path, e.Request.Headers)
		}
		if len(c.key) >= 8 { // anything shorter is not a key
			sent = "{<" + strings.Repeat(" <"+c.role+">", 2)
			hasNone(t, content(t, e.File), c.key)
		}
		if *e.Request.Body != sent || e.Response.Body != "got "+sent {
			t.Errorf("%s: recorded %q, answered %q", c.role, *e.Request.Body, e.Response.Body)
		}
		if len(e.Response.Headers) != 2 || e.Response.Headers["etag"] != "W/"+sent[2:] {
			t.Errorf("%s: answered with %v", c.role, e.Response.Headers)
		}
	}
	names := namesIn(t, filepath.Join(dir, "4.16.2"))
	if names[0] != "each-r-le-new-conversation" || names[6] != names[0]+"-7" {
		t.Errorf("the names are %q", names)
	}
}

// namesIn returns the names of the exchanges in a folder, in the order in which they were made.
func namesIn(t *testing.T, folder string) []string {
	t.Helper()
	var names []string
	for _, e := range recordings.In(t, folder) {
		names = append(names, e.Name)
	}
	return names
}

// hasNone fails the test if a file has a key, plain, in JSON, or in JSON within JSON.
func hasNone(t *testing.T, written, key string) {
	t.Helper()
	for _, form := range []string{key, strings.ReplaceAll(key, `"`, `\"`), strings.ReplaceAll(key, `"`, `\\\"`)} {
		if strings.Contains(written, form) {
			t.Errorf("the key %q is in %s", key, written)
		}
	}
}

func content(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestRecorderSecrets checks that other secrets in an answer are replaced with <secret>, and that nothing else is.
func TestRecorderSecrets(t *testing.T) {
	dir := t.TempDir()
	over := recordings.NewRecorder(t, dir, "2.16.0", 7, byRole).Over(says(
		`{"access_token":"`+agent+`","hmac_token": "a\"b","pubsub_token":"x","secret":"","auth_token":null,"type":"x"}`), "")
	if _, err := send(t, over, http.MethodGet, list, admin, ""); err != nil {
		t.Fatal(err)
	}
	want := `{"access_token":"<agent>","hmac_token": "<secret>","pubsub_token":"<secret>","secret":"","auth_token":null,"type":"x"}`
	e := recordings.In(t, filepath.Join(dir, "2.16.0"))[0]
	if e.Response.Body != want || e.Name != "conversation-list" || e.Request.Body != nil {
		t.Errorf("recorded %s: %s, sent %v", e.Name, e.Response.Body, e.Request.Body)
	}
}

// TestRecorderInParallel checks that each exchange has its own name and number.
func TestRecorderInParallel(t *testing.T) {
	const parts, each = 4, 25
	dir := t.TempDir()
	r := recordings.NewRecorder(t, dir, "4.7.0", 7, byRole)
	var all sync.WaitGroup
	for part := range parts {
		over := r.Over(says(`{"part":"`+fmt.Sprint(part)+`"}`), fmt.Sprint("part ", part))
		for i := range each {
			all.Go(func() {
				key := []string{admin, agent, bot, fmt.Sprintf("nobody's-%d-%d", part, i)}[i%4]
				if _, err := send(t, over, http.MethodGet, list, key, ""); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	exchanges := recordings.In(t, filepath.Join(dir, "4.7.0"))
	for i, e := range exchanges {
		part, _, _ := strings.Cut(strings.TrimPrefix(e.Name, "part-"), "-")
		if e.Sequence != i+1 || e.Name+".json" != filepath.Base(e.File) || e.Response.Body != `{"part":"`+part+`"}` {
			t.Errorf("exchange %d is %+v", i+1, e)
		}
		hasNone(t, content(t, e.File), "nobody's-")
	}
	if len(exchanges) != parts*each {
		t.Errorf("recorded %d exchanges, want %d", len(exchanges), parts*each)
	}
}

// TestRecorderLeavesOut checks that requests without a whole answer or without a name are not recorded, and that neither
// fails the test.
func TestRecorderLeavesOut(t *testing.T) {
	dir, broken := t.TempDir(), errors.New("the line is cut")
	watched := &spy{TB: t}
	r := recordings.NewRecorder(watched, dir, "4.7.0", 7, byRole)
	cut := server{http.StatusOK, nil, func(string) io.Reader {
		return io.MultiReader(strings.NewReader("ha"), failing{broken})
	}}
	if got, err := send(t, r.Over(cut, ""), http.MethodGet, list, admin, ""); got != "ha" || !errors.Is(err, broken) {
		t.Errorf("a truncated answer: the client got %q, %v", got, err)
	}
	if got, err := send(t, r.Over(says("{}"), ""), http.MethodGet, "/rails/file", admin, ""); got != "{}" || err != nil {
		t.Errorf("not an operation: the client got %q, %v", got, err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://chat.test"+list, failing{broken})
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := r.Over(says("{}"), "").RoundTrip(req); resp != nil || !errors.Is(err, broken) {
		t.Errorf("a body that cannot be read: got %v, %v", resp, err)
	}
	if files, err := os.ReadDir(filepath.Join(dir, "4.7.0")); len(files) != 0 || err != nil {
		t.Errorf("the folder has %v, %v", files, err)
	}
	log := strings.Join(watched.log, "\n")
	if len(watched.errors) != 0 || log != "GET /base/rails/file is not recorded: openapi.yaml does not have it" {
		t.Errorf("got the errors %q and the log %q", watched.errors, log)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// TestRecorderFailsTheTest checks that the client gets its answer even if the exchange cannot or must not be written.
func TestRecorderFailsTheTest(t *testing.T) {
	for what, c := range map[string]struct {
		answer string
		spoil  func(folder string) error
		want   string
	}{
		"no folder": {"{}", os.Remove, "no such file"},
		"an existing file": {"{}", func(folder string) error {
			return os.WriteFile(filepath.Join(folder, "conversation-list.json"), nil, 0o600)
		}, "file exists"},
		"the key in another notation": {
			strings.ToUpper(agent), func(string) error { return nil }, "the key of the a",
		},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			watched := &spy{TB: t}
			over := recordings.NewRecorder(watched, dir, "4.7.0", 7, byRole).Over(says(c.answer), "")
			if err := c.spoil(filepath.Join(dir, "4.7.0")); err != nil {
				t.Fatal(err)
			}
			if got, err := send(t, over, http.MethodGet, list, admin, ""); got != c.answer || err != nil {
				t.Errorf("the client got %q, %v", got, err)
			}
			said := strings.Join(watched.errors, "\n")
			if len(watched.errors) != 1 || !strings.Contains(said, c.want) || strings.Contains(said, admin) {
				t.Errorf("the test failed with %q, want %q", said, c.want)
			}
			if files, err := filepath.Glob(filepath.Join(dir, "4.7.0", "*")); err != nil || slices.ContainsFunc(files, hasContent) {
				t.Errorf("the folder has %v, %v", files, err)
			}
		})
	}
}

func hasContent(file string) bool {
	info, err := os.Stat(file)
	return err != nil || info.Size() > 0
}

// TestNewRecorderRefuses checks that a failure names the mistake, but no key.
func TestNewRecorderRefuses(t *testing.T) {
	dir := t.TempDir()
	used := filepath.Join(dir, "4.7.0")
	if err := os.Mkdir(used, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(used, "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		dir, version string
		keys         map[string]string
	}{
		"4.7.0 has files already":             {dir, "4.7.0", byRole},
		`"4.7.0-/../../x", which cannot`:      {dir, "4.7.0-/../../x", byRole},
		`"", which cannot`:                    {dir, "", byRole},
		"the key of the bot has fewer than 8": {dir, "4.8.0", map[string]string{"bot": "aBcDeFg"}},
		"not a directory":                     {filepath.Join(used, "x"), "4.8.0", byRole},
	} {
		watched := &spy{TB: t}
		func() {
			defer func() {
				if recover() != any(watched) {
					t.Errorf("%s: NewRecorder did not fail", want)
				}
			}()
			recordings.NewRecorder(watched, c.dir, c.version, 7, c.keys)
		}()
		said := strings.Join(watched.errors, "\n")
		if len(watched.errors) != 1 || !strings.Contains(said, want) || strings.Contains(said, "aBcDeFg") {
			t.Errorf("got %q, want %q", said, want)
		}
	}
}

// TestRecorderWritesAsRecorded sends the requests recorded from real servers through a recorder, and checks that it writes
// the same files.
func TestRecorderWritesAsRecorded(t *testing.T) {
	keys := map[string]string{}
	for _, role := range []string{"administrator", "agent", "bot", "stray_bot"} {
		keys[role] = "key-of-" + role
	}
	for _, want := range inTestdata(t) {
		if want.Name == "filter-get-verb" {
			continue // its address is that of another operation, which fails in the same way
		}
		dir := t.TempDir()
		sendAgain(t, recordings.NewRecorder(t, dir, want.Version, want.Account, keys), want)
		files, err := filepath.Glob(filepath.Join(dir, want.Version, "*"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s: recorded as %v, %v", want.File, files, err)
		}
		if got, before := unnamed(t, files[0]), unnamed(t, want.File); got != before {
			t.Errorf("recorded\n%s\nwant\n%s", got, before)
		}
	}
}

// sendAgain sends a recorded request, with a key of its role, to a server that gives the recorded answer.
func sendAgain(t *testing.T, r *recordings.Recorder, e recordings.Exchange) {
	t.Helper()
	var body io.Reader
	if e.Request.Body != nil {
		body = strings.NewReader(*e.Request.Body)
	}
	req, err := http.NewRequestWithContext(t.Context(), e.Request.Method, "https://chat.test"+e.Request.Path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range e.Request.Headers {
		req.Header.Set(name, strings.Replace(value, "<"+e.As+">", "key-of-"+e.As, 1))
	}
	answer := server{e.Response.Status, http.Header{}, func(string) io.Reader { return strings.NewReader(e.Response.Body) }}
	for name, value := range e.Response.Headers {
		answer.header.Set(name, value)
	}
	resp, err := r.Over(answer, "").RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// unnamed returns a file with its fields sorted by name, and without the name and the number of the exchange.
func unnamed(t *testing.T, file string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(content(t, file)), &fields); err != nil {
		t.Fatal(err)
	}
	fields["name"], fields["sequence"] = "x", 0
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(fields); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
