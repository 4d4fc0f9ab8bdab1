package export_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/export"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// through lets a function answer requests of the export in place of the server, which answers if the function returns
// neither a response nor an error.
func through(server *cfchattest.Server, answer func(*http.Request) (*http.Response, error)) func(*cfchat.Config) {
	return func(c *cfchat.Config) {
		transport := roundTripper(func(req *http.Request) (*http.Response, error) {
			if resp, err := answer(req); resp != nil || err != nil {
				return resp, err
			}
			return server.Transport().RoundTrip(req)
		})
		c.HTTPClient, c.Downloads = &http.Client{Transport: transport}, transport
	}
}

// answered returns an answer with a status and a JSON body.
func answered(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: req,
	}
}

// TestBusyServer checks that lists, contacts and files that a retry can read are not recorded as unreadable.
func TestBusyServer(t *testing.T) {
	server := account(t, 3)
	attach(t, server, "one")
	for path, c := range map[string]struct {
		status int
		times  int64
		file   string
	}{
		"/agents": {401, 4, "agents.ndjson"}, "/teams": {404, 4, "teams.ndjson"}, "/labels": {500, 4, "labels.ndjson"},
		"/inboxes": {503, 4, "inboxes.ndjson"}, "/contacts": {404, 4, archive.Contact}, "/rails/": {503, 1, archive.StoredFile},
	} {
		dir, failures := t.TempDir(), atomic.Int64{}
		m, _, err := run(t, server, export.Options{Dir: dir, Attachments: true}, through(server, func(req *http.Request) (*http.Response, error) {
			if strings.Contains(req.URL.Path+"/", path) && failures.Add(1) <= c.times {
				return answered(req, c.status, "{}"), nil
			}
			return nil, nil
		}))
		if err != nil || !m.Complete || len(m.Unreadable) > 0 || failures.Load() <= c.times {
			t.Errorf("%s: %v, %+v, asked %d times", path, err, m.Unreadable, failures.Load())
		}
		isEmpty := func(f archive.File) bool { return f.Name == c.file && f.Rows == 0 }
		if v, err := archive.Verify(t.Context(), dir); err != nil || slices.ContainsFunc(v.Files, isEmpty) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// TestClosedAccount checks that a suspended account is not blamed on a list, and ends the export before anything is recorded
// as unreadable.
func TestClosedAccount(t *testing.T) {
	server := account(t, 3)
	asked := atomic.Bool{}
	m, _, err := run(t, server, export.Options{Dir: t.TempDir()}, through(server, func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/inboxes") {
			asked.Store(true)
		}
		if asked.Load() && strings.Contains(req.URL.Path, "/accounts/") {
			return answered(req, http.StatusUnauthorized, `{"error":"Account is suspended"}`), nil
		}
		return nil, nil
	}))
	if !errors.Is(err, cfchat.ErrUnauthorized) || m.Complete || len(m.Unreadable) > 0 || m.Position.Phase != archive.Names {
		t.Errorf("%v, %+v", err, m)
	}
}

// attach sends a message with a file to the first conversation.
func attach(t *testing.T, server *cfchattest.Server, content string) {
	t.Helper()
	file := cfchat.File{Name: content + ".txt", Reader: strings.NewReader(content)}
	if _, err := server.Account(t).Messages.Send(t.Context(), 1, cfchat.MessageCreate{Files: []cfchat.File{file}}); err != nil {
		t.Fatal(err)
	}
}

// TestOddAttachments checks that attachments without a file are skipped, and that those that should have one are recorded.
func TestOddAttachments(t *testing.T) {
	server := account(t, 1)
	attach(t, server, "one")
	for attachment, named := range map[string]bool{
		`null`: false,
		`{"id":900,"message_id":1,"account_id":1,"file_type":"location","coordinates_lat":1,"coordinates_long":2}`: false,
		`{"id":900,"message_id":1,"account_id":1,"file_type":"image","data_url":null}`:                             true,
		`{"id":900,"message_id":1,"account_id":1,"file_type":"image","data_url":""}`:                               true,
		`{"id":900,"message_id":1,"account_id":1,"file_type":"file","data_url":"ftp://x.test/a"}`:                  true,
	} {
		m, _, err := run(t, server, export.Options{Dir: t.TempDir(), Attachments: true}, through(server, func(req *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(req.URL.Path, "/messages") {
				return nil, nil
			}
			resp, err := server.Transport().RoundTrip(req)
			if err != nil {
				return nil, err
			}
			body, err := io.ReadAll(resp.Body)
			return answered(req, http.StatusOK, strings.Replace(string(body), `"attachments":[`, `"attachments":[`+attachment+`,`, 1)), err
		}))
		if err != nil || !m.Complete || (len(m.Unreadable) == 1 && m.Unreadable[0].AttachmentID == 900) != named {
			t.Errorf("%s: %v, %+v", attachment, err, m.Unreadable)
		}
	}
}

// TestContactSlips checks that the list is read twice, because a contact may slip from one page to another unnoticed.
func TestContactSlips(t *testing.T) {
	server := cfchattest.New(t)
	var ids []int64
	for i := range 40 {
		ids = append(ids, server.AddContact(cfchattest.Contact{Email: fmt.Sprintf("a%03d@example.com", i)}))
	}
	pages, gone, dir := atomic.Int64{}, int64(0), t.TempDir()
	_, _, err := run(t, server, export.Options{Dir: dir}, through(server, func(req *http.Request) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/contacts") && pages.Add(1) == 2 {
			page, err := server.Account(t).Contacts.List(t.Context(), cfchat.ContactListOptions{})
			if err != nil {
				return nil, err
			}
			gone = page.Payload[0].ID
			server.DeleteContact(gone)
			server.AddContact(cfchattest.Contact{Email: "new@example.com"})
		}
		return nil, nil
	}))
	contacts := lines(t, dir, archive.Contact)
	for _, id := range ids {
		if contacts[id] == nil && id != gone {
			t.Errorf("contact %d, who existed all the time, is missing; %v", id, err)
		}
	}
}

// TestShardRequests checks that each shard only requests its own part, even if the first page of the list is broken.
func TestShardRequests(t *testing.T) {
	server := cfchattest.New(t)
	for range 2000 {
		server.AddConversation(cfchattest.Conversation{CreatedAt: time.Now().Add(-72 * time.Hour)})
	}
	server.BreakConversation(2000)
	for i := range 4 {
		_, requests, err := run(t, server, export.Options{Dir: t.TempDir(), Shard: &shards.Shard{Index: i, Of: 4}})
		if err != nil || requests.Sent() > 1000 {
			t.Errorf("shard %d: %d requests, %v", i, requests.Sent(), err)
		}
	}
}

// TestResumeShard ends a shard at each of its requests for messages, resumes it, and checks that nothing is missing or
// duplicated.
func TestResumeShard(t *testing.T) {
	server := account(t, 520)
	for _, shard := range []shards.Shard{{Index: 0, Of: 2}, {Index: 1, Of: 2}} {
		whole := t.TempDir()
		exported(t, server, export.Options{Dir: whole, Shard: &shard})
		dir := t.TempDir()
		for at := int64(3); ; at += 41 {
			_, _, err := run(t, server, export.Options{Dir: dir, Shard: &shard}, closing(server, at))
			if err == nil {
				break
			}
		}
		if _, err := archive.Verify(t.Context(), dir); err != nil {
			t.Error(err)
		}
		for _, name := range []string{archive.Conversation, archive.Message} {
			if got, want := lines(t, dir, name), lines(t, whole, name); len(got) != len(want) || len(want) == 0 {
				t.Errorf("%v: %s has %d rows, want %d", shard, name, len(got), len(want))
			}
		}
	}
}

// TestEndsAnywhere lets the server fail from each request on in turn. It checks that the export ends with the failure, says
// how to continue, and does so.
func TestEndsAnywhere(t *testing.T) { synctest.Test(t, endsAnywhere) } // because scans wait before they give up

func endsAnywhere(t *testing.T) {
	server := account(t, 2)
	attach(t, server, "one")
	since := time.Now().Add(-time.Hour)
	for name, options := range map[string]export.Options{
		"whole": {Attachments: true}, "since": {Since: &since}, "first": {Shard: &shards.Shard{Index: 0, Of: 2}}, "second": {Shard: &shards.Shard{Index: 1, Of: 2}},
	} {
		for at, ended := int64(1), false; !ended; at++ {
			options.Dir = filepath.Join(t.TempDir(), "export")
			sent := atomic.Int64{}
			m, _, err := run(t, server, options, through(server, func(*http.Request) (*http.Response, error) {
				if sent.Add(1) >= at {
					return nil, errors.New("the server is gone")
				}
				return nil, nil
			}))
			if ended = sent.Load() < at; ended != (err == nil) || ended != m.Complete || len(m.Unreadable) > 0 {
				t.Fatalf("%s, from request %d on: %v, %+v", name, at, err, m)
			}
			if m.Format != 0 && !ended && !strings.HasSuffix(err.Error(), "run the same command again to continue") {
				t.Errorf("%s, from request %d on: %v", name, at, err)
			}
			if m, _, err := run(t, server, options); err != nil || !m.Complete || len(m.Unreadable) > 0 {
				t.Errorf("%s, after request %d: %v, %+v", name, at, err, m)
			}
			if _, err := archive.Verify(t.Context(), options.Dir); err != nil {
				t.Errorf("%s, after request %d: %v", name, at, err)
			}
		}
	}
}

// TestClock checks that the time is that of the server's answers or, if they have none, a day before the local time.
func TestClock(t *testing.T) {
	server := account(t, 1)
	for _, date := range []string{"Fri, 02 Jan 2026 03:04:05 GMT", ""} {
		m, _, err := run(t, server, export.Options{Dir: t.TempDir()}, through(server, func(req *http.Request) (*http.Response, error) {
			resp, err := server.Transport().RoundTrip(req)
			if err == nil {
				if resp.Header.Del("Date"); date != "" {
					resp.Header.Set("Date", date)
				}
			}
			return resp, err
		}))
		from := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		if date == "" {
			from = time.Now().AddDate(0, 0, -1)
		}
		if err != nil || m.From.Sub(from).Abs() > time.Minute || m.To.Sub(from).Abs() > time.Minute || !m.NextSince.Equal(m.From.Add(-time.Minute)) {
			t.Errorf("%q: %v, from %v to %v, next %v", date, err, m.From, m.To, m.NextSince)
		}
	}
}

// TestNotInAccount checks that the key of a person in another account is refused.
func TestNotInAccount(t *testing.T) {
	server := account(t, 1)
	_, _, err := run(t, server, export.Options{Dir: filepath.Join(t.TempDir(), "new")}, through(server, func(req *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(req.URL.Path, "/profile") {
			return nil, nil
		}
		return answered(req, http.StatusOK, `{"id":5,"name":"Ann","email":"a@x.test","accounts":[{"id":77,"name":"x","role":"agent","status":"active"}]}`), nil
	}))
	if err == nil || !strings.Contains(err.Error(), "Ann, who is not in account") {
		t.Error(err)
	}
}

// TestSinceGoesOn ends an export of changes again and again, and checks that each run resumes it.
func TestSinceGoesOn(t *testing.T) {
	server := cfchattest.New(t)
	since := time.Now().Add(-time.Hour)
	for range 60 {
		server.AddMessage(server.AddConversation(cfchattest.Conversation{}), cfchattest.Message{})
	}
	dir := t.TempDir()
	var rows []int
	for {
		m, _, err := run(t, server, export.Options{Dir: dir, Since: &since}, closing(server, 20))
		rows = append(rows, len(lines(t, dir, archive.Conversation)))
		if err == nil {
			break
		}
		if m.Complete || len(rows) > 9 {
			t.Fatalf("%v, %+v, rows %d", err, m, rows)
		}
	}
	if _, err := archive.Verify(t.Context(), dir); err != nil || rows[len(rows)-1] != 60 || !slices.IsSorted(rows) {
		t.Errorf("%v, %d rows", err, rows)
	}
	for id, row := range lines(t, dir, archive.Conversation) {
		var c struct {
			Meta struct{ Sender struct{ ID int64 } }
		}
		if err := json.Unmarshal(row, &c); err != nil || lines(t, dir, archive.Contact)[c.Meta.Sender.ID] == nil {
			t.Errorf("the contact of conversation %d is missing: %v", id, err)
		}
	}
}
