package cfchattest_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

func TestList(t *testing.T) {
	srv, old := sales(t), sales(t, cfchattest.Version("2.16.0"))
	for _, server := range []*cfchattest.Server{srv, old} {
		server.AddMessage(1, cfchattest.Message{Content: "100% sure, HELLO"}) // moves the conversation to the front
		server.AddMessage(3, cfchattest.Message{Content: "hello activity", Type: cfchat.MessageTypeActivity})
	}
	admin := []*cfchattest.Server{srv, old}
	for _, c := range []struct {
		query   string
		servers []*cfchattest.Server
		agent   bool
		want    []int64
	}{
		{query: "", want: []int64{1, 2}},
		{query: "status=all", want: []int64{3, 1, 5, 4, 2}},
		{query: "status=all", agent: true, want: []int64{3, 1, 5, 2}},
		{query: "status[]=open&status[]=pending", want: []int64{1, 4, 2}},
		{query: "status=1", want: []int64{3}},
		{query: "assignee_type=me", agent: true, want: []int64{2}},
		{query: "assignee_type=assigned", want: []int64{1, 2}},
		{query: "assignee_type=unassigned", want: []int64{}},
		{query: "inbox_id=2&status=all", want: []int64{4}},
		{query: "inbox_id[]=1&inbox_id[]=2&status=all", want: []int64{3, 1, 5, 4, 2}},
		{query: "inbox_id=2&status=all", agent: true, want: []int64{}},
		{query: "team_id=1abc", want: []int64{2}},
		{query: "labels=A,zz&status=all", want: []int64{1}},
		{query: "labels[]=a&labels[]=B&status=all", want: []int64{1, 2}},
		{query: "labels=%22a,b%22&status=all", want: []int64{4}},
		{query: "q=hello", want: []int64{1}},
		{query: "q=0%25 s", want: []int64{1}},
		{query: "q=", want: []int64{1}},
		{query: "status=all&sort_by=sort_on_created_at", want: []int64{1, 2, 3, 4, 5}},
		{query: "status=all&page=0", want: []int64{3, 1, 5, 4, 2}},
		{query: "status=all&page=2", want: []int64{}},
		{query: "status=all&conversation_type=participating", want: []int64{1}},
		{query: "status=all&conversation_type=unattended", want: []int64{3, 1, 5, 4, 2}},
		{query: "status=bogus", servers: admin[:1], want: []int64{}},
		{query: "status=all&sort_by=priority_desc", servers: admin[:1], want: []int64{3, 1, 5, 4, 2}},
		{query: "status=all&sort_by=created_at_desc", servers: admin[:1], want: []int64{5, 4, 3, 2, 1}},
		{query: "status=all&sort_by=last_user_message_at", servers: admin[1:], want: []int64{1, 3}},
		{query: "status=all&updated_within=60&page=9", servers: admin[:1], want: []int64{3, 1}},
		{query: "status=all&updated_within=99999999999999", servers: admin[:1], want: []int64{3, 1, 5, 4, 2}},
		{query: "status=all&updated_within=-60", servers: admin[:1], want: []int64{}},
	} {
		if c.servers == nil {
			c.servers = admin
		}
		for _, server := range c.servers {
			key := server.AdminKey()
			if c.agent {
				key = server.AgentKey()
			}
			path := conversations + "?" + escape(c.query)
			status, body := call(t, server, key, "GET", path, "")
			if status != 200 || !slices.Equal(idsOf(t, body), c.want) {
				t.Errorf("%s (agent %t): %d %v, want %v", c.query, c.agent, status, idsOf(t, body), c.want)
			}
		}
	}
}

func TestListRefuses(t *testing.T) {
	for _, c := range []struct {
		query     string
		want, old int
	}{
		{"team_id=9", 404, 404},
		{"team_id=abc", 404, 404},
		{"page[]=1", 500, 500},
		{"page=1&page[a]=2", 400, 400},
		{"status=bogus", 200, 500},
		{"status=", 200, 500},
	} {
		for server, want := range map[*cfchattest.Server]int{sales(t): c.want, sales(t, cfchattest.Version("2.16.0")): c.old} {
			if got, body := call(t, server, server.AdminKey(), "GET", conversations+"?"+c.query, ""); got != want {
				t.Errorf("%s: %d, want %d: %s", c.query, got, want, body)
			}
		}
	}
}

// TestCountsWithText checks that counts with q are of one page only.
func TestCountsWithText(t *testing.T) {
	srv := cfchattest.New(t)
	for range 60 {
		srv.AddMessage(srv.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Content: "order"})
	}
	for page, want := range map[string]string{
		"1": `{"meta":{"all_count":25,"assigned_count":0,"mine_count":0,"unassigned_count":25}}`,
		"3": `{"meta":{"all_count":10,"assigned_count":0,"mine_count":0,"unassigned_count":10}}`,
		"4": `{"meta":{"all_count":0,"assigned_count":0,"mine_count":0,"unassigned_count":0}}`,
	} {
		if _, got := call(t, srv, srv.AdminKey(), "GET", conversations+"/meta?q=order&page="+page, ""); got != want {
			t.Errorf("page %s: %s, want %s", page, got, want)
		}
	}
}

// TestCountsOfAPageTooFar: with q the counts ask the database for the page, which cannot count to it; without q they do not.
func TestCountsOfAPageTooFar(t *testing.T) {
	srv := cfchattest.New(t)
	for query, want := range map[string]int{"q=order&page=9223372036854775807": 500, "page=9223372036854775807": 200} {
		if got, body := call(t, srv, srv.AdminKey(), "GET", conversations+"/meta?"+query, ""); got != want {
			t.Errorf("%s: %d, want %d: %s", query, got, want, body)
		}
	}
}

// TestCountsWithTextAndWindow checks that counts with q include all conversations within updated_within, which has no pages
// (contract, 6.5 and 6.7).
func TestCountsWithTextAndWindow(t *testing.T) {
	srv := cfchattest.New(t)
	for range 60 {
		srv.AddMessage(srv.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Content: "order"})
	}
	for within, want := range map[string]string{
		"600": `{"meta":{"all_count":60,"assigned_count":0,"mine_count":0,"unassigned_count":60}}`,
		"-1":  `{"meta":{"all_count":0,"assigned_count":0,"mine_count":0,"unassigned_count":0}}`,
	} {
		if _, got := call(t, srv, srv.AdminKey(), "GET", conversations+"/meta?q=order&page=9&updated_within="+within, ""); got != want {
			t.Errorf("updated_within=%s: %s, want %s", within, got, want)
		}
	}
}

// TestBrokenConversation checks that a conversation without its contact breaks its page in list and filter.
func TestBrokenConversation(t *testing.T) {
	srv := cfchattest.New(t)
	who := srv.AddContact(cfchattest.Contact{})
	srv.AddConversation(cfchattest.Conversation{})
	id := srv.AddConversation(cfchattest.Conversation{Contact: who})
	srv.DeleteContact(who)
	if status, _ := call(t, srv, srv.AdminKey(), "GET", conversations, ""); status != 500 {
		t.Errorf("list: %d, want 500", status)
	}
	if status, _ := call(t, srv, srv.AdminKey(), "POST", conversations+"/filter", `{"payload":[]}`); status != 500 {
		t.Errorf("filter: %d, want 500", status)
	}
	if _, ok := srv.Conversation(id); ok || len(srv.Conversations()) != 1 {
		t.Error("the broken conversation was rendered")
	}
}

// TestBreakConversation checks that an unrenderable conversation breaks only its own page, and can be toggled.
func TestBreakConversation(t *testing.T) {
	srv := cfchattest.New(t)
	for range 26 {
		srv.AddConversation(cfchattest.Conversation{})
	}
	srv.BreakConversation(1)
	for _, c := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "", "", 200}, {"GET", "?page=2", "", 500}, {"GET", "/1", "", 500}, {"GET", "/2", "", 200}, {"GET", "/meta", "", 200},
		{"POST", "/filter", rules(`display_id equal_to [1,2]`), 500}, {"POST", "/filter", rules(`display_id equal_to [2]`), 200},
		{"POST", "/1/toggle_status", "", 200},
	} {
		if got, _ := call(t, srv, srv.AdminKey(), c.method, conversations+c.path, c.body); got != c.want {
			t.Errorf("%s %s %s: %d, want %d", c.method, c.path, c.body, got, c.want)
		}
	}
	if _, ok := srv.Conversation(1); ok || len(srv.Conversations()) != 25 {
		t.Error("the broken conversation was rendered")
	}
}

// TestListLastUserMessage checks that conversations whose last message is the contact's come before answered ones, the
// longest waiting first.
func TestListLastUserMessage(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("2.16.0"))
	for range 4 {
		srv.AddConversation(cfchattest.Conversation{})
	}
	for _, m := range []struct {
		conversation int64
		of           cfchat.MessageType
	}{{2, cfchat.MessageTypeOutgoing}, {3, cfchat.MessageTypeIncoming}, {1, cfchat.MessageTypeIncoming}} {
		srv.AddMessage(m.conversation, cfchattest.Message{Type: m.of})
	}
	_, body := call(t, srv, srv.AdminKey(), "GET", conversations+"?sort_by=last_user_message_at", "")
	if got := idsOf(t, body); !slices.Equal(got, []int64{3, 1, 2}) {
		t.Errorf("the order is %v", got)
	}
}

// TestListByPattern checks that % and _ in a search text are wildcards, unless a backslash escapes them.
func TestListByPattern(t *testing.T) {
	for _, srv := range []*cfchattest.Server{cfchattest.New(t), cfchattest.New(t, cfchattest.Version("2.16.0"))} {
		for _, text := range []string{"100% sure", "1000 sure", "a_b", "axb"} {
			srv.AddMessage(srv.AddConversation(cfchattest.Conversation{}), cfchattest.Message{Content: text})
		}
		for q, want := range map[string][]int64{
			`100% s`: {2, 1}, `100\% s`: {1}, `A_B`: {4, 3}, `A\_B`: {3}, `a\xb`: {4}, `1%0%R_`: {2, 1}, `\%\%`: {}, `a\`: {},
		} {
			_, body := call(t, srv, srv.AdminKey(), "GET", conversations+"?q="+url.QueryEscape(q), "")
			if got := idsOf(t, body); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", q, got, want)
			}
		}
	}
}
