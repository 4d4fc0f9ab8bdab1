package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

var noon = time.Date(2026, time.November, 28, 12, 0, 0, 0, time.UTC)

// runOn runs the program against a server, and returns its output without the port.
func runOn(ctx context.Context, server *cfchattest.Server, args ...string) (string, error) {
	env := map[string]string{
		"CFCHAT_USER_API_KEY": server.AdminKey(), "CFCHAT_SERVER": server.URL(), "CFCHAT_ACCOUNT_ID": strconv.FormatInt(server.AccountID(), 10),
	}
	var out strings.Builder
	err := run(ctx, args, func(name string) string { return env[name] }, &out)
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(out.String(), "chat.test"), err
}

// TestTranscript checks the transcript of a conversation with one message of each kind, and that the program only reads.
func TestTranscript(t *testing.T) {
	server := standIn(noon)
	t.Cleanup(server.Close)
	before := len(server.Requests())
	out, err := runOn(t.Context(), server, "-conversation", "1", "-zone", "Europe/Oslo")
	if err != nil || out != transcript {
		t.Errorf("%v\n%s", err, out)
	}
	for _, r := range server.Requests()[before:] {
		if r.Method != http.MethodGet {
			t.Errorf("the program wrote: %+v", r)
		}
	}
}

const transcript = "# Conversation 1: Mia\n" + `
- Inbox: Support mail
- Status: resolved
- Assigned to: Linus Agent
- Labels: billing
- Times: Europe/Oslo

## Saturday 28 November 2026

**10:04 Mia**

> Hi,\
> \
> my invoice says:\
> ` + "\u00a0 1. setup \u00a0 \\*free\\*\\\n> \u00a0 2. seats \u00a0 5 \\< 10" + `\
> \
> Is that right? <https://shop.test/my_invoice>

**10:08 Linus Agent**, private note

` + "> Her plan is \\#2, \\`team\\_10\\`." + `

**10:12 Linus Agent**, deleted

**10:32 Linus Agent**

> It was not. Here is the right one.
>
> - [invoice (1).pdf](<http://chat.test/rails/active_storage/blobs/redirect/1/invoice%20%281%29.pdf>), file

11:32 Conversation was marked resolved by Helper Bot

`

// TestFiles checks that a file is written for each matching conversation, and that another run replaces it.
func TestFiles(t *testing.T) {
	server := standIn(noon)
	t.Cleanup(server.Close)
	dir := filepath.Join(t.TempDir(), "new")
	const open = `[{"attribute_key":"status","filter_operator":"equal_to","values":["open"],"query_operator":null}]`
	two := filepath.Join(dir, "conversation-2.md")
	if out, err := runOn(t.Context(), server, "-where", open, "-dir", dir); err != nil || out != two+"  messages: 1\n" {
		t.Errorf("%v\n%s", err, out)
	}
	server.AddMessage(2, cfchattest.Message{Content: "Hello?"})
	if out, err := runOn(t.Context(), server, "-where", "[]", "-dir", dir); err != nil || strings.Count(out, "\n") != 2 {
		t.Errorf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(two)
	if err != nil || !strings.HasSuffix(string(data), "\n> Is anybody there?\n\n**10:32 Noah**\n\n> Hello?\n") {
		t.Errorf("%v\n%s", err, data)
	}
	if info, err := os.Stat(two); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v", info, err)
	}
}

// TestDays checks that each day of the time zone has one heading.
func TestDays(t *testing.T) {
	var hours atomic.Int64
	server := cfchattest.New(t, cfchattest.Clock(func() time.Time { return noon.Add(time.Duration(hours.Load()) * time.Hour) }))
	id := server.AddConversation(cfchattest.Conversation{})
	for i, at := range []int64{0, 10, 11, 12, 48} {
		hours.Store(at)
		server.AddMessage(id, cfchattest.Message{Content: strconv.Itoa(i)})
	}
	out, err := runOn(t.Context(), server, "-conversation", "1", "-zone", "Europe/Oslo")
	said := regexp.MustCompile(`(?m)^(## |> ).*`).FindAllString(out, -1)
	want := "## Saturday 28 November 2026, > 0, > 1, ## Sunday 29 November 2026, > 2, > 3, ## Monday 30 November 2026, > 4"
	if got := strings.Join(said, ", "); err != nil || got != want {
		t.Errorf("%v: %s", err, got)
	}
}

// TestImported checks that a message that was imported later, and so has a higher id, is sorted by its time.
func TestImported(t *testing.T) {
	now := noon
	server := cfchattest.New(t, cfchattest.Clock(func() time.Time { return now }))
	server.AddConversation(cfchattest.Conversation{})
	for range 3 {
		server.AddMessage(1, cfchattest.Message{})
		now = now.Add(time.Hour)
	}
	last, early := fmt.Sprint(noon.Add(2*time.Hour).Unix()), fmt.Sprint(noon.Add(-time.Hour).Unix())
	account := server.Account(t, func(c *cfchat.Config) {
		c.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			answer, err := server.Transport().RoundTrip(r)
			if err != nil {
				return nil, err
			}
			body, err := io.ReadAll(answer.Body)
			answer.Body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(body), last, early)))
			return answer, err
		})}
	})
	messages, _, err := (&scribe{account: account}).read(t.Context(), 1)
	var ids []int64
	for _, m := range messages {
		ids = append(ids, m.ID)
	}
	if err != nil || !slices.Equal(ids, []int64{3, 1, 2}) {
		t.Errorf("%v, %v", ids, err)
	}
}

// roundTripper is a transport made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestUnreadable checks that the program notes what is missing, continues after it, and ends with an error that names it.
func TestUnreadable(t *testing.T) {
	server := cfchattest.New(t)
	gone := server.AddContact(cfchattest.Contact{})
	for i := range 60 {
		c := cfchattest.Conversation{}
		if i == 29 {
			c.Contact = gone
		}
		id := server.AddConversation(c)
		for range 3 {
			server.AddMessage(id, cfchattest.Message{})
		}
	}
	server.DeleteContact(gone)
	server.BreakMessage(40, 119)
	dir := t.TempDir()
	out, err := runOn(t.Context(), server, "-where", "[]", "-dir", dir)
	if err == nil || strings.Count(err.Error(), "\n") != 1 || !strings.Contains(err.Error(), "conversation 30 of account 1 cannot be read") ||
		!strings.Contains(err.Error(), "message 119 of conversation 40") || strings.Count(out, "\n") != 59 {
		t.Errorf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(filepath.Join(dir, "conversation-40.md"))
	if err != nil || strings.Count(string(data), "\n> ") != 2 || !strings.Contains(string(data), "\nMessage 119 is not in the transcript") {
		t.Errorf("%v\n%s", err, data)
	}
}

// TestFailures checks that nothing is written of a conversation that cannot be read completely.
func TestFailures(t *testing.T) {
	server := standIn(noon)
	t.Cleanup(server.Close)
	for operation, says := range map[string]string{"listAllInboxes": "listAllInboxes", "conversationFilter": "conversationFilter"} {
		server.FailNext(operation, cfchattest.Failure{Status: http.StatusUnauthorized})
		if out, err := runOn(t.Context(), server, "-where", "[]"); err == nil || !strings.Contains(err.Error(), says) || out != "" {
			t.Errorf("%s: %v\n%s", operation, err, out)
		}
	}
	server.FailNext("listAllMessages", cfchattest.Failure{Status: http.StatusForbidden})
	out, err := runOn(t.Context(), server, "-where", "[]")
	if err == nil || !strings.Contains(err.Error(), "403") || strings.Contains(out, "Mia") || !strings.Contains(out, "# Conversation 2: Noah") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := runOn(t.Context(), server, "-conversation", "99"); err == nil || !strings.Contains(err.Error(), "404") || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if out, err := runOn(ctx, server, "-where", "[]"); err == nil || err.Error() != "interrupted" || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestMessages checks the other kinds of messages that a conversation may have.
func TestMessages(t *testing.T) {
	server := cfchattest.New(t)
	account := server.Account(t)
	add := func(m cfchattest.Message) int64 { return server.AddMessage(1, m) }
	left, _ := server.AddAgent(cfchattest.Agent{})
	server.AddConversation(cfchattest.Conversation{Contact: server.AddContact(cfchattest.Contact{Name: "Mia\n*x*"})})
	lost := add(cfchattest.Message{Content: "Hi", Type: cfchat.MessageTypeOutgoing})
	if _, err := account.Messages.SetFailed(t.Context(), 1, lost, "no *route*"); err != nil {
		t.Fatal(err)
	}
	add(cfchattest.Message{Content: "Rate us", Type: cfchat.MessageTypeTemplate})
	add(cfchattest.Message{Content: "Bye", Type: cfchat.MessageTypeOutgoing, Sender: left})
	server.RemoveAgent(left)
	files := cfchat.MessageCreate{Files: []cfchat.File{
		{Name: "b].png", Reader: strings.NewReader("b")}, {Name: "a.txt", Reader: strings.NewReader("a")},
	}}
	if _, err := account.Messages.Send(t.Context(), 1, files); err != nil {
		t.Fatal(err)
	}
	out, err := runOn(t.Context(), server, "-conversation", "1")
	for _, want := range []string{
		"# Conversation 1: Mia \\*x\\*\n", "- Assigned to: nobody\n", " Ada Admin**, not delivered: no \\*route\\*\n\n> Hi\n", " automatic message**\n\n> Rate us\n",
		" Helper Bot (bot)**\n\n> - [b\\].png](<http://localhost/", ">), image\n> - [a.txt](<",
	} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("no %q, %v in\n%s", want, err, out)
		}
	}
}

// TestSender checks the names of senders that no longer exist.
func TestSender(t *testing.T) {
	c := &cfchat.Conversation{Meta: cfchat.ConversationMeta{Sender: cfchat.Contact{ID: 7}}}
	for want, m := range map[string]cfchat.Message{
		"contact 7":            {MessageType: cfchat.MessageTypeIncoming},
		"somebody who is gone": {MessageType: cfchat.MessageTypeOutgoing},
		"user 3":               {Sender: &cfchat.MessageSender{Type: cfchat.SenderKindUser, ID: 3}},
	} {
		if got := sender(c, &m); got != want {
			t.Errorf("the sender is %q, want %q", got, want)
		}
	}
}

// TestFilesInOrder checks that the files of a message are in the order of their ids, whatever the answer's order.
func TestFilesInOrder(t *testing.T) {
	var out bytes.Buffer
	m := &cfchat.Message{Attachments: []*cfchat.Attachment{{ID: 2, DataURL: new("https://a.test/b")}, nil, {ID: 1, DataURL: new("https://a.test/a")}}}
	new(scribe).message(&out, "12:00", new(cfchat.Conversation), m)
	if got := regexp.MustCompile(`(?m)^> - (.)`).FindAllString(out.String(), -1); strings.Join(got, "") != "> - s> - [> - [" || strings.Index(out.String(), "[a]") > strings.Index(out.String(), "[b]") {
		t.Errorf("%s", &out)
	}
}

// TestAttachment checks that only web addresses of files become links.
func TestAttachment(t *testing.T) {
	for want, a := range map[string]*cfchat.Attachment{
		"something of a kind that the server does not know": nil,
		`location: 59.91, 10.75 \*Oslo\*`: {
			FileType: new(cfchat.AttachmentTypeLocation), CoordinatesLat: new(59.91), CoordinatesLong: new(10.75), FallbackTitle: new("*Oslo*"),
		},
		"contact: +4712345678":         {FileType: new(cfchat.AttachmentTypeContact), FallbackTitle: new("+4712345678")},
		"file: javascript:alert\\_1()": {FileType: new(cfchat.AttachmentTypeFile), DataURL: new("javascript:alert_1()")},
		"[a\\]](<https://a.test/?x=%3E&amp;copy;>), fallback": {
			FileType: new(cfchat.AttachmentTypeFallback), FallbackTitle: new("a]"), DataURL: new("https://a.test/?x=>&copy;"),
		},
	} {
		if got := attachment(a); got != want {
			t.Errorf("the attachment is %q, want %q", got, want)
		}
	}
}

// TestRefused checks that wrong arguments are refused, and nothing is sent.
func TestRefused(t *testing.T) {
	account := map[string]string{"CFCHAT_USER_API_KEY": "k", "CFCHAT_ACCOUNT_ID": "1", "CFCHAT_SERVER": "http://127.0.0.1:1"}
	for want, c := range map[string]struct {
		args []string
		env  map[string]string
	}{
		`unexpected argument "x"; -h shows the flags`:                                    {[]string{"x"}, nil},
		"-conversation: must be 0 or more":                                               {[]string{"-conversation", "-1"}, nil},
		"give -conversation or -where, not both":                                         {[]string{"-conversation", "1", "-where", "[]"}, nil},
		`name a conversation with -conversation, or several with -where; "[]" means all`: {nil, account},
		"-zone: unknown time zone Mars":                                                  {[]string{"-zone", "Mars"}, nil},
		`"[]" means all conversations; -h shows the flags`:                               {[]string{"-where", "{}"}, nil},
	} {
		err := run(t.Context(), c.args, func(name string) string { return c.env[name] }, io.Discard)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestStandInAccount runs the program without an account.
func TestStandInAccount(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), nil, func(string) string { return "" }, &out)
	if err != nil || !strings.HasPrefix(out.String(), "Using a stand-in server.") || strings.Count(out.String(), "\n# Conversation ") != 2 {
		t.Errorf("%v\n%s", err, &out)
	}
}
