package check

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/internal/recordings"
)

// player answers like a 4.16.2 server: with recorded conversations, and with its refusals.
type player struct {
	t      *testing.T
	all    []recordedConversation
	broken []int64 // cannot be rendered
}

// recordedConversation is a conversation as recorded, with the fields that the check filters by.
type recordedConversation struct {
	body      json.RawMessage
	ID        int64
	Status    string
	Timestamp int64
	CreatedAt int64 `json:"created_at"`
	Labels    []string
	Meta      struct{ Assignee *struct{ Email *string } }
}

// play starts a server with every conversation in the recorded answers of 4.16.2.
func play(t *testing.T, broken ...int64) *player {
	t.Helper()
	byID := map[int64]recordedConversation{}
	for _, e := range recordings.All(t, "../../../..") {
		if e.Version != "4.16.2" || e.Account != 1 || e.Response.Status != http.StatusOK || isWithin(e) {
			continue
		}
		for _, body := range conversationsOf(e.Response.Body) {
			if body[0] != '{' { // a label
				continue
			}
			c := recordedConversation{body: body}
			if err := json.Unmarshal(body, &c); err != nil {
				t.Fatalf("%s: %v", e.File, err)
			}
			byID[c.ID] = c
		}
	}
	if len(byID) < 3 {
		t.Fatalf("only %d conversations of 4.16.2 were recorded", len(byID))
	}
	all := slices.SortedFunc(maps.Values(byID), func(a, b recordedConversation) int {
		return cmp.Or(cmp.Compare(b.Timestamp, a.Timestamp), cmp.Compare(a.ID, b.ID))
	})
	return &player{t, all, broken}
}

// conversationsOf returns the conversations in an answer of any operation.
func conversationsOf(body string) []json.RawMessage {
	var answer struct {
		Data     struct{ Payload json.RawMessage }
		Payload  json.RawMessage
		Messages json.RawMessage
	}
	if json.Unmarshal([]byte(body), &answer) != nil {
		return nil
	}
	var all []json.RawMessage
	for _, payload := range []json.RawMessage{answer.Data.Payload, answer.Payload} {
		if len(payload) > 0 && payload[0] == '[' && json.Unmarshal(payload, &all) == nil {
			return all
		}
	}
	if answer.Messages != nil {
		return []json.RawMessage{json.RawMessage(body)}
	}
	return nil
}

func (p *player) url() string {
	s := httptest.NewServer(p)
	p.t.Cleanup(s.Close)
	return s.URL
}

func (p *player) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	below, isAPI := strings.CutPrefix(r.URL.Path, "/api/v1/accounts/1/conversations")
	status, body := 0, ""
	switch query := r.URL.Query(); {
	case r.URL.Path == "/api":
		status, body = http.StatusOK, `{"version":"4.16.2","timestamp":"2026-11-26 00:03:54","queue_services":"ok","data_services":"ok"}`
	case !isAPI:
		status, body = http.StatusNotFound, `{"status":404,"error":"Not Found"}`
	case below == "/filter":
		status, body = p.filter(r)
	case below == "/meta":
		status, body = http.StatusOK, `{"meta":`+counts(p.all, true)+`}`
	case below == "":
		status, body = p.list(query)
	default:
		status, body = p.get(strings.TrimPrefix(below, "/"))
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

const (
	serverError = `{"status":500,"error":"Internal Server Error"}`
	notFound    = `{"error":"Resource could not be found"}`
)

func (p *player) get(id string) (int, string) {
	for _, c := range p.all {
		if strconv.FormatInt(c.ID, 10) == id {
			return p.rendered([]recordedConversation{c}, string(c.body))
		}
	}
	return http.StatusNotFound, notFound
}

// rendered returns an answer, or a server error if one of its conversations is broken.
func (p *player) rendered(page []recordedConversation, body string) (int, string) {
	for _, c := range page {
		if slices.Contains(p.broken, c.ID) {
			return http.StatusInternalServerError, serverError
		}
	}
	return http.StatusOK, body
}

func (p *player) list(query url.Values) (int, string) {
	found := p.all
	switch status := cmp.Or(query.Get("status"), "open"); status {
	case "all":
	default:
		found = matching(found, func(c recordedConversation) bool { return c.Status == status })
	}
	if query.Get("sort_by") == "sort_on_created_at" {
		found = slices.SortedFunc(slices.Values(found), func(a, b recordedConversation) int { return cmp.Compare(a.CreatedAt, b.CreatedAt) })
	}
	page, bodies := paged(found, query.Get("page"))
	return p.rendered(page, `{"data":{"meta":`+counts(found, true)+`,"payload":`+bodies+`}}`)
}

func matching(all []recordedConversation, fits func(recordedConversation) bool) (found []recordedConversation) {
	for _, c := range all {
		if fits(c) {
			found = append(found, c)
		}
	}
	return found
}

// paged returns the conversations of a page, and their JSON.
func paged(all []recordedConversation, number string) ([]recordedConversation, string) {
	n, _ := strconv.Atoi(number)
	from := min((max(n, 1)-1)*pageSize, len(all))
	page := all[from:min(from+pageSize, len(all))]
	var bodies []string
	for _, c := range page {
		bodies = append(bodies, string(c.body))
	}
	return page, "[" + strings.Join(bodies, ",") + "]"
}

func counts(of []recordedConversation, withAssigned bool) string {
	unassigned := len(matching(of, recordedConversation.unassigned))
	assigned := ""
	if withAssigned {
		assigned = fmt.Sprintf(`"assigned_count":%d,`, len(of)-unassigned)
	}
	return fmt.Sprintf(`{"mine_count":0,%s"unassigned_count":%d,"all_count":%d}`, assigned, unassigned, len(of))
}

// unassigned reports whether no person is assigned; what a bot owns is unassigned too.
func (c recordedConversation) unassigned() bool {
	return c.Meta.Assignee == nil || c.Meta.Assignee.Email == nil
}

// filter answers with the matching conversations, latest activity first, and refuses what 4.16.2 refuses.
func (p *player) filter(r *http.Request) (int, string) {
	var asked struct{ Payload []recordedRule }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		p.t.Error(err)
	}
	for _, rule := range asked.Payload {
		switch key := rule.AttributeKey; {
		case rule.QueryOperator == "XOR":
			return http.StatusUnprocessableEntity, `{"error":"Query operator must be either \"AND\" or \"OR\"."}`
		case key == "cfchat_check_does_not_exist" || key == "country_code":
			return http.StatusUnprocessableEntity, `{"error":"Invalid attribute key - [` + key + `]. The key should be one of [status] or a custom attribute defined in the account."}`
		case rule.FilterOperator == "days_before":
			return http.StatusInternalServerError, serverError
		}
	}
	found := matching(p.all, func(c recordedConversation) bool { return anyBranch(asked.Payload, c) })
	page, bodies := paged(found, r.URL.Query().Get("page"))
	return p.rendered(page, `{"meta":`+counts(found, false)+`,"payload":`+bodies+`}`)
}

// anyBranch reports whether a conversation fits all rules of a branch; AND binds before OR.
func anyBranch(rules []recordedRule, c recordedConversation) bool {
	fits := true
	for _, rule := range rules {
		fits = fits && rule.fits(c)
		if rule.QueryOperator != "AND" {
			if fits {
				return true
			}
			fits = true
		}
	}
	return false
}

type recordedRule struct {
	AttributeKey   string `json:"attribute_key"`
	FilterOperator string `json:"filter_operator"`
	QueryOperator  string `json:"query_operator"`
	Values         []any
}

func (r recordedRule) fits(c recordedConversation) bool {
	has := false
	for _, value := range r.Values {
		has = has || value == "all" || value == c.Status || value == float64(c.ID)
	}
	switch r.AttributeKey {
	case "status", "display_id":
		return has != (r.FilterOperator == "not_equal_to")
	case "assignee_id":
		return c.unassigned()
	case "labels":
		return len(c.Labels) > 0
	case "contact_id", "priority", "mail_subject": // no recorded conversation has the requested value
		return false
	}
	return true
}

// TestPlays checks that a played 4.16.2 server, with its bots and everything else, shows no drift.
func TestPlays(t *testing.T) {
	t.Parallel()
	p := play(t)
	r, err := checkedJSON(t, p.url(), "a-key-of-an-administrator")
	if err != nil || r.Result != resultOK || r.Version.words() != "4.16.2" || len(r.Unrenderable) > 0 {
		t.Errorf("%v: %+v", err, r)
	}
	if r.Version.AtLeast != newestSign || !r.Version.Before.isZero() {
		t.Errorf("its signs say %+v", r.Version)
	}
	p = play(t, p.all[0].ID, p.all[1].ID)
	r, err = checkedJSON(t, p.url(), "a-key-of-an-administrator")
	want := slices.Sorted(slices.Values(p.broken))
	if err != nil || r.Result != resultOK || !slices.Equal(r.Unrenderable, want) {
		t.Errorf("with %d not rendered: %v, %+v", want, err, r)
	}
}

// TestProvocations checks that versions are distinguished by what they refuse.
func TestProvocations(t *testing.T) {
	t.Parallel()
	srv := standIn(t)
	for address, want := range map[string][]sign{
		srv.URL(): {
			{version{}, version{4, 10, 0}, "a filter on the country_code is answered with 200 OK"},
			{version{}, version{4, 11, 2}, "a filter by days_before is answered with 200 OK"},
			{version{3, 8, 0}, version{4, 14, 2}, "a filter on the contact_id is answered with 422 Unprocessable Entity"},
			{version{}, version{4, 16, 0}, "a filter by a part of the display_id is answered with 500 Internal Server Error"},
		},
		play(t).url(): {
			{version{4, 10, 0}, version{}, "a filter on the country_code is answered with 422 Unprocessable Entity"},
			{version{4, 11, 2}, version{}, "a filter by days_before is answered with 500 Internal Server Error"},
			{version{4, 14, 2}, version{}, "a filter on the contact_id is answered with 200 OK"},
			{version{4, 16, 0}, version{}, "a filter by a part of the display_id is answered with 200 OK"},
		},
	} {
		r, err := printedJSON(t, address, srv.AdminKey())
		for _, s := range want {
			if err != nil || !slices.Contains(r.Version.Signs, s) {
				t.Errorf("%v: no %+v in %+v", err, s, r.Version.Signs)
			}
		}
	}
}
