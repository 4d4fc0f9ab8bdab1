package cfchat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// opening returns a file whose Open starts from the beginning each time.
func opening(name, text string) cfchat.File {
	return cfchat.File{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

// TestFilesArrive sends files with many kinds of names and checks that they are downloaded byte for byte.
func TestFilesArrive(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2.16.0", "4.7.0", "4.16.2"} {
		t.Run(version, func(t *testing.T) {
			srv := cfchattest.New(t, cfchattest.Version(version))
			conversation := srv.AddConversation(cfchattest.Conversation{})
			messages := srv.Account(t).Messages
			names := []string{
				"a.txt", "rechnung ä 💸.pdf", `a"b.txt`, "100%.txt", "100%25 a+b.txt", "a\r\nb: c.txt", "a;b.txt", "%41.txt", "'.txt", ".png",
			}
			contents := map[string]string{}
			var files []cfchat.File
			for i, name := range names {
				contents[name] = strings.Repeat(fmt.Sprintf("--\r\n%d\x00\xff", i), 1+i*5000)
				files = append(files, opening(name, contents[name]))
			}
			const text = "`{{contact.email}}` {"
			sent, err := messages.Send(t.Context(), conversation, cfchat.MessageCreate{Content: text, Private: true, EchoID: "e", Files: files})
			if err != nil {
				t.Fatal(err)
			}
			if sent.GetContent() != text || !sent.GetPrivate() || sent.GetEchoID() != "e" || len(sent.Attachments) != len(files) {
				t.Errorf("sent %+v", sent)
			}
			for i, a := range sent.Attachments {
				var got bytes.Buffer
				n, err := messages.Download(t.Context(), a, &got)
				if want := contents[names[i]]; err != nil || n != int64(len(want)) || got.String() != want || a.GetFileSize() != n {
					t.Errorf("%q: downloaded %d bytes, %v, size %d", names[i], n, err, a.GetFileSize())
				}
			}
			form := formOf(t, srv)
			for i, name := range names {
				if got := form.File["attachments[]"][i].Filename; strings.ContainsAny(got, "\r\n") {
					t.Errorf("%q was sent as %q", name, got)
				}
			}
			if _, err := messages.Delete(t.Context(), conversation, sent.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := messages.Download(t.Context(), sent.Attachments[0], io.Discard); !errors.Is(err, cfchat.ErrNotFound) {
				t.Errorf("a file that was deleted: %v", err)
			}
		})
	}
}

// formOf returns the last form that was sent.
func formOf(t *testing.T, srv *cfchattest.Server) *multipart.Form {
	t.Helper()
	for _, r := range slices.Backward(srv.Requests()) {
		if !strings.HasPrefix(r.Body, "--") {
			continue
		}
		boundary, _, _ := strings.Cut(r.Body[2:], "\r\n")
		form, err := multipart.NewReader(strings.NewReader(r.Body), boundary).ReadForm(64 << 20)
		if err != nil {
			t.Fatal(err)
		}
		return form
	}
	t.Fatal("no form was sent")
	return nil
}

// TestFileNamesAtTheServer checks that the server gets the original names. The stand-in parses them like Rack.
func TestFileNamesAtTheServer(t *testing.T) {
	for _, name := range []string{"a.txt", "rechnung ä 💸.pdf", `a"b.txt`, "100%.txt", "100%25 a+b.txt", "a\r\nb", "%41.txt", "a\tb", "\x7f"} {
		srv := cfchattest.New(t)
		sent, err := srv.Account(t).Messages.Send(t.Context(), srv.AddConversation(cfchattest.Conversation{}), cfchat.MessageCreate{Files: []cfchat.File{opening(name, "x")}})
		if err != nil {
			t.Fatal(err)
		}
		address := sent.Attachments[0].GetDataURL()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil || !strings.HasSuffix(r.URL.Path, "/"+name) {
			t.Errorf("the server stored %q as %q", name, address)
		}
		requests := srv.Requests()
		if body := requests[len(requests)-1].Body; name == "100%25 a+b.txt" && !strings.Contains(body, `filename="100%2525 a%2Bb.txt"`) {
			t.Errorf("sent %q", body) // older servers read a plus as a blank
		}
	}
}

// TestFormFields checks the form fields that are sent with files: everything in the message, as each version reads it.
func TestFormFields(t *testing.T) {
	file := []cfchat.File{opening("a.txt", "x")}
	for name, c := range map[string]struct {
		version string
		message cfchat.MessageCreate
		want    map[string][]string
	}{
		"nothing else": {"2.16.0", cfchat.MessageCreate{}, map[string][]string{}},
		"a reply": {
			"2.16.0", cfchat.MessageCreate{Content: "a {", InReplyTo: 5, MessageType: cfchat.MessageKindOutgoing},
			map[string][]string{"content": {`a {{ "{" }}`}, "content_attributes[in_reply_to]": {"5"}, "message_type": {"outgoing"}},
		},
		"mail": {
			"3.0.0", cfchat.MessageCreate{CCEmails: "a@b.c, d@e.f", Private: true, CampaignID: 7},
			map[string][]string{"cc_emails": {"a@b.c,d@e.f"}, "private": {"true"}, "campaign_id": {"7"}},
		},
		"attributes of text": {
			"4.9.0", cfchat.MessageCreate{ContentAttributes: map[string]any{"a": "b", "c": map[string]any{"d": []string{"e", ""}}}},
			map[string][]string{"content_attributes[a]": {"b"}, "content_attributes[c][d][]": {"e", ""}},
		},
		"attributes that are not text": {
			"4.9.0", cfchat.MessageCreate{InReplyTo: 5, ContentAttributes: map[string]any{"order": 1234}},
			map[string][]string{"content_attributes": {`{"in_reply_to":5,"order":1234}`}},
		},
		"items": {
			"3.3.0", cfchat.MessageCreate{Items: []cfchat.MessageItem{{Title: "a"}}, ContentType: cfchat.MessageContentTypeForm},
			map[string][]string{"content_attributes": {`{"items":[{"title":"a"}]}`}, "content_type": {"form"}},
		},
		"a template": {
			"4.6.0", cfchat.MessageCreate{TemplateParams: map[string]any{"name": "n", "processed_params": map[string]any{"1": "{x"}}},
			map[string][]string{"template_params[name]": {"n"}, "template_params[processed_params][1]": {`{{ "{" }}x`}},
		},
		"signed ids": {
			"4.16.2", cfchat.MessageCreate{Attachments: []string{"signed"}},
			map[string][]string{"attachments[]": {"signed"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got map[string][]string
			chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				form, kind := formIn(t, req)
				if kind != "multipart/form-data" || len(form.File["attachments[]"]) != 1 {
					t.Errorf("sent %s with the files %v", kind, form.File)
				}
				got = form.Value
				return trial.Reply(200, "application/json", trial.GoodMessage), nil
			}), func(config *cfchat.Config) { config.ServerVersion = c.version })
			c.message.Files = file
			if _, err := chat.Account(7).Messages.Send(t.Context(), 42, c.message); err != nil {
				t.Fatal(err)
			}
			if !maps.EqualFunc(got, c.want, slices.Equal) {
				t.Errorf("sent %q, want %q", got, c.want)
			}
		})
	}
}

func formIn(t *testing.T, req *http.Request) (form *multipart.Form, kind string) {
	t.Helper()
	kind, details, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	if req.ContentLength >= 0 && req.ContentLength != int64(len(data)) {
		t.Errorf("the Content-Length is %d, but the body has %d bytes", req.ContentLength, len(data))
	}
	form, err = multipart.NewReader(bytes.NewReader(data), details["boundary"]).ReadForm(64 << 20)
	if err != nil {
		t.Fatal(err)
	}
	return form, kind
}

// many returns a number of files.
func many(n int) (files []cfchat.File) {
	for range n {
		files = append(files, opening("a", "x"))
	}
	return files
}

// TestFileRefusals checks that invalid files are not sent and that the error names the invalid fields.
func TestFileRefusals(t *testing.T) {
	reader := func(text string) io.Reader { return strings.NewReader(text) }
	number := map[string]any{"order": 1}
	for name, c := range map[string]struct {
		message cfchat.MessageCreate
		fields  []string
	}{
		"sixteen":           {cfchat.MessageCreate{Files: many(16)}, []string{"Files"}},
		"sixteen with ids":  {cfchat.MessageCreate{Files: many(15), Attachments: []string{"signed"}}, []string{"Files"}},
		"nameless":          {cfchat.MessageCreate{Files: []cfchat.File{opening("a", "x"), opening("", "x")}}, []string{"Files[1].Name"}},
		"in a folder":       {cfchat.MessageCreate{Files: []cfchat.File{opening("a/b", "x"), opening(`a\b`, "x")}}, []string{"Files[0].Name", "Files[1].Name"}},
		"a NUL":             {cfchat.MessageCreate{Files: []cfchat.File{opening("a\x00", "x")}}, []string{"Files[0].Name"}},
		"not UTF-8":         {cfchat.MessageCreate{Files: []cfchat.File{opening("a\xff", "x")}}, []string{"Files[0].Name"}},
		"neither":           {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a"}}}, []string{"Files[0]"}},
		"both":              {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", Open: opening("a", "x").Open, Reader: reader("x")}}}, []string{"Files[0]"}},
		"a nil Reader":      {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", Reader: (*os.File)(nil)}}}, []string{"Files[0].Reader"}},
		"a negative size":   {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", Size: -1, Reader: reader("x")}}}, []string{"Files[0].Size"}},
		"too small a size":  {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", Size: 5, Reader: reader("abcdef")}}}, []string{"Files[0].Size"}},
		"too large a size":  {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", Size: 7, Reader: bytes.NewBufferString("abcdef")}}}, []string{"Files[0].Size"}},
		"a part's size":     {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", Size: 7, Reader: io.NewSectionReader(strings.NewReader("abcdef"), 0, 6)}}}, []string{"Files[0].Size"}},
		"no media type":     {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", ContentType: "a/b\r\nX: y", Reader: reader("x")}}}, []string{"Files[0].ContentType"}},
		"half a media type": {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", ContentType: "image", Reader: reader("x")}}}, []string{"Files[0].ContentType"}},
		"an empty Reader":   {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", Reader: reader("")}}}, []string{"Files[0]"}},
		"an empty Buffer":   {cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", Reader: new(bytes.Buffer)}}}, []string{"Files[0]"}},
		"empty when opened": {cfchat.MessageCreate{Files: []cfchat.File{opening("a", "x"), opening("a", "")}}, []string{"Files[1]"}},
		"a number": {
			cfchat.MessageCreate{Files: many(1), ContentAttributes: map[string]any{"items": number}}, []string{"ContentAttributes"},
		},
		"a template's number": {
			cfchat.MessageCreate{Files: many(1), TemplateParams: map[string]any{"name": "n", "processed_params": number}}, []string{"TemplateParams"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := sentWire{}
			_, err := w.over(t, func(c *cfchat.Config) { c.ServerVersion = "3.2.0" }).Send(t.Context(), 42, c.message)
			e, ok := errors.AsType[*cfchat.Error](err)
			if !ok || !errors.Is(err, cfchat.ErrInvalidInput) || !errors.Is(err, cfchat.ErrNotSent) || w.target != "" {
				t.Fatalf("%v, requested %q", err, w.target)
			}
			var fields []string
			for _, f := range e.Fields {
				fields = append(fields, f.Field)
			}
			if !slices.Equal(fields, c.fields) {
				t.Errorf("got the fields %q, want %q: %v", fields, c.fields, err)
			}
		})
	}
}

// TestFifteenFiles checks that a message may have as many files as the server accepts, uploaded or given by their signed ids.
func TestFifteenFiles(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]cfchat.MessageCreate{
		"all uploaded":  {Files: many(15)},
		"one by its id": {Files: many(14), Attachments: []string{"signed"}},
	} {
		asked := 0
		_, err := trial.Chat(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			asked++
			return trial.Reply(http.StatusOK, "application/json", trial.GoodMessage), nil
		})).Account(7).Messages.Send(t.Context(), 42, m)
		if errors.Is(err, cfchat.ErrInvalidInput) || asked == 0 {
			t.Errorf("%s: %v after %d requests", name, err, asked)
		}
	}
}

// TestFileSizes checks that the Content-Length follows from the size that the caller gives, or from the opened file.
func TestFileSizes(t *testing.T) {
	onDisk := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(onDisk, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(onDisk)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Seek(4, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file  cfchat.File
		known bool
		want  string
	}{
		"given":              {cfchat.File{Size: 3, Reader: io.MultiReader(strings.NewReader("abc"))}, true, "abc"},
		"not known":          {cfchat.File{Reader: io.MultiReader(strings.NewReader("abc"))}, false, "abc"},
		"not known, opened":  {opening("a", "abc"), false, "abc"},
		"in memory":          {cfchat.File{Reader: bytes.NewReader([]byte("abc"))}, true, "abc"},
		"a buffer":           {cfchat.File{Reader: bytes.NewBufferString("abc")}, true, "abc"},
		"a file's rest":      {cfchat.File{Reader: file}, true, "456789"},
		"a file":             {cfchat.File{Open: func() (io.ReadCloser, error) { return os.Open(onDisk) }}, true, "0123456789"},
		"a part of a file":   {cfchat.File{Reader: io.NewSectionReader(file, 2, 3)}, true, "234"},
		"a file of no size":  {cfchat.File{Open: func() (io.ReadCloser, error) { return os.Open("/proc/self/stat") }}, false, ""},
		"a folder's, opened": {cfchat.File{Open: func() (io.ReadCloser, error) { return os.Open(t.TempDir()) }}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var length int64
			var got string
			chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				length = req.ContentLength
				form, _ := formIn(t, req)
				got = contentOf(t, form.File["attachments[]"][0])
				return trial.Reply(200, "application/json", trial.GoodMessage), nil
			}))
			c.file.Name = "a"
			_, err := chat.Account(7).Messages.Send(t.Context(), 42, cfchat.MessageCreate{Files: []cfchat.File{c.file}})
			if c.want == "" { // the content depends on the machine
				if _, missing := os.Stat("/proc/self/stat"); missing == nil && (err == nil) == strings.Contains(name, "folder") {
					t.Error(err)
				}
				return
			}
			if err != nil || got != c.want || (length >= 0) != c.known {
				t.Errorf("%q with length %d, %v", got, length, err)
			}
		})
	}
}

func contentOf(t *testing.T, file *multipart.FileHeader) string {
	t.Helper()
	f, err := file.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// counting is a reader that counts the bytes it has given and measures the memory from time to time.
type counting struct {
	left, given int64
	most        uint64 // the largest heap, in bytes
}

func (c *counting) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), c.left)
	if c.given/(4<<20) != (c.given+n)/(4<<20) {
		c.most = max(c.most, alive())
	}
	c.left, c.given = c.left-n, c.given+n
	return int(n), nil
}

func alive() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestFileMemory checks that sending and downloading 40 MB takes at most a MiB of memory.
func TestFileMemory(t *testing.T) {
	const size = 40 << 20
	zeros := make([]byte, 32<<10)
	got := make(chan int64, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Length", fmt.Sprint(int64(size)))
			for range size / len(zeros) {
				if _, err := w.Write(zeros); err != nil {
					return
				}
			}
			return
		}
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil || r.ContentLength >= 0 && r.ContentLength != n {
			t.Errorf("received %d of %d bytes: %v", n, r.ContentLength, err)
		}
		got <- n
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, trial.GoodMessage)
	}))
	defer srv.Close()
	chat, err := cfchat.New(cfchat.Config{Keys: auth.Keys{User: auth.NewKey("user-key")}, Server: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer chat.CloseIdleConnections()
	messages := chat.Account(7).Messages
	if _, err := messages.Send(t.Context(), 42, cfchat.MessageCreate{Files: []cfchat.File{opening("a", "x")}}); err != nil { // connects
		t.Fatal(err)
	}
	<-got
	up, before := &counting{left: size}, alive()
	if _, err := messages.Send(t.Context(), 42, cfchat.MessageCreate{Files: []cfchat.File{{Name: "a", Size: size, Reader: up}}}); err != nil {
		t.Fatal(err)
	}
	if n := <-got; n < size {
		t.Errorf("received %d bytes, want at least %d", n, size)
	}
	t.Logf("up: the heap grew by %d bytes", int64(up.most)-int64(before))
	if up.most > before+1<<20 {
		t.Errorf("sending: the heap grew by %d bytes", up.most-before)
	}
	down, before := &counting{left: size}, alive()
	n, err := messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(srv.URL + "/a")}, writer(func(p []byte) (int, error) { return down.Read(p) }))
	t.Logf("down: the heap grew by %d bytes", int64(down.most)-int64(before))
	if err != nil || n != size || down.given != size || down.most > before+1<<20 {
		t.Errorf("downloaded %d bytes, %v, and the heap grew by %d bytes", n, err, int64(down.most)-int64(before))
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// TestDownloadHasNoKey checks that a request to an attachment's address, on the server's own host or elsewhere, has no key and
// no other header of the client.
func TestDownloadHasNoKey(t *testing.T) {
	var seen []http.Header
	var storage *httptest.Server
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Clone())
		if r.URL.Path == "/here" {
			_, _ = io.WriteString(w, "here")
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, storage.URL+"/there?signature=s3cr3t-s3cr3t", http.StatusFound)
	}))
	defer server.Close()
	storage = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Clone())
		_, _ = io.WriteString(w, "there")
	}))
	defer storage.Close()
	edit := func(_ context.Context, req *http.Request) error { req.Header.Set("X-Gateway", "password"); return nil }
	chat, err := cfchat.New(cfchat.Config{
		Keys: auth.Keys{User: auth.NewKey("user-key"), AgentBot: auth.NewKey("bot-key")}, Server: server.URL, RequestEditors: []cfchat.RequestEditorFn{edit},
		HTTPClient: &http.Client{Transport: adding{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer chat.CloseIdleConnections()
	for path, want := range map[string]string{"/here": "here", "/rails?signature=s3cr3t-s3cr3t": "there"} {
		var got bytes.Buffer
		if _, err := chat.Account(7).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new(server.URL + path)}, &got); err != nil || got.String() != want {
			t.Errorf("%s: %q, %v", path, &got, err)
		}
	}
	if len(seen) != 3 {
		t.Errorf("received %d requests, want 3", len(seen))
	}
	for _, header := range seen {
		names := slices.Sorted(maps.Keys(header))
		if want := []string{"Accept", "Accept-Encoding", "User-Agent"}; !slices.Equal(names, want) {
			t.Errorf("sent the headers %q, want only %q", header, want)
		}
	}
}

// adding is a transport that adds a password to each request.
type adding struct{}

func (adding) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("X-Gateway", "password")
	return http.DefaultTransport.RoundTrip(req)
}

// TestNoFile checks that Download refuses attachments that cannot be downloaded, and invalid arguments.
func TestNoFile(t *testing.T) {
	chat := trial.Chat(t, trial.Broken{})
	kind := func(k cfchat.AttachmentType) *cfchat.AttachmentType { return &k }
	for name, a := range map[string]*cfchat.Attachment{
		"nil":       nil,
		"location":  {FileType: kind(cfchat.AttachmentTypeLocation), DataURL: new("https://maps.test/")},
		"contact":   {FileType: kind(cfchat.AttachmentTypeContact)},
		"fallback":  {FileType: kind(cfchat.AttachmentTypeFallback), DataURL: new("https://page.test/")},
		"embed":     {FileType: kind(cfchat.AttachmentTypeEmbed), DataURL: new("https://page.test/")},
		"empty":     {FileType: kind(cfchat.AttachmentTypeImage), DataURL: new("")},
		"null":      {FileType: kind(cfchat.AttachmentTypeIgReel)},
		"no scheme": {DataURL: new("/rails/x")},
		"file":      {DataURL: new("file://localhost/etc/passwd")},
		"invalid":   {DataURL: new("https://a b/?secret-signature")},
	} {
		n, err := chat.Account(7).Messages.Download(t.Context(), a, io.Discard)
		if !errors.Is(err, cfchat.ErrInvalidInput) || n != 0 || strings.Contains(err.Error(), "secret-signature") {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := &cfchat.Attachment{DataURL: new("https://files.test/a")}
	for name, download := range map[string]func() (int64, error){
		"no account": func() (int64, error) { return cfchat.MessagesService{}.Download(t.Context(), good, io.Discard) },
		"no context": func() (int64, error) { return chat.Account(7).Messages.Download(nil, good, io.Discard) }, //lint:ignore SA1012 a nil context is tested
		"no writer":  func() (int64, error) { return chat.Account(7).Messages.Download(t.Context(), good, nil) },
		"nil writer": func() (int64, error) {
			return chat.Account(7).Messages.Download(t.Context(), good, (*bytes.Buffer)(nil))
		},
		"keys": func() (int64, error) {
			return chat.Account(7).Messages.Download(t.Context(), good, io.Discard, cfchat.WithKeys(auth.Keys{User: auth.NewKey("k")}))
		},
		"an editor": func() (int64, error) {
			return chat.Account(7).Messages.Download(t.Context(), good, io.Discard, cfchat.RequestEditorFn(func(context.Context, *http.Request) error { return nil }))
		},
		"no size": func() (int64, error) {
			return chat.Account(7).Messages.Download(t.Context(), good, io.Discard, cfchat.WithMaxBody(0))
		},
	} {
		if _, err := download(); !errors.Is(err, cfchat.ErrInvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestFormEmptyObject checks that an empty object is refused beside a file, because a form cannot contain it.
func TestFormEmptyObject(t *testing.T) {
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{})
	_, err := srv.Account(t).Messages.Send(t.Context(), id, cfchat.MessageCreate{
		Content: "a", ContentAttributes: map[string]any{"mine": map[string]any{}, "b": "c"}, Files: []cfchat.File{opening("a.txt", "x")},
	})
	if !errors.Is(err, cfchat.ErrInvalidInput) || !strings.Contains(err.Error(), "mine") {
		t.Errorf("%v, want an ErrInvalidInput that names the attribute", err)
	}
}

// TestFormNames checks that unusual attribute names arrive unchanged.
func TestFormNames(t *testing.T) {
	for _, key := range []string{`a"b`, `a\b`, "a\nb", "a;b", "ä", "a=b&c", "a%41", " a ", "a\\\"b", "a+b"} {
		srv := cfchattest.New(t, cfchattest.Version("4.16.2"))
		id := srv.AddConversation(cfchattest.Conversation{})
		sent, err := srv.Account(t).Messages.Send(t.Context(), id, cfchat.MessageCreate{
			Content: "a", ContentAttributes: map[string]any{key: "v"}, Files: []cfchat.File{opening("a.txt", "x")},
		})
		if err != nil || !sent.ContentAttributes.Has(key) {
			body := srv.Requests()[len(srv.Requests())-1].Body
			at := strings.Index(body, "name=\"content_attr")
			t.Errorf("%q: %v %q", key, err, body[max(at, 0):min(len(body), max(at, 0)+60)])
		}
	}
}

// TestFileOpenedInTheMiddle checks that a file is sent from the position to which Open has moved it.
func TestFileOpenedInTheMiddle(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(name, []byte("headerbody"), 0o600); err != nil {
		t.Fatal(err)
	}
	srv := cfchattest.New(t)
	id := srv.AddConversation(cfchattest.Conversation{})
	_, err := srv.Account(t).Messages.Send(t.Context(), id, cfchat.MessageCreate{Files: []cfchat.File{{Name: "a.txt", Open: func() (io.ReadCloser, error) {
		f, err := os.Open(name)
		if err == nil {
			_, err = f.Seek(6, io.SeekStart)
		}
		return f, err
	}}}})
	body := srv.Requests()[len(srv.Requests())-1].Body
	if err != nil || !strings.Contains(body, "\r\n\r\nbody\r\n") {
		t.Errorf("%v; sent %q, want only the rest of the file, body", err, body)
	}
}

// TestFileOfAnotherLengthAgain checks that a second try announces the file's current length, not that of the first try.
func TestFileOfAnotherLengthAgain(t *testing.T) {
	t.Parallel()
	for name, texts := range map[string][2]string{"grows": {strings.Repeat("a", 50<<10), strings.Repeat("a", 100<<10)}, "shrinks": {strings.Repeat("a", 100<<10), strings.Repeat("a", 50<<10)}} {
		tries, wholeRequest, wholeForm := 0, false, false
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tries++
			b, err := io.ReadAll(r.Body)
			if tries == 1 {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(429)
				return
			}
			wholeRequest, wholeForm = err == nil, strings.HasSuffix(string(b), "--\r\n")
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, trial.GoodMessage)
		}))
		transport := &http.Transport{}
		opens := 0
		_, err := trial.Chat(t, transport, func(c *cfchat.Config) { c.Server, c.Retry = server.URL, cfchat.Retry{} }).Account(7).Messages.Send(t.Context(), 42, cfchat.MessageCreate{Files: []cfchat.File{{Name: "a.txt", Open: func() (io.ReadCloser, error) {
			opens++
			return struct {
				*strings.Reader
				io.Closer
			}{strings.NewReader(texts[opens-1]), io.NopCloser(nil)}, nil
		}}}})
		transport.CloseIdleConnections()
		server.Close()
		if err != nil || wholeRequest && !wholeForm {
			t.Errorf("%s: whole request %t, whole form %t, %v", name, wholeRequest, wholeForm, err)
		}
	}
}
