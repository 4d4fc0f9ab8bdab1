package cfchattest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestStorage checks that files are served at two addresses, at the second one with ranges, but not at forged addresses.
func TestStorage(t *testing.T) {
	srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
	sent, err := srv.Account(t).Messages.Send(t.Context(), srv.AddConversation(cfchattest.Conversation{}), cfchat.MessageCreate{Files: []cfchat.File{
		{Name: "a ä.txt", ContentType: "text/plain", Reader: strings.NewReader("0123456789")},
		{Name: "a.html", ContentType: "text/html", Reader: strings.NewReader("<b>")},
		{Name: "a.pdf", ContentType: "application/pdf", Reader: strings.NewReader("%PDF")},
		{Name: "a.ogg", ContentType: "audio/ogg", Reader: strings.NewReader("OggS")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, address string, headers ...string) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		resp, err := srv.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		return resp, readAll(t, resp)
	}
	wants := []struct{ kind, place, body string }{
		{"text/plain", `attachment; filename="a ?.txt"; filename*=UTF-8''a%20%C3%A4.txt`, "0123456789"},
		{"application/octet-stream", "attachment; filename=\"a.html\"; filename*=UTF-8''a.html", "<b>"},
		{"application/pdf", "inline; filename=\"a.pdf\"; filename*=UTF-8''a.pdf", "%PDF"},
		{"audio/ogg", "inline; filename=\"a.ogg\"; filename*=UTF-8''a.ogg", "OggS"},
	}
	for i, want := range wants {
		first, _ := ask(http.MethodGet, sent.Attachments[i].GetDataURL())
		if first.StatusCode != http.StatusFound {
			t.Fatalf("%s: %d", sent.Attachments[i].GetDataURL(), first.StatusCode)
		}
		file, body := ask(http.MethodGet, first.Header.Get("Location"))
		if file.StatusCode != http.StatusOK || body != want.body || file.Header.Get("Content-Type") != want.kind || file.Header.Get("Content-Disposition") != want.place {
			t.Errorf("%d %q %q", file.StatusCode, body, file.Header)
		}
		part, body := ask(http.MethodGet, first.Header.Get("Location"), "Range", "bytes=2-", "If-Range", file.Header.Get("Last-Modified"))
		if part.StatusCode != http.StatusPartialContent || body != want.body[2:] {
			t.Errorf("a part: %d %q", part.StatusCode, body)
		}
		if head, body := ask(http.MethodHead, sent.Attachments[i].GetDataURL()); head.StatusCode != http.StatusFound || body != "" {
			t.Errorf("HEAD: %d %q", head.StatusCode, body)
		}
	}
	address := sent.Attachments[0].GetDataURL()
	for forged, kind := range map[string]string{
		strings.Replace(address, "redirect/", "redirect/x", 1):         "text/html",
		strings.Replace(address, "blobs/redirect/", "disk/x", 1):       "text/plain",
		strings.Replace(address, "blobs/redirect", "nothing/of it", 1): "text/html",
	} {
		if none, body := ask(http.MethodGet, forged); none.StatusCode != http.StatusNotFound || none.Header.Get("Content-Type") != kind || body != "" {
			t.Errorf("%s: %d %q", forged, none.StatusCode, none.Header)
		}
	}
	if posted, _ := ask(http.MethodPost, address); posted.StatusCode != http.StatusNotFound {
		t.Errorf("POST: %d", posted.StatusCode)
	}
}

// TestFilesAreWhereTheServerIs checks that a file's address begins with the one at which the server was called: servers
// return absolute addresses with their own host (contract, W1.1).
func TestFilesAreWhereTheServerIs(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://localhost", "https://chat.example.com:8443"} {
		srv := cfchattest.New(t)
		account := srv.Account(t, func(c *cfchat.Config) { c.Server = base })
		sent, err := account.Messages.Send(t.Context(), srv.AddConversation(cfchattest.Conversation{}), cfchat.MessageCreate{Files: []cfchat.File{
			{Name: "a.txt", ContentType: "text/plain", Reader: strings.NewReader("a")},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got := sent.Attachments[0].GetDataURL(); !strings.HasPrefix(got, base+"/rails/active_storage/blobs/redirect/") {
			t.Errorf("asked at %s, the file is at %s", base, got)
		}
	}
}
