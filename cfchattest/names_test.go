package cfchattest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// got returns the answer to a GET below the account, or its status where that is no success.
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

// picked returns one field of each row of an answer.
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

// TestAgents lists everybody of the account by name, to everybody but a bot.
func TestAgents(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t)
	srv.AddAgent(cfchattest.Agent{Name: "bea"})
	for _, key := range []string{srv.AdminKey(), srv.AgentKey()} {
		if names := picked(got(t, srv, key, "/agents"), "name"); !reflect.DeepEqual(names, []any{"Ada Admin", "bea", "Grace Agent"}) {
			t.Errorf("got %v", names)
		}
	}
	if answer := got(t, srv, srv.BotKey(), "/agents"); answer != http.StatusUnauthorized {
		t.Error(fmt.Sprint(answer))
	}
}

// TestTeams lists every team, and says of each whether the caller is in it.
func TestTeams(t *testing.T) {
	t.Parallel()
	srv := cfchattest.New(t)
	srv.AddTeam(cfchattest.Team{Name: "Sales", Members: []int64{2}})
	srv.AddTeam(cfchattest.Team{})
	for key, want := range map[string][]any{srv.AdminKey(): {false, false}, srv.AgentKey(): {true, false}} {
		if in := picked(got(t, srv, key, "/teams"), "is_member"); !reflect.DeepEqual(in, want) {
			t.Errorf("is member: %v, want %v", in, want)
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
