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
