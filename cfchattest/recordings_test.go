package cfchattest_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
)

// known are the recordings that are answered otherwise, by version/name, each with its reason.
var known = map[string]string{
	"2.16.0/toggle-until-only": opened,
	"4.7.0/toggle-until-only":  opened,
	"4.16.2/toggle-until-only": opened,
	"2.16.0/toggle-text-plain": opened,
	"4.7.0/toggle-text-plain":  opened,
	"4.16.2/toggle-text-plain": opened,

	"4.16.2/contact-search-percent": "it is a page of more contacts than it has, in no order",

	"2.16.0/file-two": bytes,
	"4.16.2/file-two": bytes,
}

// bytes is the reason why a picture has another size.
const bytes = "the body was recorded as text, which the bytes of a picture are not"

// opened is the reason why a toggle without a status has another result.
const opened = "a request just before it, which is not among the recordings, had opened the conversation"

// notInSnapshot are answers whose content a snapshot does not tell; their status, ids and counts are still compared.
var notInSnapshot = map[string]string{
	"show-other-account": "the snapshot holds nothing of the other account but its ids",
}

// TestRecordings sends every recorded request to the stand-in, in the recorded order, and compares the answers. There is a
// small set in testdata, and all of them where they are at hand beside the checkout.
func TestRecordings(t *testing.T) {
	snapshots, err := filepath.Glob("../testdata/recordings*/*/_snapshot.json.gz")
	if err != nil || len(snapshots) == 0 {
		t.Fatalf("there are no snapshots in testdata: %v", err)
	}
	for _, file := range snapshots {
		folder := filepath.Dir(file)
		data := recordings.Snapshot(t, file)
		t.Run(folder, func(t *testing.T) { replay(t, folder, data) })
		all := strings.Replace(folder, "../testdata/", "../../shared/", 1)
		t.Run(all, func(t *testing.T) {
			if _, err := os.Stat(all); err != nil {
				t.Skipf("%v; testdata has a part of them", err)
			}
			replay(t, all, data)
		})
	}
	const newer = "../../shared/recordings-whole/4.16.2" // whose snapshot is too large for testdata
	t.Run(newer, func(t *testing.T) {
		data, err := os.ReadFile(newer + "/_snapshot.json")
		if err != nil {
			t.Skip(err)
		}
		replay(t, newer, data)
	})
}

func replay(t *testing.T, folder string, snapshot []byte) {
	version := filepath.Base(folder)
	srv := cfchattest.New(t, cfchattest.Version(version))
	if err := srv.LoadSnapshot(snapshot); err != nil {
		t.Fatal(err)
	}
	matched, written := 0, false
	exchanges := slices.DeleteFunc(recordings.In(t, folder), func(e recordings.Exchange) bool {
		early := strings.Contains(e.Path, "/contacts") && e.Sequence < changedContacts || isOfNames(e) || isSetAsAWhole(e)
		late := e.Sequence > lastWhole && !early
		return e.As == "outsider" || strings.Contains(folder, "shared/recordings-whole") && late
	})
	here := map[string]string{} // ids of messages, by those recorded
	for _, e := range exchanges {
		want := exchange{withIDs(e, here)}
		written = written || want.writes()
		status, body := send(t, srv, want)
		learn(here, want, body)
		difference := want.compare(status, body, !written)
		reason, expected := known[version+"/"+want.Name]
		switch {
		case difference == "":
			matched++
			if expected {
				t.Errorf("%s matches, although it is known not to: %s", want.Name, reason)
			}
		case expected:
			t.Logf("%s: %s (%s)", want.Name, difference, reason)
			if want.Operation == operation.ToggleStatusOfAConversation {
				catchUp(t, srv, want)
			}
		default:
			t.Errorf("%s: %s", want.Name, difference)
		}
	}
	t.Logf("%s: %d of %d recorded answers matched", version, matched, len(exchanges))
}

// lastWhole is the last exchange of recordings-whole before those that need operations which are not there yet: what sets
// labels and assigns is followed by messages.
const lastWhole = 147

// changedContacts is the first exchange of recordings-whole that changes a contact.
const changedContacts = 292

// learn remembers which id a message has here, because the real server has taken some for what was not recorded.
func learn(here map[string]string, e exchange, body string) {
	if e.Operation != operation.CreateANewMessageInAConversation || e.Response.Status != http.StatusOK {
		return
	}
	here[fmt.Sprint(dig(decode(e.Response.Body), "id"))] = fmt.Sprint(dig(decode(body), "id"))
}

// withIDs returns an exchange about the messages as their ids are here.
func withIDs(e recordings.Exchange, here map[string]string) recordings.Exchange {
	before, last, found := strings.Cut(e.Request.Path, "/messages/")
	if id, ok := here[last]; found && ok {
		e.Request.Path = before + "/messages/" + id
	}
	return e
}

// exchange is a recorded one.
type exchange struct{ recordings.Exchange }

// writes reports whether an exchange changed anything. What was refused did not, and neither did a bot that set the status
// that was there.
func (e exchange) writes() bool {
	return e.Write && e.Response.Status == http.StatusOK && e.Name != "auth-stray-bot-toggle"
}

// catchUp gives a conversation the status that it had after a recorded toggle.
func catchUp(t *testing.T, srv *cfchattest.Server, want exchange) {
	var toggled cfchat.ToggleStatusResult
	if err := json.Unmarshal([]byte(want.Response.Body), &toggled); err != nil {
		t.Fatal(err)
	}
	srv.SetStatus(toggled.Payload.ConversationID, toggled.Payload.CurrentStatus)
}

// send sends a recorded request with the key of its role.
func send(t *testing.T, srv *cfchattest.Server, want exchange) (int, string) {
	body := ""
	if want.Request.Body != nil {
		body = *want.Request.Body
	}
	if strings.HasPrefix(body, "(omitted: message.content of 150001 characters)") {
		body = fmt.Sprintf(`{"inbox_id":1,"contact_id":6,"message":{"content":%q}}`, strings.Repeat("x", 150_001))
	}
	r, err := http.NewRequestWithContext(t.Context(), want.Request.Method, "http://stand-in"+want.Request.Path,
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range want.Request.Headers {
		if value == "<"+want.As+">" {
			if value = "no-such-key"; want.As != "wrong" {
				value = srv.Key(want.As)
			}
		}
		r.Header[name] = []string{value}
	}
	resp, err := srv.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	answer := readAll(t, resp)
	if got, recorded := resp.Header.Get("Content-Type"), want.Response.Headers["content-type"]; got != recorded {
		t.Errorf("%s: Content-Type %q, recorded %q", want.Name, got, recorded)
	}
	return resp.StatusCode, answer
}

// compare says how an answer differs, "" if it does not. Errors have to be the same to the byte; reads before the first
// write in everything; later answers in what does not depend on requests that were not recorded.
func (e exchange) compare(status int, body string, complete bool) string {
	if status != e.Response.Status {
		return fmt.Sprintf("status %d, recorded %d: %.300s", status, e.Response.Status, body)
	}
	if status != http.StatusOK {
		return differ("body", body, e.Response.Body)
	}
	got, want := decode(body), decode(e.Response.Body)
	if isSetAsAWhole(e.Exchange) {
		return differAt("", got, want)
	}
	if strings.Contains(e.Path, "/contacts") {
		return differAt("", e.contacts(got), e.contacts(want))
	}
	if isOfNames(e.Exchange) {
		return differAt("", names(got), names(want))
	}
	if e.Operation == operation.FetchProfile {
		return differAt("", profile(got), profile(want))
	}
	if e.isOfMessages() {
		return differAt("", e.message(got), e.message(want))
	}
	if d := differ("digest", e.digest(got), e.digest(want)); d != "" {
		return d
	}
	if _, unknown := notInSnapshot[e.Name]; complete && !unknown && !e.IsPublic() {
		return differAt("", got, want)
	}
	return ""
}

// contacts is what an answer of a contact operation says apart from what was done between the recordings: when somebody was
// last active, in how many conversations, and the places that these made; when it was created, and under which source id. Of
// an API inbox it is which fields there are. Where no order is asked for there is none (contract, W2).
func (e exchange) contacts(answer any) any {
	payload := dig(answer, "payload")
	if e.Operation == operation.ContactCreate {
		delete(object(dig(payload, "contact")), "created_at")
		place := object(dig(payload, "contact_inbox"))
		place["inbox"], place["source_id"] = slices.Sorted(maps.Keys(object(place["inbox"]))), place["source_id"] != nil
		payload = dig(payload, "contact")
	}
	rows := list(payload)
	if rows == nil {
		rows = []any{payload}
	}
	for _, row := range rows {
		for _, name := range []string{"last_activity_at", "conversations_count"} {
			if _, there := object(row)[name]; there {
				object(row)[name] = true
			}
		}
		if places, there := object(row)["contact_inboxes"]; there {
			object(row)["contact_inboxes"] = fieldsOfAPI(list(places))
		}
	}
	if !strings.Contains(e.Request.Path, "sort=-name") {
		slices.SortFunc(rows, func(a, b any) int { return strings.Compare(fmt.Sprint(dig(a, "id")), fmt.Sprint(dig(b, "id"))) })
	}
	return answer
}

// isSetAsAWhole reports whether an exchange is about what is set as a whole, so that nothing before it counts.
func isSetAsAWhole(e recordings.Exchange) bool {
	return slices.Contains([]*operation.Operation{
		operation.ListAllLabelsOfAConversation, operation.ConversationAddLabels, operation.ListAllLabelsOfAContact, operation.ContactAddLabels,
		operation.TogglePriorityOfAConversation, operation.UpdateCustomAttributesOfAConversation,
	}, e.Operation)
}

// isOfNames reports whether an exchange lists what ids stand for, which nothing that was recorded changes.
func isOfNames(e recordings.Exchange) bool {
	return slices.Contains([]*operation.Operation{
		operation.ListAllTeams, operation.GetTeamMembers, operation.ListAllInboxes, operation.ListAllLabels, operation.GetAccountCustomAttribute,
	}, e.Operation)
}

// profile is what a profile says apart from its secrets and the names of accounts, which a snapshot does not tell.
func profile(answer any) any {
	for _, secret := range []string{"access_token", "pubsub_token"} {
		object(answer)[secret] = dig(answer, secret) != ""
	}
	for _, account := range list(dig(answer, "accounts")) {
		object(account)["name"] = dig(account, "name") != ""
	}
	return answer
}

// names is what an answer about names says. Of an inbox that is what it is called, and which fields there are, of a label not its
// id, which a snapshot does not tell.
func names(answer any) any {
	rows := list(dig(answer, "payload"))
	for i, row := range rows {
		if dig(row, "title") != nil {
			delete(object(row), "id")
		}
		if dig(row, "channel_type") != nil {
			rows[i] = []any{dig(row, "id"), dig(row, "name"), dig(row, "channel_type"), slices.Sorted(maps.Keys(object(row)))}
		}
	}
	return answer
}

// fieldsOfAPI returns the names of the fields of the first API inbox of a contact.
func fieldsOfAPI(places []any) any {
	for _, place := range places {
		if inbox := object(dig(place, "inbox")); inbox["channel_type"] == "Channel::Api" {
			return slices.Sorted(maps.Keys(inbox))
		}
	}
	return nil
}

// isOfMessages reports whether an exchange answers messages as the message operations do.
func (e exchange) isOfMessages() bool {
	return e.Operation == operation.ListAllMessages || strings.Contains(e.Path, "/messages")
}

// message is what an answer of a message operation says apart from the places of files, from how late it was, and from which
// ids a new message has. A snapshot has whole seconds only.
func (e exchange) message(answer any) any {
	for _, m := range append(list(dig(answer, "payload")), answer) {
		for _, a := range list(dig(m, "attachments")) {
			delete(object(a), "data_url")
			delete(object(a), "thumb_url")
			if e.Write {
				delete(object(a), "id")
				delete(object(a), "message_id")
			}
		}
	}
	if !e.Write {
		for _, name := range []string{"agent_last_seen_at", "assignee_last_seen_at"} {
			if at, ok := dig(answer, "meta", name).(string); ok {
				object(dig(answer, "meta"))[name] = at[:len("2026-11-22T22:20:13")]
			}
		}
		return answer
	}
	delete(object(answer), "id")
	delete(object(answer), "created_at")
	return answer
}

func differ(what string, got, want any) string {
	if reflect.DeepEqual(got, want) {
		return ""
	}
	return fmt.Sprintf("%s is\n\t%.600v, recorded\n\t%.600v", what, got, want)
}

// digest is what an answer says apart from what was done between the recordings: ids and counts of a page, the state of
// one conversation, all of a new one but its id and its times.
func (e exchange) digest(answer any) any {
	of := func(value any, names ...string) map[string]any {
		picked := map[string]any{}
		for _, name := range names {
			picked[name] = dig(value, strings.Split(name, ".")...)
		}
		return picked
	}
	if e.IsPublic() {
		return of(answer, "version", "queue_services", "data_services") // the time is that of the recording
	}
	page := answer
	if data := dig(answer, "data"); data != nil {
		page = data
	}
	ids := []any{}
	for _, each := range list(dig(page, "payload")) {
		ids = append(ids, dig(each, "id"))
	}
	if e.Operation == operation.AssignAConversation { // when a team was made is not in a snapshot
		delete(object(answer), "created_at")
		delete(object(answer), "updated_at")
	}
	switch {
	case dig(page, "meta", "all_count") != nil && dig(page, "payload") != nil:
		return []any{dig(page, "meta"), ids}
	case dig(answer, "messages") == nil:
		return answer
	case !e.Write:
		return of(answer, "id", "account_id", "status", "snoozed_until", "unread_count", "labels", "meta.assignee.id",
			"meta.team.id")
	}
	created := of(answer, slices.Collect(maps.Keys(object(answer)))...)
	for _, name := range []string{"id", "uuid", "created_at", "updated_at", "timestamp", "last_activity_at", "waiting_since"} {
		delete(created, name)
	}
	return created
}

// list and object are a JSON value as one, empty if it is none.
func list(value any) []any {
	l, _ := value.([]any)
	return l
}

func object(value any) map[string]any {
	o, _ := value.(map[string]any)
	return o
}

func dig(value any, path ...string) any {
	for _, name := range path {
		value = object(value)[name]
	}
	return value
}

func decode(text string) any {
	var value any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return text
	}
	return value
}

// differAt compares two JSON values and says where they differ first.
func differAt(path string, got, want any) string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return differ(path, got, want)
		}
		for _, keys := range []map[string]any{object, want} {
			for key := range keys {
				_, here := object[key]
				_, there := want[key]
				if here != there {
					return fmt.Sprintf("%s.%s: there %t, recorded %t", path, key, here, there)
				}
				if d := differAt(path+"."+key, object[key], want[key]); d != "" {
					return d
				}
			}
		}
		return ""
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return differ(path, got, want)
		}
		for i := range want {
			if d := differAt(fmt.Sprintf("%s[%d]", path, i), list[i], want[i]); d != "" {
				return d
			}
		}
		return ""
	}
	return differ(path, got, want)
}
