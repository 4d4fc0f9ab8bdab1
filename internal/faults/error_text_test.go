package faults_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"iter"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

var updateTexts = flag.Bool("update-texts", false, "write testdata/error-texts.txt")

// lineNumber matches the place where a panic began.
var lineNumber = regexp.MustCompile(`_test\.go:\d+`)

const (
	errorTexts = "../../testdata/error-texts.txt"
	textWidth  = 125 // runes per line
)

// errorText is an error that a caller may read.
type errorText struct {
	when string
	err  func(t *testing.T) error
}

// TestErrorTexts compares every text that an error can have with testdata/error-texts.txt, a file for people to read. No
// text may be longer than two lines.
func TestErrorTexts(t *testing.T) {
	var texts bytes.Buffer
	for _, group := range [][]errorText{configTexts, inputTexts, messageTexts, contactTexts, contactChangeTexts, contactOpenTexts, nameTexts, labelTexts, webhookTexts, attributeTexts, assignTexts, participantTexts, fileTexts(), optionTexts, filterTexts, doTexts, editorTexts, transportTexts, answerTexts, waitTexts} {
		for _, c := range group {
			synctest.Test(t, func(t *testing.T) {
				err := c.err(t)
				if err == nil {
					t.Fatalf("%s: no error", c.when)
				}
				text := lineNumber.ReplaceAllString(err.Error(), "_test.go:1")
				if lines := wrapped(text); len(lines) <= 2 {
					fmt.Fprintf(&texts, "%s\n    %s\n", c.when, strings.Join(lines, "\n    "))
				} else {
					t.Errorf("%s: %d lines: %v", c.when, len(lines), err)
				}
			})
		}
	}
	if *updateTexts {
		if err := os.WriteFile(errorTexts, texts.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(errorTexts)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(golden, texts.Bytes()) {
		t.Errorf("the texts differ from %s; see what -update-texts changes", errorTexts)
	}
	findUnread(t, string(golden))
}

// findUnread fails for a text in the source that testdata/error-texts.txt does not show.
func findUnread(t *testing.T, golden string) {
	golden = strings.Join(strings.Fields(golden), " ")
	for _, dir := range []string{"../..", "../chain", "../../auth"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".gen.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if text := messageIn(n); text != "" && !unshown[text] && !messagePattern(text).MatchString(golden) {
					t.Errorf("%s: %s does not show %q", name, errorTexts, text)
				}
				return true
			})
		}
	}
}

// unshown are texts that no caller sees unchanged.
var unshown = map[string]bool{
	// The caller is gone, or net/http does not pass the error on.
	"the call is over": true, "its length has changed": true, "no answer arrived; the error's text is empty or endless": true,
	"stopped":          true, // ends a scan whose caller has stopped
	"left":             true, // ends a walk through changes
	"enough was found": true, // ends a sweep
	"the connection was lost after the request was sent": true, // needs an HTTP/2 server
	// The status already states these.
	"not authorized": true, "forbidden": true, "not found": true, "rate limited": true, "the server failed": true, "redirected": true,
}

// messageIn returns the text of a call that makes an error, or "" for any other node.
func messageIn(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return ""
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	name := ""
	if ok {
		name = selector.Sel.Name
	} else if ident, ok := call.Fun.(*ast.Ident); ok {
		name = ident.Name
	}
	at, ok := map[string]int{"New": 0, "Errorf": 0, "add": 1, "Refused": 1, "rule": 2}[name]
	if !ok || len(call.Args) <= at {
		return ""
	}
	return literal(call.Args[at])
}

func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

// messagePattern returns a pattern that matches the texts a format can produce.
func messagePattern(format string) *regexp.Regexp {
	var pattern strings.Builder
	for rest := strings.ReplaceAll(format, "%%", "\x00"); ; {
		before, after, found := strings.Cut(rest, "%")
		pattern.WriteString(regexp.QuoteMeta(strings.ReplaceAll(before, "\x00", "%")))
		if !found {
			return regexp.MustCompile(pattern.String())
		}
		pattern.WriteString(".+?")
		after = strings.TrimLeft(after, "#+")
		rest = after[1:]
	}
}

// wrapped breaks a text into lines.
func wrapped(text string) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := len(lines) - 1
		if lines[last] != "" && len([]rune(lines[last]))+1+len([]rune(word)) > textWidth {
			lines, last = append(lines, ""), last+1
		}
		lines[last] = strings.TrimPrefix(lines[last]+" "+word, " ")
	}
	return lines
}

// configured returns the error of New for a Config with one fault.
func configured(change func(*cfchat.Config)) func(*testing.T) error {
	return func(*testing.T) error {
		config := cfchat.Config{Keys: auth.Keys{User: auth.NewKey(userKey)}}
		change(&config)
		_, err := cfchat.New(config)
		return err
	}
}

func served(address string) func(*testing.T) error {
	return configured(func(c *cfchat.Config) { c.Server = address })
}

var configTexts = []errorText{
	{"no key", configured(func(c *cfchat.Config) { c.Keys = auth.Keys{} })},
	{"a key with a line break", configured(func(c *cfchat.Config) { c.Keys.User = auth.NewKey(userKey + "\n") })},
	{"a bot's key with a blank", configured(func(c *cfchat.Config) { c.Keys.AgentBot = auth.NewKey("a b") })},
	{"another header for the key", configured(func(c *cfchat.Config) { c.Keys.Header = "Authorization" })},
	{"a prefix with a blank", configured(func(c *cfchat.Config) { c.Keys.Prefix = "Bearer " })},
	{"a server without a scheme", served("chat.example.com")},
	{"a server with a user", served("https://me:pw@chat.example.com")},
	{"a server with a query", served("https://chat.example.com/?a=b")},
	{"a server from the browser's address bar", served("https://chat.example.com/app/accounts/56/dashboard")},
	{"a server over plain http", served("http://chat.example.com")},
	{"a server over something else", served("ftp://chat.example.com")},
	{"a negative timeout", configured(func(c *cfchat.Config) { c.Timeout = -1 })},
	{"an invalid version", configured(func(c *cfchat.Config) { c.ServerVersion = "latest" })},
	{"a negative bound", configured(func(c *cfchat.Config) { c.MaxBody = -1 })},
	{"a user agent with a line break", configured(func(c *cfchat.Config) { c.UserAgent = "a\nb" })},
	{"a nil editor in Config", configured(func(c *cfchat.Config) { c.RequestEditors = []cfchat.RequestEditorFn{nil} })},
	{"negative tries", configured(func(c *cfchat.Config) { c.Retry.MaxTries = -1 })},
	{"a negative wait", configured(func(c *cfchat.Config) { c.Retry.MaxWait = -1 })},
	{"a limit of zero requests", configured(func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(0) })},
	{"a limiter that is a typed nil", configured(func(c *cfchat.Config) { c.Limiter = (*limiterFunc)(nil) })},
	{"attributes that JSON cannot express", func(*testing.T) error {
		return trial.Second(cfchat.NewAttributes(map[string]any{"a": math.NaN()}))
	}},
	{"a generated client without a key", func(t *testing.T) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://chat.test/api/v1/accounts/56/conversations", nil)
		if err != nil {
			return nil
		}
		return auth.Keys{}.Edit(t.Context(), req)
	}},
}

// asked returns the error of a call, from a server that sends a good answer.
func asked(ask func(context.Context, cfchat.ConversationsService) error) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, "application/json", trial.GoodConversation), nil
		}))
		return ask(t.Context(), chat.Account(56).Conversations)
	}
}

func listed(options cfchat.ConversationListOptions) func(*testing.T) error {
	return asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.List(ctx, options))
	})
}

func created(create cfchat.ConversationCreate) func(*testing.T) error {
	return asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.Create(ctx, create))
	})
}

func scanningBy(options cfchat.ConversationScanOptions) func(*testing.T) error {
	return asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return firstError(s.Scan(ctx, cfchat.Filter{}, options))
	})
}

func countsOf(options cfchat.ConversationListOptions) func(*testing.T) error {
	return asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.Counts(ctx, options))
	})
}

func changedSince(since time.Time, margin time.Duration) func(*testing.T) error {
	return asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return firstError(s.Changed(ctx, since, cfchat.ConversationChangedOptions{Margin: margin}).All())
	})
}

func firstError[T any](all iter.Seq2[T, error]) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

var inputTexts = []errorText{
	{"an invalid id", asked(func(ctx context.Context, s cfchat.ConversationsService) error { return trial.Second(s.Get(ctx, 0)) })},
	{"no context", asked(func(_ context.Context, s cfchat.ConversationsService) error {
		var none context.Context
		return trial.Second(s.Get(none, 42))
	})},
	{"a service without an account", func(t *testing.T) error { return trial.Second(new(cfchat.Account).Conversations.Get(t.Context(), 42)) }},
	{"an account without a chat", func(t *testing.T) error {
		return trial.Second(new(cfchat.Chat).Account(56).Conversations.Get(t.Context(), 42))
	}},
	{"a generated client without a chat", func(t *testing.T) error {
		return trial.Second(new(cfchat.Chat).Raw().GetDetailsOfAConversationWithResponse(t.Context(), 56, 42))
	}},
	{"an invalid account id", func(t *testing.T) error {
		return trial.Second(trial.Chat(t, trial.Broken{}).Account(-1).Conversations.Get(t.Context(), 42))
	}},
	{"page 0 of a filter", asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.Filter(ctx, cfchat.Where(cfchat.Equal("status", "open")), 0))
	})},
	{"setting an invalid status", asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.SetStatus(ctx, 42, "closed"))
	})},
	{"a snooze before 1970", asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.Snooze(ctx, 42, time.Unix(-1, 0).UTC()))
	})},
	{"a snooze in the year 10000", asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.Snooze(ctx, 42, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)))
	})},
	{"a label with a blank", listed(cfchat.ConversationListOptions{Labels: []string{"vip "}})},
	{"a label with a comma", listed(cfchat.ConversationListOptions{Labels: []string{"a,b"}})},
	{"a fraction of a second", listed(cfchat.ConversationListOptions{UpdatedWithin: time.Millisecond})},
	{"Q with a status", listed(cfchat.ConversationListOptions{Q: "refund", Status: cfchat.StatusOpen})},
	{"Q with an order by priority", listed(cfchat.ConversationListOptions{Q: "refund", SortBy: cfchat.SortBySortOnPriority})},
	{"counts with an assignee type", countsOf(cfchat.ConversationListOptions{AssigneeType: cfchat.AssigneeTypeMe})},
	{"counts with UpdatedWithin", countsOf(cfchat.ConversationListOptions{UpdatedWithin: time.Hour})},
	{"three mistakes at once", listed(cfchat.ConversationListOptions{TeamID: -1, InboxID: -1, Page: -1})},
	{"a create without any ids", created(cfchat.ConversationCreate{})},
	{"a create without an inbox", created(cfchat.ConversationCreate{ContactID: 1, SourceID: "s"})},
	{"a create without a contact", created(cfchat.ConversationCreate{InboxID: 1, SourceID: "s"})},
	{"a create with SnoozedUntil but not snoozed", created(cfchat.ConversationCreate{SourceID: "s", SnoozedUntil: time.Unix(1e9, 0)})},
	{"a create with an attribute that JSON cannot express", created(cfchat.ConversationCreate{
		SourceID: "s", CustomAttributes: map[string]any{"tier": math.Inf(1)},
	})},
	{"a create with a message of an invalid type", created(cfchat.ConversationCreate{
		SourceID: "s", Message: cfchat.FirstMessage{Content: "hi", MessageType: "sideways"},
	})},
	{"a create with a message that is not UTF-8", created(cfchat.ConversationCreate{
		SourceID: "s", Message: cfchat.FirstMessage{Content: "caf\xe9"},
	})},
	{"a create with a message that is too long", created(cfchat.ConversationCreate{
		SourceID: "s", Message: cfchat.FirstMessage{Content: strings.Repeat("{", 20_000)},
	})},
	{"a create with a template from the contact", created(cfchat.ConversationCreate{
		SourceID: "s", Message: cfchat.FirstMessage{Content: "hi", MessageType: cfchat.MessageKindIncoming, Template: true},
	})},
	{"a create with Liquid in template parameters", created(cfchat.ConversationCreate{
		SourceID: "s", Message: cfchat.FirstMessage{TemplateParams: map[string]any{"name": "{{contact.name}}"}},
	})},
	{"a create for a team with a bot's key", created(cfchat.ConversationCreate{SourceID: "s", TeamID: 4})},
	{"a scan from before the start", scanningBy(cfchat.ConversationScanOptions{After: -1})},
	{"a scan that ends before it starts", scanningBy(cfchat.ConversationScanOptions{After: 10, Until: 5})},
	{"a scan with a negative MaxWindow", scanningBy(cfchat.ConversationScanOptions{MaxWindow: -1})},
	{"a scan of negative width", scanningBy(cfchat.ConversationScanOptions{Concurrency: -1})},
	{"changes without a time, with a negative margin", changedSince(time.Time{}, -time.Second)},
	{"changes since before 1970", changedSince(time.Unix(-1, 0), 0)},
	{"changes since a year far in the future", changedSince(time.Date(9000, 1, 2, 3, 4, 5, 0, time.UTC), 0)},
	{"changes since a time in the future", func(*testing.T) error { return firstError(new(cfchat.Changes).All()) }},
	{"a bot that lists", func(t *testing.T) error {
		chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.Keys = auth.Keys{AgentBot: auth.NewKey(botKey)} })
		return trial.Second(chat.Account(56).Conversations.List(t.Context(), cfchat.ConversationListOptions{}))
	}},
}

func optioned(opts ...cfchat.CallOption) func(*testing.T) error {
	return asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.Get(ctx, 42, opts...))
	})
}

var optionTexts = []errorText{
	{"a nil option", optioned(nil)},
	{"a nil editor", optioned(cfchat.RequestEditorFn(nil))},
	{"a nil Response", optioned(cfchat.WithResponse(nil))},
	{"two Responses", optioned(cfchat.WithResponse(new(cfchat.Response)), cfchat.WithResponse(new(cfchat.Response)))},
	{"empty keys", optioned(cfchat.WithKeys(auth.Keys{}))},
	{"negative tries of a call", optioned(cfchat.WithRetry(cfchat.Retry{MaxTries: -1}))},
	{"a Response for an iterator", asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return firstError(s.ListAll(ctx, cfchat.ConversationListOptions{}, cfchat.WithResponse(new(cfchat.Response))))
	})},
}

func filtered(filter cfchat.Filter) func(*testing.T) error {
	return asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return trial.Second(s.Filter(ctx, filter, 1))
	})
}

func where(attribute cfchat.Attribute, values ...any) func(*testing.T) error {
	return filtered(cfchat.Where(cfchat.Equal(attribute, values...)))
}

// filteredBy returns the error of a filter with one rule, for a server of the given version.
func filteredBy(version string, attribute cfchat.Attribute, value any) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.ServerVersion = version })
		return trial.Second(chat.Account(56).Conversations.Filter(t.Context(), cfchat.Where(cfchat.Equal(attribute, value)), 1))
	}
}

func readAs(filter string) func(*testing.T) error {
	return func(*testing.T) error { return new(cfchat.Filter).UnmarshalJSON([]byte(filter)) }
}

var filterTexts = []errorText{
	{"a filter without rules", filtered(cfchat.Filter{})},
	{"a rule without an attribute", where("", "open")},
	{"a rule on an attribute of contacts", where("email", "jo@customer.test")},
	{"a rule on an attribute that older servers ignore", filteredBy("2.16.0", "priority", "urgent")},
	{"a rule on an attribute that later servers do not know", filteredBy("4.7.0", "contact_id", 7)},
	{"a rule with an invalid operator", filtered(cfchat.Where(cfchat.NewRule("status", "like", "open")))},
	{"a rule with its own query operator", filtered(cfchat.Where(cfchat.RawRule(cfchat.FilterRule{
		AttributeKey: "status", FilterOperator: "equal_to", Values: []any{"open"}, QueryOperator: new(cfchat.QueryOperatorAND),
	})))},
	{"a rule without a value", where("status")},
	{"a rule with an empty value", where("browser_language", "")},
	{"a rule with a value that JSON cannot express", where("tier", math.NaN())},
	{"a rule with nil", where("tier", nil)},
	{"a value for an operator without values", filtered(cfchat.Where(cfchat.NewRule("labels", "is_present", "x")))},
	{"a zero time", filtered(cfchat.Where(cfchat.GreaterThan("created_at", time.Time{})))},
	{"a time within a day", filtered(cfchat.Where(cfchat.GreaterThan("created_at", time.Unix(1e9, 0))))},
	{"a time for a custom attribute", filtered(cfchat.Where(cfchat.Since("due", time.Unix(1e9, 0))))},
	{"a time before 1970", filtered(cfchat.Where(cfchat.Since("created_at", time.Time{})))},
	{"a time in a filter with Or", filtered(cfchat.Where(cfchat.Since("created_at", time.Unix(1e9, 0))).Or(cfchat.Equal("status", "open")))},
	{"a time in a saved filter", func(*testing.T) error {
		return trial.Second(cfchat.Where(cfchat.Since("created_at", time.Unix(1e9, 0))).MarshalJSON())
	}},
	{"an operator that the attribute does not have", filtered(cfchat.Where(cfchat.NewRule("status", "contains", "open")))},
	{"a list among other values", where("inbox_id", 1, []int{1, 2})},
	{"a pointer", where("inbox_id", new(1))},
	{"an invalid status", where("status", "opne")},
	{"an invalid priority", where("priority", "hgih")},
	{"an invalid id, in a filter", where("inbox_id", "five")},
	{"a number where text is meant", where("browser_language", 5)},
	{"days that are not a number", filtered(cfchat.Where(cfchat.NewRule("created_at", "days_before", "many")))},
	{"an invalid day", filtered(cfchat.Where(cfchat.NewRule("created_at", "is_greater_than", "tomorrow")))},
	{"several texts for a custom attribute", where("tier", "gold", "silver")},
	{"a quote to compare with", filtered(cfchat.Where(cfchat.NewRule("tier", "is_greater_than", "it's")))},
	{"text after a custom attribute", filtered(cfchat.Where(cfchat.Equal("tier", "gold")).And(cfchat.Equal("mail_subject", "Hello")))},
	{"NotEqual on a custom attribute before a rule", filtered(cfchat.Where(cfchat.NotEqual("tier", "gold")).And(cfchat.Equal("status", "open")))},
	{"NotEqual on a custom attribute after And", filtered(cfchat.Where(cfchat.Equal("status", "open")).And(cfchat.NotEqual("tier", "gold")))},
	{"NotEqual on a custom attribute in a scan", asked(func(ctx context.Context, s cfchat.ConversationsService) error {
		return firstError(s.Scan(ctx, cfchat.Where(cfchat.NotEqual("tier", "gold")), cfchat.ConversationScanOptions{}))
	})},
	{"an invalid saved filter", readAs(`{"payload":5}`)},
	{"a saved filter whose rules are not joined", readAs(`{"payload":[{"attribute_key":"status"},{"attribute_key":"status"}]}`)},
}

// done returns the error of Do, from a server that answers 200 with a blank body.
func done(method, path string, body, answer any) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(200, "application/json", " "), nil }))
		return chat.Account(56).Do(t.Context(), method, path, body, answer)
	}
}

var doTexts = []errorText{
	{"Do: an invalid method", done("LIST", "labels", nil, nil)},
	{"Do: no path", done("GET", "", nil, nil)},
	{"Do: a fragment", done("GET", "labels#top", nil, nil)},
	{"Do: a whole address", done("GET", "https://chat.test/labels", nil, nil)},
	{"Do: a path with a leading slash", done("GET", "/labels", nil, nil)},
	{"Do: a path with a blank", done("GET", "labels?q=a b", nil, nil)},
	{"Do: a path that leads elsewhere", done("GET", "labels/../../57", nil, nil)},
	{"Do: a GET with a body", done("GET", "labels", map[string]any{}, nil)},
	{"Do: a body that is a typed nil", done("POST", "labels", (map[string]any)(nil), nil)},
	{"Do: a body that JSON cannot express", done("POST", "labels", func() {}, nil)},
	{"Do: bytes as JSON", done("POST", "labels", []byte("{}"), nil)},
	{"Do: text as JSON", done("POST", "labels", "{}", nil)},
	{"Do: an answer that is a typed nil", done("GET", "labels", nil, (*int)(nil))},
	{"Do: an answer that nothing can be decoded into", done("GET", "labels", nil, 5)},
	{"Do: an answer to HEAD", done("HEAD", "labels", nil, new(int))},
	{"Do: an empty answer", done("GET", "labels", nil, new(int))},
	{"Do: an answer that cannot be written", done("GET", "labels", nil, failingWriter{})},
	{"Do: a body that panics", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			_, err := io.ReadAll(req.Body)
			return nil, err
		}))
		return chat.Account(56).Do(t.Context(), "POST", "labels", io.Reader(foreign{trouble: func() { panic("boom") }}), nil)
	}},
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// edited returns the error of a call with an editor.
func edited(edit func(*http.Request) error) func(*testing.T) error {
	return optioned(cfchat.RequestEditorFn(func(_ context.Context, req *http.Request) error { return edit(req) }))
}

func changed(change func(*http.Request)) func(*testing.T) error {
	return edited(func(req *http.Request) error { change(req); return nil })
}

var editorTexts = []errorText{
	{"an editor that fails", edited(func(*http.Request) error { return errors.New("no token") })},
	{"an editor that fails without a message", edited(func(*http.Request) error { return (*nilError)(nil) })},
	{"an editor that panics", edited(func(*http.Request) error { panic("boom") })},
	{"an editor whose body fails", changed(func(r *http.Request) { r.Body = io.NopCloser(failingReader{}) })},
	{"an editor that changes the host", changed(func(r *http.Request) { r.URL.Host = "evil.example" })},
	{"an editor that sets two keys", changed(func(r *http.Request) { r.Header[auth.HeaderDash] = []string{"a", "b"} })},
	{"an editor that removes the address", changed(func(r *http.Request) { r.URL = nil })},
	{"an editor that changes the method", changed(func(r *http.Request) { r.Method = http.MethodPatch })},
	{"an editor that sets URL.Opaque", changed(func(r *http.Request) { r.URL.Opaque = "//x" })},
	{"an editor that sets an Idempotency-Key", changed(func(r *http.Request) { r.Header.Set("Idempotency-Key", "a") })},
	{"an editor that sets an invalid header", changed(func(r *http.Request) { r.Header["a b"] = []string{"c"} })},
	{"an editor that sets a header with a line break", changed(func(r *http.Request) { r.Header.Set("A", "b\nc") })},
}

// carried returns the error of a call over a Transport.
func carried(c trial.Call, trip func(*http.Request) (*http.Response, error), options ...func(*cfchat.Config)) func(*testing.T) error {
	return func(t *testing.T) error {
		return trial.Second(c.In(t.Context(), trial.Chat(t, trial.RoundTripper(trip), options...), 56, trial.One))
	}
}

func unanswered(c trial.Call, err error) func(*testing.T) error {
	return carried(c, func(*http.Request) (*http.Response, error) { return nil, err })
}

var transportTexts = []errorText{
	{"a read: no connection", unanswered(trial.Get, errRefused)},
	{"a write: no connection", unanswered(trial.Create, errRefused)},
	{"a read: the address shows", unanswered(trial.Get, &url.Error{Op: "Get", URL: "https://chat.test/?q=x", Err: io.EOF})},
	{"a Transport without an answer", unanswered(trial.Get, nil)},
	{"a Transport that panics", carried(trial.Create, func(*http.Request) (*http.Response, error) { panic("boom") })},
	{"a Transport that returns no status", carried(trial.Get, func(*http.Request) (*http.Response, error) { return trial.Reply(0, "", ""), nil })},
	{"a Transport that fails without a message", unanswered(trial.Get, (*nilError)(nil))},
	{"a write: no answer in time", carried(trial.Create, func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	})},
	{"a write: a Transport that ignores the deadline", func(t *testing.T) error {
		over := make(chan struct{})
		defer synctest.Wait()
		defer close(over)
		return carried(trial.Create, func(*http.Request) (*http.Response, error) { <-over; return nil, io.EOF })(t)
	}},
	{"a caller who stops", func(t *testing.T) error {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errStopped) })
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}))
		return trial.Second(trial.Create.In(ctx, chat, 56, trial.One))
	}},
}

// answered returns the error of a call that gets an answer. Further headers are pairs.
func answered(c trial.Call, status int, contentType, body string, headers ...string) func(*testing.T) error {
	return carried(c, func(*http.Request) (*http.Response, error) {
		resp := trial.Reply(status, contentType, body)
		for pair := range slices.Chunk(headers, 2) {
			resp.Header.Set(pair[0], pair[1])
		}
		return resp, nil
	}, func(c *cfchat.Config) { c.MaxBody = 1000 })
}

const isJSON = "application/json; charset=utf-8"

var answerTexts = []errorText{
	{"400", answered(trial.List, 400, isJSON, `{"error":"page is missing"}`)},
	{"401", answered(trial.Get, 401, isJSON, `{"error":"Invalid Access Token"}`)},
	{"401, the key did not arrive", answered(trial.Get, 401, isJSON, `{"errors":["You need to sign in or sign up before continuing."]}`)},
	{"403 of a proxy", answered(trial.Get, 403, "text/html", "<html>go away</html>")},
	{"403 of an account", answered(trial.Get, 403, isJSON, `{"error":"API access is not enabled for this account"}`)},
	{"401, not for bots yet", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(401, isJSON, `{"error":"Access to this endpoint is not authorized for bots"}`), nil
		}), func(c *cfchat.Config) { c.Keys = auth.Keys{AgentBot: auth.NewKey(botKey)} })
		return trial.Second(chat.Account(56).Conversations.Get(t.Context(), 42))
	}},
	{"401, only for administrators", func(t *testing.T) error {
		srv := cfchattest.New(t)
		return trial.Second(srv.Account(t, func(c *cfchat.Config) { c.Keys.User = auth.NewKey(srv.AgentKey()) }).Webhooks.List(t.Context()))
	}},
	{"404, no such operation", answered(trial.Get, 404, isJSON, `{"status":404,"error":"Not Found"}`)},
	{"404, no such path", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(404, isJSON, `{"status":404,"error":"Not Found"}`), nil
		}))
		return chat.Account(56).Do(t.Context(), http.MethodGet, "conversations/42/attachments", nil, nil)
	}},
	{"a server that does not report its version", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			return trial.Reply(200, isJSON, `{"data_services":"ok"}`), nil
		}))
		return trial.Second(chat.ServerInfo(t.Context()))
	}},
	{"404", answered(trial.Get, 404, isJSON, `{"error":"Resource could not be found"}`)},
	{"422", answered(trial.Create, 422, isJSON, `{"message":"Contact is blocked","attributes":["contact"]}`)},
	{"429", answered(trial.Get, 429, "text/plain", "Retry later\n")},
	{"429, and the server asks to wait", answered(trial.Get, 429, "text/plain", "Retry later\n", "Retry-After", "90")},
	{"500 of a create", answered(trial.Create, 500, isJSON, `{"status":500,"error":"Internal Server Error"}`)},
	{"503 of a read", answered(trial.Get, 503, "text/html", "<html>")},
	{"503 of a write", answered(trial.Toggle, 503, "text/html", "<html>")},
	{"304", answered(trial.Get, 304, "", "")},
	{"302 to another host", answered(trial.Get, 302, "", "", "Location", "https://login.example/sso?to=x")},
	{"301 without a host", answered(trial.Create, 301, "", "", "Location", "/chat")},
	{"101", answered(trial.Get, 101, "", "")},
	{"204", answered(trial.Get, 204, "", "")},
	{"a success that is HTML", answered(trial.Get, 200, "text/html", "<html>log in</html>")},
	{"a success that is HTML, of Do", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(200, "text/html", "<html>"), nil }))
		return chat.Account(56).Do(t.Context(), "POST", "labels", nil, nil)
	}},
	{"a success that is not JSON", answered(trial.Create, 200, isJSON, `{"id":`)},
	{"a success of another kind", answered(trial.Get, 200, isJSON, `{}`)},
	{"a list without its envelope", answered(trial.List, 200, isJSON, trial.GoodPage)},
	{"a page without its conversations", answered(trial.Filter, 200, isJSON, `{"meta":{}}`)},
	{"a page of another kind", answered(trial.Filter, 200, isJSON, `{"payload":[{"id":5}]}`)},
	{"missing counts", answered(trial.Counts, 200, isJSON, `{"meta":{"mine_count":1}}`)},
	{"counts of a filter", answered(trial.Counts, 200, isJSON, trial.GoodPage)},
	{"a status change of another kind", answered(trial.Toggle, 200, isJSON, `{}`)},
	{"labels of another kind", answered(trial.CallOf("listAllLabelsOfAConversation"), 200, isJSON, `{}`)},
	{"another conversation", answered(trial.Get, 200, isJSON, `{"id":43,"status":"open"}`)},
	{"another status", answered(trial.Toggle, 200, isJSON, `{"payload":{"success":true,"conversation_id":42,"current_status":"open"}}`)},
	{"a status that was not stored", answered(trial.Toggle, 200, isJSON, `{"payload":{"success":false,"conversation_id":42,"current_status":"resolved"}}`)},
	{"an invalid time", answered(trial.Get, 200, isJSON, `{"id":42,"status":"open","timestamp":[]}`)},
	{"an invalid ISO time", answered(trial.Get, 200, isJSON, `{"id":42,"status":"open","snoozed_until":5}`)},
	{"invalid attributes", answered(trial.Get, 200, isJSON, `{"id":42,"status":"open","custom_attributes":5}`)},
	{"too large", answered(trial.Get, 200, isJSON, strings.Repeat(" ", 2000))},
	{"cut", carried(trial.Create, func(*http.Request) (*http.Response, error) {
		resp := trial.Reply(200, isJSON, "")
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), failingReader{}))
		return resp, nil
	})},
	{"pages that repeat", func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return trial.Reply(200, isJSON, trial.GoodPage), nil }))
		return firstError(chat.Account(56).Conversations.FilterAll(t.Context(), cfchat.Where(cfchat.Equal("status", "open"))))
	}},
	{"a window of another kind", func(t *testing.T) error {
		return scanOver(t, func(req *http.Request) *http.Response {
			body, _ := io.ReadAll(req.Body)
			rows := `{"id":99,"status":"open"}`
			if !bytes.Contains(body, []byte("display_id")) {
				rows = strings.Repeat(`{"id":9,"status":"open"},`, 24) + `{"id":9,"status":"open"}`
			}
			return trial.Reply(200, isJSON, `{"meta":{"mine_count":0,"unassigned_count":0,"all_count":1000},"payload":[`+rows+`]}`)
		})
	}},
	{"a window with another message", func(t *testing.T) error {
		return messageOver(t, func(*http.Request) *http.Response {
			return trial.Reply(200, isJSON, `{"payload":[`+trial.GoodMessage+`]}`)
		}, func(s cfchat.MessagesService) iter.Seq2[*cfchat.Message, error] {
			return s.Scan(t.Context(), 42, cfchat.MessageScanOptions{Until: 1233})
		})
	}},
	{"a message that cannot be read", func(t *testing.T) error {
		return messageOver(t, func(req *http.Request) *http.Response {
			query := req.URL.Query()
			if after, before := query.Get("after"), query.Get("before"); after <= "1" && before > "1" {
				return trial.Reply(500, isJSON, `{"status":500,"error":"Internal Server Error"}`)
			} else if after == "2" {
				return trial.Reply(200, isJSON, `{"payload":[`+strings.ReplaceAll(trial.GoodMessage, "1234", "2")+`]}`)
			}
			return trial.Reply(200, isJSON, `{"payload":[]}`)
		}, func(s cfchat.MessagesService) iter.Seq2[*cfchat.Message, error] {
			return s.Scan(t.Context(), 42, cfchat.MessageScanOptions{Until: 2})
		})
	}},
	{"messages after one, without a conversation", func(t *testing.T) error {
		return messageOver(t, nil, func(s cfchat.MessagesService) iter.Seq2[*cfchat.Message, error] {
			return s.ScanAll(t.Context(), cfchat.Filter{}, cfchat.MessageScanAllOptions{After: 5})
		})
	}},
	{"messages of an account, up to an id before the first", func(t *testing.T) error {
		return messageOver(t, nil, func(s cfchat.MessagesService) iter.Seq2[*cfchat.Message, error] {
			return s.ScanAll(t.Context(), cfchat.Filter{}, cfchat.MessageScanAllOptions{ConversationID: 5, Until: 4})
		})
	}},
	{"all messages, with another key", func(t *testing.T) error {
		return messageOver(t, func(req *http.Request) *http.Response {
			if req.Method == http.MethodPost {
				return trial.Reply(200, isJSON, trial.GoodPage)
			}
			return trial.Reply(401, isJSON, `{"error":"Invalid Access Token"}`)
		}, func(s cfchat.MessagesService) iter.Seq2[*cfchat.Message, error] {
			return s.ScanAll(t.Context(), cfchat.Filter{}, cfchat.MessageScanAllOptions{})
		})
	}},
	{"a conversation that cannot be read", func(t *testing.T) error {
		server := cfchattest.New(t)
		for range 3 {
			server.AddConversation(cfchattest.Conversation{})
		}
		server.BreakConversation(2)
		return firstError(server.Account(t).Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{}))
	}},
	{"an end that cannot be proven", func(t *testing.T) error {
		return scanOver(t, func(req *http.Request) *http.Response {
			switch body, _ := io.ReadAll(req.Body); {
			case bytes.Contains(body, []byte("not_equal_to")):
				return trial.Reply(403, "text/html", "")
			case bytes.Contains(body, []byte(",9,")):
				return trial.Reply(200, isJSON, `{"meta":{"mine_count":0,"unassigned_count":0,"all_count":1},"payload":[{"id":9,"status":"open"}]}`)
			case bytes.Contains(body, []byte("display_id")):
				return trial.Reply(200, isJSON, `{"meta":{"mine_count":0,"unassigned_count":0,"all_count":0},"payload":[]}`)
			}
			rows := strings.Repeat(`{"id":9,"status":"open"},`, 24) + `{"id":9,"status":"open"}`
			return trial.Reply(200, isJSON, `{"meta":{"mine_count":0,"unassigned_count":0,"all_count":1000},"payload":[`+rows+`]}`)
		})
	}},
}

// messageOver returns the first error of a scan of messages, from a server that answers with answer.
func messageOver(t *testing.T, answer func(*http.Request) *http.Response, scan func(cfchat.MessagesService) iter.Seq2[*cfchat.Message, error]) error {
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) { return answer(req), nil }))
	for _, err := range scan(chat.Account(56).Messages) {
		if err != nil {
			return err
		}
	}
	return nil
}

func scanOver(t *testing.T, answer func(*http.Request) *http.Response) error {
	chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Body == nil {
			req.Body = http.NoBody
		}
		return answer(req), nil
	}))
	return firstError(chat.Account(56).Conversations.Scan(t.Context(), cfchat.Filter{}, cfchat.ConversationScanOptions{}))
}

// limited returns the error of a call whose limiter's Wait fails at the given try.
func limited(try int, err error) func(*testing.T) error {
	return carried(trial.Get, func(*http.Request) (*http.Response, error) { return trial.Reply(503, "text/html", ""), nil }, func(c *cfchat.Config) {
		tries := 0
		c.Retry = cfchat.Retry{}
		c.Limiter = waiter(func(context.Context) error {
			if tries++; tries == try {
				return err
			}
			return nil
		})
	})
}

var waitTexts = []errorText{
	{"a limiter that fails", limited(1, errors.New("the day's budget is used up"))},
	{"a limiter that fails before another try", limited(2, errors.New("the day's budget is used up"))},
	{"a minute without requests left", func(t *testing.T) error {
		time.Sleep(30 * time.Second)
		chat := trial.Chat(t, newMinuteServer(1), func(c *cfchat.Config) { c.Limiter = cfchat.PerMinute(1) })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := trial.Get.In(ctx, chat, 56, trial.One); err != nil {
			return nil
		}
		return trial.Second(trial.Get.In(ctx, chat, 56, trial.One))
	}},
	{"a caller who stops between two tries", func(t *testing.T) error {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(100*time.Millisecond, func() { cancel(errStopped) })
		chat := trial.Chat(t, trial.Broken{}, func(c *cfchat.Config) { c.Retry = cfchat.Retry{} })
		return trial.Second(trial.Get.In(ctx, chat, 56, trial.One))
	}},
	{"a caller who stops between two tries without an answer", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }), func(c *cfchat.Config) { c.Retry = cfchat.Retry{} })
		return trial.Second(trial.Get.In(ctx, chat, 56, trial.One))
	}},
	{"a call whose context has already ended", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return trial.Second(trial.Create.In(ctx, trial.Chat(t, trial.Broken{}), 56, trial.One))
	}},
}
