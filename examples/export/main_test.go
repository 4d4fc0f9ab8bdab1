package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// newServer starts a server that has so many conversations, and cannot read some of them.
func newServer(t *testing.T, size int, unreadable ...int64) *cfchattest.Server {
	server := cfchattest.New(t)
	for range size {
		contact := server.AddContact(cfchattest.Contact{Name: "Zoë <&>\u2028\n{\"account_id\":1,"})
		id := server.AddConversation(cfchattest.Conversation{Contact: contact, Labels: []string{"vip"}})
		if slices.Contains(unreadable, id) {
			server.DeleteContact(contact)
		}
	}
	return server
}

// environ returns what the program needs to find a server.
func environ(server *cfchattest.Server, url string) map[string]string {
	return map[string]string{
		"CFCHAT_USER_API_KEY": server.AdminKey(), "CFCHAT_SERVER": url,
		"CFCHAT_ACCOUNT_ID": strconv.FormatInt(server.AccountID(), 10),
	}
}

func lookUp(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkFiles looks for each conversation in one of the files, once and in order.
func checkFiles(t *testing.T, name string, size int, unreadable ...int64) {
	t.Helper()
	var got, failed []int64
	for line := range bytes.Lines(read(t, name)) {
		var c cfchat.Conversation
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		var again bytes.Buffer
		l := &lines{Writer: bufio.NewWriter(&again)}
		if err := errors.Join(l.write(c.ID, c), l.Flush()); err != nil || !bytes.Equal(again.Bytes(), line) {
			t.Errorf("%s became %s: %v", line, &again, err)
		}
		got = append(got, c.ID)
	}
	for line := range bytes.Lines(read(t, name+".errors")) {
		var e struct {
			ID    int64
			Error string
		}
		if err := json.Unmarshal(line, &e); err != nil || !strings.Contains(e.Error, "500") {
			t.Errorf("%s: %v", line, err)
		}
		failed = append(failed, e.ID)
	}
	var want []int64
	for id := int64(1); id <= int64(size); id++ {
		if !slices.Contains(unreadable, id) {
			want = append(want, id)
		}
	}
	if !slices.Equal(got, want) || !slices.Equal(failed, unreadable) {
		t.Errorf("%d conversations were written, and %d errors: %v and %v", len(got), len(failed), got, failed)
	}
}

// TestEveryCut exports once, then leaves of what was written only what a killed program could have left, and goes on.
func TestEveryCut(t *testing.T) {
	const size = 7
	unreadable := []int64{1, 4, 5, 7}
	server := newServer(t, size, unreadable...)
	name := filepath.Join(t.TempDir(), "x.ndjson")
	goOn := func(t *testing.T) {
		t.Helper()
		x := &export{account: server.Account(t), name: name, out: io.Discard}
		var err error
		if x.files, err = openFiles(name, x.account.ID()); err != nil {
			t.Fatal(err)
		}
		if err := x.export(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) { // the client waits before it asks again for a page of the list with an unreadable one
		goOn(t)
		checkFiles(t, name, size, unreadable...)
		conversations, failures := read(t, name), read(t, name+".errors")
		states := 0
		for kept := range cuts(conversations, failures, unreadable) {
			for i, name := range []string{name, name + ".errors"} {
				if err := os.WriteFile(name, kept[i], 0o600); err != nil {
					t.Fatal(err)
				}
			}
			goOn(t)
			if !bytes.Equal(read(t, name), conversations) || !bytes.Equal(read(t, name+".errors"), failures) {
				t.Errorf("of %q and %q came %s and %s", kept[0], kept[1], read(t, name), read(t, name+".errors"))
			}
			states++
		}
		if states < 4*size {
			t.Errorf("only %d states", states)
		}
		// Of a conversation that is gone since, half a line may be there that nothing will cover.
		half := slices.Concat(conversations, conversations[:20])
		if err := os.WriteFile(name, half, 0o600); err != nil {
			t.Fatal(err)
		}
		if goOn(t); !bytes.Equal(read(t, name), conversations) {
			t.Errorf("a half line stays: %s", read(t, name))
		}
	})
}

// cuts yields what the two files can hold: the lines of both in order of id, up to any byte; here up to four of each line.
func cuts(conversations, failures []byte, unreadable []int64) func(yield func([2][]byte) bool) {
	return func(yield func([2][]byte) bool) {
		all := [2][]byte{conversations, failures}
		for id, done := int64(1), [2]int{}; done[0]+done[1] < len(all[0])+len(all[1]); id++ {
			in := 0
			if slices.Contains(unreadable, id) {
				in = 1
			}
			length := bytes.IndexByte(all[in][done[in]:], '\n') + 1
			for _, part := range []int{0, 1, length / 2, length - 1} {
				kept := [2][]byte{all[0][:done[0]], all[1][:done[1]]}
				kept[in] = all[in][:done[in]+part]
				if !yield(kept) {
					return
				}
			}
			done[in] += length
		}
	}
}

// TestOrder looks at what is on disk when the program is killed right after an error: all that comes before it.
func TestOrder(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.ndjson")
	f, err := openFiles(name, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.conversations.write(1, cfchat.Conversation{AccountID: 1, ID: 1}); err != nil {
		t.Fatal(err)
	}
	if err := f.writeError(1, &cfchat.Error{ConversationID: 2, StatusCode: 500}); err != nil {
		t.Fatal(err)
	}
	killed, err := openFiles(name, 1)
	if err != nil {
		t.Fatal(err)
	}
	if killed.conversations.last != 1 || killed.errors.last != 2 || killed.last() != 2 {
		t.Errorf("on disk are conversation %d and error %d", killed.conversations.last, killed.errors.last)
	}
	if err := errors.Join(f.close(), killed.close()); err != nil {
		t.Fatal(err)
	}
}

// TestStandIn exports the stand-in's account, and goes on where nothing is left.
func TestStandIn(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.ndjson")
	for _, want := range [][]string{
		{"A stand-in server", " 50%  conversation 150 of 300, 1 unreadable\n", "\nWritten: 299, with", "x.ndjson holds 299 now\n1 could not be read; see"},
		{"x.ndjson goes up to conversation 300; going on after it\n", "\nWritten: 0, with", "x.ndjson holds 299 now\n1 could not be read; see"},
	} {
		var out strings.Builder
		if err := run(t.Context(), []string{"-o", name}, lookUp(nil), &out); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(out.String(), text) {
				t.Errorf("no %q in\n%s", text, &out)
			}
		}
		checkFiles(t, name, 300, 117)
	}
}

// TestNewFile does not go on after the errors of a file that is gone.
func TestNewFile(t *testing.T) {
	server := newServer(t, 60, 30)
	name := filepath.Join(t.TempDir(), "x.ndjson")
	for range 2 {
		if err := run(t.Context(), []string{"-o", name}, lookUp(environ(server, server.URL())), io.Discard); err != nil {
			t.Fatal(err)
		}
		checkFiles(t, name, 60, 30)
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStops leaves files to go on with when the server refuses or the file has no place.
func TestStops(t *testing.T) {
	server := newServer(t, 60, 30)
	name := filepath.Join(t.TempDir(), "x.ndjson")
	server.FailNext("conversationFilter", cfchattest.Failure{Status: 403})
	var out strings.Builder
	err := run(t.Context(), []string{"-o", name, "-concurrency", "1"}, lookUp(environ(server, server.URL())), &out)
	if err == nil || !strings.Contains(err.Error(), "403") || !strings.Contains(out.String(), "run it again to go on") {
		t.Errorf("it ended with %v and said\n%s", err, &out)
	}
	if err := run(t.Context(), []string{"-o", name}, lookUp(environ(server, server.URL())), io.Discard); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, name, 60, 30)
}

// TestRefused touches no file that is not an export of the account.
func TestRefused(t *testing.T) {
	server := newServer(t, 3)
	mine := environ(server, server.URL())
	ours := `{"account_id":1,"id":2}` + "\n"
	for name, c := range map[string]struct {
		args  []string
		env   map[string]string
		holds string
		want  string
	}{
		"text":            {nil, mine, "notes\nmore", "it is not an export of account 1"},
		"one line":        {nil, mine, `{"a":1}`, "it is not an export of account 1"},
		"other account":   {nil, mine, `{"account_id":11,"id":2}` + "\n", "it is not an export of account 1"},
		"no id":           {nil, mine, `{"account_id":1,"it":2}` + "\n", "it is not an export of account 1"},
		"half of another": {nil, mine, ours + `{"account_id":2`, "it is not an export of account 1"},
		"a gap":           {[]string{"-after", "3"}, mine, ours, "goes up to conversation 2, and -after 3 would leave out"},
		"no flag":         {[]string{"x.ndjson"}, mine, ours, `unexpected argument "x.ndjson"; name the file with -o`},
		"after":           {[]string{"-after", "-1"}, mine, ours, "-after: must be 0 or more"},
		"concurrency":     {[]string{"-concurrency", "0"}, mine, ours, "-concurrency: must be 1 or more"},
		"half an environment": {nil, map[string]string{"CFCHAT_ACCOUNT_ID": "1"}, ours,
			"set both CFCHAT_USER_API_KEY and CFCHAT_ACCOUNT_ID, or neither, and no CFCHAT_SERVER, for the stand-in"},
		"account": {nil, map[string]string{"CFCHAT_ACCOUNT_ID": "x", "CFCHAT_USER_API_KEY": "k"}, ours, "CFCHAT_ACCOUNT_ID: it is not a number"},
	} {
		file := filepath.Join(t.TempDir(), "x.ndjson")
		if err := os.WriteFile(file, []byte(c.holds), 0o600); err != nil {
			t.Fatal(err)
		}
		err := run(t.Context(), append([]string{"-o", file}, c.args...), lookUp(c.env), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		if got := string(read(t, file)); got != c.holds {
			t.Errorf("%s: the file is now %q", name, got)
		}
	}
}

// TestBar draws over itself, and stays in the line when the account has shrunk since.
func TestBar(t *testing.T) {
	var out bytes.Buffer
	x := &export{out: &out, terminal: true, files: files{errors: &lines{count: 1}}}
	x.progress(cfchat.ScanProgress{LastID: 150, End: 200})
	x.progress(cfchat.ScanProgress{LastID: 90, End: 90})
	want := fmt.Sprintf("\r[%-25s] %-50s\r[%-25s] %-50s",
		"##################", " 75%  conversation 150 of 200, 1 unreadable", strings.Repeat("#", 25), "100%  conversation 90 of 90, 1 unreadable")
	if out.String() != want {
		t.Errorf("got %q", &out)
	}
}
