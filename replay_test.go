package cfchat_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/recordings"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestRecordedAnswers plays every recorded response to its method and to Raw: for a success they return the recorded data,
// for a failure an Error with the recorded status and text, and both clients agree. It tests the spec as well: a success
// encodes to the recorded JSON, field for field and number for number. TestUnseen of internal/recordings reports which
// operations have no recording.
func TestRecordedAnswers(t *testing.T) {
	t.Parallel()
	all := recordings.All(t, ".")
	for i, r := range all {
		if i%(len(all)/part(len(all))) != 0 {
			continue // the race detector has nothing to find in these
		}
		t.Run(r.Version+"/"+r.Name, func(t *testing.T) {
			t.Parallel()
			chat := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
				return trial.Reply(r.Response.Status, r.Response.Headers["content-type"], r.Response.Body), nil
			}), func(c *cfchat.Config) { c.ServerVersion = r.Version })
			c := trial.CallOf(r.ID)
			about := trial.SubjectOf(t, r.Response.Body)
			data, err := c.In(t.Context(), chat, 1, about)
			raw, rawErr := c.JSON200(t, chat.Raw(), about)
			if r.Response.Status == http.StatusOK {
				if err != nil || rawErr != nil {
					t.Fatalf("method: %v, Raw: %v", err, rawErr)
				}
				encoded := read(t, encode(t, raw))
				for _, difference := range differences("", taken(c, encoded), read(t, encode(t, data))) {
					t.Error("method and Raw differ: " + difference)
				}
				row := r.Operation == operation.ContactMerge && !atLeast(r.Version, "3.2.0") // a contact is made of it: TestMergedRow
				if r.Response.Body != "" && !row {
					for _, difference := range differences("", read(t, []byte(r.Response.Body)), encoded) {
						if !strings.HasSuffix(difference, ".secret: answered <secret>, encoded [redacted]") {
							t.Error("it does not encode as it was received: " + difference)
						}
					}
				}
				return
			}
			checkFailure(t, r, err)
			checkFailure(t, r, rawErr)
		})
	}
}

// noSuchCall is the body of a 404 from a server that does not have the call yet.
const noSuchCall = `{"status":404,"error":"Not Found"}`

// provesRefusal holds the recorded 422s of sending messages whose texts prove that nothing was stored (contract, W1.2).
var provesRefusal = map[string]bool{
	"send-incoming-web": true, "send-type-bad": true, "send-content-nul": true, "messages-flood-one-more": true, "messages-web-exe": true,
	"messages-retry-unknown": true,
}

func checkFailure(t *testing.T, r recordings.Exchange, err error) {
	t.Helper()
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok {
		t.Fatalf("got %v, want an *Error", err)
	}
	if e.StatusCode != r.Response.Status || e.Message == "" || strings.Contains(e.Error(), "<html") {
		t.Errorf("got %q", e)
	}
	if words, ok := read(t, []byte(`{"x":`+orNull(r.Response.Body)+`}`)).(map[string]any)["x"].(map[string]any); ok {
		for _, field := range []string{"error", "message"} {
			if text, ok := words[field].(string); ok && e.Message != text {
				t.Errorf("message %q, want the server's %q", e.Message, text)
			}
		}
	}
	unsure := r.Unsure422 && e.StatusCode == 422 && !provesRefusal[r.Name]
	for sentinel, want := range map[error]bool{
		cfchat.ErrUnauthorized:   e.StatusCode == 401,
		cfchat.ErrForbidden:      e.StatusCode == 403,
		cfchat.ErrNotFound:       e.StatusCode == 404 && r.Response.Body != noSuchCall,
		cfchat.ErrRejected:       e.StatusCode == 422 && !unsure,
		cfchat.ErrServer:         e.StatusCode == 500,
		cfchat.ErrUnknownOutcome: e.StatusCode == 500 && r.Write || unsure,
		cfchat.ErrNotSent:        false,
		cfchat.ErrDecode:         false,
	} {
		if errors.Is(err, sentinel) != want {
			t.Errorf("errors.Is(%q, %q) returns %v", err, sentinel, !want)
		}
	}
}

func orNull(body string) string {
	if body == "" {
		return "null"
	}
	return body
}

// taken returns the part of a response that the method returns.
func taken(c trial.Call, answer any) any {
	for field := range strings.SplitSeq(c.Taken, ".") {
		if object, ok := answer.(map[string]any); ok && field != "" {
			answer = object[field]
		}
	}
	return answer
}
