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

// known maps the recordings that are answered differently, as version/name, to the reason.
var known = map[string]string{
	"2.16.0/toggle-until-only": opened,
	"4.7.0/toggle-until-only":  opened,
	"4.16.2/toggle-until-only": opened,
	"2.16.0/toggle-text-plain": opened,
	"4.7.0/toggle-text-plain":  opened,
	"4.16.2/toggle-text-plain": opened,

	"4.16.2/contact-search-percent": "more contacts match than fit on the page, and they are in no particular order",

	"2.16.0/file-two": bytes,
	"4.16.2/file-two": bytes,
}

// bytes is the reason why a picture's size differs.
const bytes = "the body was recorded as text, which the bytes of a picture are not"

// opened is the reason why the result of a toggle without a status differs.
const opened = "a request just before it, which is not among the recordings, had opened the conversation"

// notInSnapshot lists answers whose content is not in the snapshot; their status, ids and counts are still compared.
var notInSnapshot = map[string]string{
	"show-other-account": "the snapshot has nothing but ids from the other account",
}

// TestRecordings sends every recorded request to the stand-in, in the recorded order, and compares the answers. It reads the
// small set in testdata, and the complete one if that is beside the checkout.
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
				t.Skipf("%v; testdata has some of them", err)
			}
			replay(t, all, data)
		})
	}
	const newer = "../../shared/recordings-whole/4.16.2" // its snapshot is too large for testdata
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
	here := map[string]string{} // recorded message ids to ids here
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
				t.Errorf("%s matches, although it is listed as different: %s", want.Name, reason)
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

// lastWhole is the last exchange of recordings-whole before those that need operations which are not implemented yet: the
// requests that set labels and assign are followed by messages.
const lastWhole = 147

// changedContacts is the first exchange of recordings-whole that changes a contact.
const changedContacts = 292

// learn remembers a message's id here, because on the real server some ids went to messages that were not recorded.
func learn(here map[string]string, e exchange, body string) {
	if e.Operation != operation.CreateANewMessageInAConversation || e.Response.Status != http.StatusOK {
		return
	}
	here[fmt.Sprint(dig(decode(e.Response.Body), "id"))] = fmt.Sprint(dig(decode(body), "id"))
}

// withIDs returns an exchange with the message id in its path replaced by the one here.
func withIDs(e recordings.Exchange, here map[string]string) recordings.Exchange {
	before, last, found := strings.Cut(e.Request.Path, "/messages/")
	if id, ok := here[last]; found && ok {
		e.Request.Path = before + "/messages/" + id
	}
	return e
}

// exchange is a recorded request with its answer.
type exchange struct{ recordings.Exchange }

// writes reports whether an exchange changed anything. A refused request did not, and neither did a bot that set the status
// the conversation already had.
func (e exchange) writes() bool {
	return e.Write && e.Response.Status == http.StatusOK && e.Name != "auth-stray-bot-toggle"
}

// catchUp sets a conversation's status to the one that it had after a recorded toggle.
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

// compare describes how an answer differs, "" if it does not. Errors must match byte for byte, and reads before the first
// write in full; later answers must match in everything that does not depend on requests that were not recorded.
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

// contacts returns the answer of a contact operation without what depends on requests between the recordings: when the
// contact was last active, the number of their conversations, the contact inboxes that these created, the time of creation
// and the source id. An API inbox is reduced to the names of its fields. Without a requested order there is none (contract,
// W2), so that the rows are sorted by id.
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

// isSetAsAWhole reports whether an exchange is about a value that is always set as a whole, so that earlier requests do not
// matter.
func isSetAsAWhole(e recordings.Exchange) bool {
	return slices.Contains([]*operation.Operation{
		operation.ListAllLabelsOfAConversation, operation.ConversationAddLabels, operation.ListAllLabelsOfAContact, operation.ContactAddLabels,
		operation.TogglePriorityOfAConversation, operation.UpdateCustomAttributesOfAConversation,
	}, e.Operation)
}

// isOfNames reports whether an exchange lists the names that belong to ids, which no recorded request changes.
func isOfNames(e recordings.Exchange) bool {
	return slices.Contains([]*operation.Operation{
		operation.ListAllTeams, operation.GetTeamMembers, operation.ListAllInboxes, operation.ListAllLabels, operation.GetAccountCustomAttribute,
	}, e.Operation)
}

// profile returns a profile in which secrets and the names of accounts only have to be present, because a snapshot does not
// have them.
func profile(answer any) any {
	for _, secret := range []string{"access_token", "pubsub_token"} {
		object(answer)[secret] = dig(answer, secret) != ""
	}
	for _, account := range list(dig(answer, "accounts")) {
		object(account)["name"] = dig(account, "name") != ""
	}
	return answer
}

// names returns an answer about names with each inbox reduced to its id, name, channel and field names, and each label
// without its id, which is not in a snapshot.
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

// isOfMessages reports whether an exchange returns messages in the form of the message operations.
func (e exchange) isOfMessages() bool {
	return e.Operation == operation.ListAllMessages || strings.Contains(e.Path, "/messages")
}

// message returns the answer of a message operation without the URLs of files, and without the ids and the time of a new
// message. Times of a snapshot are in whole seconds.
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

// digest returns the part of an answer that does not depend on requests between the recordings: the ids and counts of a
// page, the state of one conversation, and everything about a new one but its ids and times.
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
	if e.Operation == operation.AssignAConversation { // a snapshot does not have a team's time of creation
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

// list and object return a JSON value as a list or an object, or nil if it is not one.
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

// differAt compares two JSON values and describes the first difference.
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
					return fmt.Sprintf("%s.%s: present: %t, recorded: %t", path, key, here, there)
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
