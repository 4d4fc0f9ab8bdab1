package cfchattest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// got returns the answer to a GET below the account, or its status if the request fails.
func got(t *testing.T, srv *cfchattest.Server, key, path string) any {
	t.Helper()
	resp, err := srv.Transport().RoundTrip(request(t, key, "GET", "/api/v1/accounts/1"+path, ""))
	if err != nil {
		t.Fatal(err)
	}
	body := readAll(t, resp)
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode
	}
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// picked returns the named field of each row of an answer.
func picked(answer any, field string) (values []any) {
	rows, bare := answer.([]any)
	if !bare {
		rows = list(dig(answer, "payload"))
	}
	for _, row := range rows {
		values = append(values, dig(row, field))
	}
	return values
}

// TestAgents checks that the account's agents are listed by name, to every caller but a bot.
func TestAgents(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t)
	srv.AddAgent(cfchattest.Agent{Name: "bea"})
	for _, key := range []string{srv.AdminKey(), srv.AgentKey()} {
		if names := picked(got(t, srv, key, "/agents"), "name"); !reflect.DeepEqual(names, []any{"Ada Admin", "bea", "Grace Agent"}) {
			t.Errorf("got the agents %v", names)
		}
	}
	if answer := got(t, srv, srv.BotKey(), "/agents"); answer != http.StatusUnauthorized {
		t.Errorf("a bot gets %v", answer)
	}
}

// TestTeams checks that every team is listed, with whether the caller is a member.
func TestTeams(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t)
	srv.AddTeam(cfchattest.Team{Name: "Sales", Members: []int64{2}})
	srv.AddTeam(cfchattest.Team{})
	for key, want := range map[string][]any{srv.AdminKey(): {false, false}, srv.AgentKey(): {true, false}} {
		if in := picked(got(t, srv, key, "/teams"), "is_member"); !reflect.DeepEqual(in, want) {
			t.Errorf("is_member is %v, want %v", in, want)
		}
	}
	if name := dig(got(t, srv, srv.AgentKey(), "/teams/1"), "name"); name != "sales" {
		t.Errorf("the team is %v", name)
	}
	if members := picked(got(t, srv, srv.AdminKey(), "/teams/1/team_members"), "id"); !reflect.DeepEqual(members, []any{2.0}) {
		t.Errorf("its members are %v", members)
	}
	for _, path := range []string{"/teams/3", "/teams/x", "/teams/3/team_members"} {
		if answer := got(t, srv, srv.AdminKey(), path); answer != http.StatusNotFound {
			t.Errorf("%s: %v", path, answer)
		}
	}
}

// TestInboxes checks that an administrator sees every inbox, with secrets, and an agent only their own, without them; from
// 4.14.0 on they are sorted by name.
func TestInboxes(t *testing.T) {
	t.Parallel()
	for version, names := range map[string][]any{"4.13.0": {"B", "a"}, "4.14.0": {"a", "B"}} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddInbox(cfchattest.Inbox{Name: "B", Members: []int64{2}})
		srv.AddInbox(cfchattest.Inbox{Name: "a", Members: []int64{2}})
		srv.AddInbox(cfchattest.Inbox{Name: "Zoo"})
		own, all := got(t, srv, srv.AgentKey(), "/inboxes"), got(t, srv, srv.AdminKey(), "/inboxes")
		if n := picked(own, "name"); len(n) != 3 || !reflect.DeepEqual(slices.DeleteFunc(n, func(n any) bool { return n == "API inbox" }), names) {
			t.Errorf("%s: an agent sees the inboxes %v", version, n)
		}
		if n := picked(all, "name"); len(n) != 4 {
			t.Errorf("%s: an administrator sees the inboxes %v", version, n)
		}
		for i, secret := range picked(all, "hmac_token") {
			if secret == nil || picked(all, "secret")[i] == nil {
				t.Errorf("%s: an administrator does not see the secrets of inbox %d", version, i)
			}
		}
		if secret := picked(own, "hmac_token")[0]; secret != nil {
			t.Errorf("%s: an agent sees the secret %v", version, secret)
		}
		for path, want := range map[string]int{"/inboxes/4": 401, "/inbox_members/4": 401, "/inboxes/5": 404, "/inbox_members/5": 404} {
			if answer := got(t, srv, srv.AgentKey(), path); answer != want {
				t.Errorf("%s: %s returns %v, want %d", version, path, answer, want)
			}
		}
		if members := picked(got(t, srv, srv.AgentKey(), "/inbox_members/2"), "id"); !reflect.DeepEqual(members, []any{2.0}) {
			t.Errorf("%s: the members are %v", version, members)
		}
	}
}

// TestInboxesByChannel checks that an inbox has the fields of its channel, and that an agent sees no secrets (contract,
// W4.3).
func TestInboxesByChannel(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		for channel, c := range map[cfchat.Channel]struct{ shown, secret []string }{
			cfchat.ChannelAPI:       {[]string{"inbox_identifier", "webhook_url", "additional_attributes"}, []string{"hmac_token"}},
			cfchat.ChannelEmail:     {[]string{"email"}, []string{"imap_password", "smtp_password"}},
			cfchat.ChannelWebWidget: {nil, []string{"hmac_token"}},
			cfchat.ChannelLine:      {},
		} {
			srv := cfchattest.New(t, cfchattest.Version(version))
			path := fmt.Sprintf("/inboxes/%d", srv.AddInbox(cfchattest.Inbox{Channel: channel, Members: []int64{2}}))
			all, own := got(t, srv, srv.AdminKey(), path), got(t, srv, srv.AgentKey(), path)
			for _, name := range []string{"inbox_identifier", "additional_attributes", "webhook_url", "email", "hmac_token", "imap_password", "smtp_password"} {
				_, administrator := object(all)[name]
				_, agent := object(own)[name]
				shown, secret := slices.Contains(c.shown, name), slices.Contains(c.secret, name)
				if agent != shown || administrator != (shown || secret) {
					t.Errorf("%s: %s of %s: an administrator sees it: %t, an agent: %t", version, name, channel, administrator, agent)
				}
			}
			if mail := dig(all, "email"); channel == cfchat.ChannelEmail && !strings.Contains(fmt.Sprint(mail), "@") {
				t.Errorf("%s: the address is %v", version, mail)
			}
		}
	}
}

// TestEmailInbox checks that an administrator sees an unconfigured e-mail inbox as recorded.
func TestEmailInbox(t *testing.T) {
	t.Parallel()
	const version = "4.16.2"
	srv := cfchattest.New(t, cfchattest.Version(version))
	shown := object(got(t, srv, srv.AdminKey(), fmt.Sprintf("/inboxes/%d", srv.AddInbox(cfchattest.Inbox{Channel: cfchat.ChannelEmail}))))
	recorded := jsonOf(t, recordings.Read(t, "../testdata/recordings-names/"+version+"/inboxes-administrator.json").Response.Body)
	compared := 0
	for _, row := range list(dig(recorded, "payload")) {
		if dig(row, "channel_type") != string(cfchat.ChannelEmail) {
			continue
		}
		for name, want := range object(row) {
			if ofMail := strings.HasPrefix(name, "imap_") || strings.HasPrefix(name, "smtp_") || name == "forwarding_enabled"; !ofMail {
				continue
			}
			if compared++; shown[name] != want {
				t.Errorf("%s is %v, recorded %v", name, shown[name], want)
			}
		}
	}
	if compared == 0 {
		t.Error("no e-mail inbox was recorded")
	}
}

// TestAccountLabels checks that the account's labels are listed, sorted by title from 3.0.0 on.
func TestAccountLabels(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][]any{"2.18.0": {"vip", "bug"}, "3.0.0": {"bug", "vip"}} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		if titles := picked(got(t, srv, srv.AgentKey(), "/labels"), "title"); len(titles) > 0 {
			t.Errorf("%s: got the labels %v, want none", version, titles)
		}
		srv.AddLabel(cfchattest.Label{Title: "VIP"})
		srv.AddLabel(cfchattest.Label{Title: "bug"})
		if titles := picked(got(t, srv, srv.AgentKey(), "/labels"), "title"); !reflect.DeepEqual(titles, want) {
			t.Errorf("%s: got the labels %v, want %v", version, titles, want)
		}
	}
}

// TestAttributeDefinitions lists the definitions for conversations and contacts, or for only one of the two.
func TestAttributeDefinitions(t *testing.T) {
	t.Parallel()
	for version, unknown := range map[string]any{"2.16.0": http.StatusInternalServerError, "2.17.0": []any{}} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		srv.AddCustomAttribute(cfchattest.CustomAttribute{Key: "tier", Display: "list"})
		srv.AddCustomAttribute(cfchattest.CustomAttribute{Key: "tier", Display: "text"})
		srv.AddCustomAttribute(cfchattest.CustomAttribute{Key: "plan", Name: "Plan", Contact: true})
		for query, want := range map[string][]any{
			"": {"tier", "plan"}, "?attribute_model=": {"tier", "plan"}, "?attribute_model=0": {"tier"}, "?attribute_model=contact_attribute": {"plan"},
		} {
			if keys := picked(got(t, srv, srv.AgentKey(), "/custom_attribute_definitions"+query), "attribute_key"); !reflect.DeepEqual(keys, want) {
				t.Errorf("%s: %q: %v, want %v", version, query, keys, want)
			}
		}
		if answer := got(t, srv, srv.AgentKey(), "/custom_attribute_definitions?attribute_model=7"); !reflect.DeepEqual(answer, unknown) {
			t.Errorf("%s: for an unknown model: got %v, want %v", version, answer, unknown)
		}
	}
}

// TestAgentBots checks that the account's bots are listed, with their keys: to every agent, but from 4.16.0 on only to
// administrators.
func TestAgentBots(t *testing.T) {
	t.Parallel()
	for version, agentSees := range map[string]bool{"2.16.0": true, "4.15.0": true, "4.16.0": false} {
		srv := cfchattest.New(t, cfchattest.Version(version))
		id, key := srv.AddBot(cfchattest.Bot{})
		srv.AddBot(cfchattest.Bot{Stray: true})
		for who, sees := range map[string]bool{srv.AdminKey(): true, srv.AgentKey(): agentSees} {
			bots := got(t, srv, who, "/agent_bots")
			if ids := picked(bots, "id"); len(ids) != 3 || ids[2] != float64(id) {
				t.Fatalf("%s: got the bots %v", version, bots)
			}
			if shown := picked(bots, "access_token")[2]; (shown == key) != sees {
				t.Errorf("%s: the caller with the key %s sees the bot's key as %v", version, who, shown)
			}
		}
	}
}

// TestRemoveAgent checks that an agent's conversations become unassigned, and that no timestamp changes (contract, 1.7).
func TestRemoveAgent(t *testing.T) {
	srv := cfchattest.New(t)
	grace, key := srv.AddAgent(cfchattest.Agent{Name: "Grace"})
	in := srv.AddInbox(cfchattest.Inbox{Members: []int64{grace}})
	team := srv.AddTeam(cfchattest.Team{Name: "sales", Members: []int64{grace}})
	id := srv.AddConversation(cfchattest.Conversation{Inbox: in, Assignee: grace, Team: team})
	other := srv.AddConversation(cfchattest.Conversation{Inbox: in, Assignee: 1})
	before := got(t, srv, srv.AdminKey(), fmt.Sprintf("/conversations/%d", id))
	srv.RemoveAgent(grace)

	after := got(t, srv, srv.AdminKey(), fmt.Sprintf("/conversations/%d", id))
	if dig(before, "meta", "assignee", "id") != float64(grace) || dig(after, "meta", "assignee") != nil || dig(after, "meta", "team", "id") != float64(team) ||
		dig(before, "updated_at") != dig(after, "updated_at") || dig(before, "last_activity_at") != dig(after, "last_activity_at") {
		t.Errorf("before %v, after %v", before, after)
	}
	if kept := got(t, srv, srv.AdminKey(), fmt.Sprintf("/conversations/%d", other)); dig(kept, "meta", "assignee", "id") != 1.0 {
		t.Errorf("another agent's conversation became %v", kept)
	}
	for _, path := range []string{"/agents", fmt.Sprintf("/inbox_members/%d", in), fmt.Sprintf("/teams/%d/team_members", team)} {
		if ids := picked(got(t, srv, srv.AdminKey(), path), "id"); slices.Contains(ids, any(float64(grace))) {
			t.Errorf("%s still lists the agent: %v", path, ids)
		}
	}
	if status := got(t, srv, key, "/agents"); status != http.StatusUnauthorized {
		t.Errorf("the removed agent's key gets %v", status)
	}
}
