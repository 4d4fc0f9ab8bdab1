package faults_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// file returns a file with the text "hello".
func file(name string) cfchat.File {
	return cfchat.File{Name: name, Reader: strings.NewReader("hello")}
}

// uploaded returns the error of sending a message with files to a 3.2.0 server that reads the whole request.
func uploaded(message cfchat.MessageCreate, files ...cfchat.File) func(*testing.T) error {
	message.Files = files
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			_, err := io.Copy(io.Discard, req.Body)
			return trial.Reply(200, "application/json", trial.GoodMessage), err
		}), func(c *cfchat.Config) { c.ServerVersion = "3.2.0" })
		return trial.Second(chat.Account(56).Messages.Send(t.Context(), 42, message))
	}
}

// grown returns the error for a file whose size has changed when it is opened for another try.
func grown(t *testing.T) error {
	text := "hello"
	open := func() (io.ReadCloser, error) {
		defer func() { text = "hello!" }()
		return sized{strings.NewReader(text)}, nil
	}
	return limitedOnce(cfchat.File{Name: "a", Size: 5, Open: open})(t)
}

// sized is a file that reports its size.
type sized struct{ *strings.Reader }

func (sized) Close() error { return nil }

// limitedOnce returns the error for a file that must be sent again after a 429.
func limitedOnce(file cfchat.File) func(*testing.T) error {
	return func(t *testing.T) error {
		chat := trial.Chat(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
			_, err := req.Body.Read(make([]byte, 32<<10)) // everything before the file
			resp := trial.Reply(429, "text/plain", "Retry later\n")
			resp.Header.Set("Retry-After", "1")
			return resp, err
		}), func(c *cfchat.Config) { c.Retry = cfchat.Retry{} })
		defer time.Sleep(2 * time.Minute) // so that slow reads end before the test
		return sendFiles(t.Context(), chat, file)
	}
}

// slow is a Seeker that seeks slowly.
type slow struct{ *strings.Reader }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(time.Minute)
	return s.Reader.Read(p)
}

// downloaded returns the error of a download that gets one or two answers.
func downloaded(w io.Writer, opts []cfchat.CallOption, answers ...*http.Response) func(*testing.T) error {
	return func(t *testing.T) error {
		asked := 0
		chat := withDownloads(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
			asked++
			return answers[min(asked, len(answers))-1], nil
		}))
		return trial.Second(chat.Account(56).Messages.Download(t.Context(), &cfchat.Attachment{MessageID: 1234, DataURL: new("https://chat.test/a")}, w, opts...))
	}
}

// attached returns the error of a download that refuses its attachment.
func attached(a *cfchat.Attachment) func(*testing.T) error {
	return func(t *testing.T) error {
		return trial.Second(trial.Chat(t, trial.Broken{}).Account(56).Messages.Download(t.Context(), a, io.Discard))
	}
}

func kindOf(kind cfchat.AttachmentType) *cfchat.Attachment {
	return &cfchat.Attachment{FileType: &kind}
}

// led returns an answer that redirects elsewhere.
func led(to string) *http.Response {
	resp := trial.Reply(302, "text/html", "")
	resp.Header.Set("Location", to)
	return resp
}

// cutShort returns an answer that announces 5 bytes and sends 2.
func cutShort(tag string) *http.Response {
	resp := trial.Reply(200, "text/plain", "")
	resp.Body, resp.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader("he"), failing{io.ErrUnexpectedEOF})), 5
	if tag != "" {
		resp.Header.Set("Etag", tag)
	}
	return resp
}

// gzipped returns an answer that is compressed, unlike the file.
func gzipped() *http.Response {
	resp := trial.Reply(200, "text/plain", "hello")
	resp.Header.Set("Content-Encoding", "gzip")
	return resp
}

func tagged(tag string) *http.Response {
	resp := trial.Reply(200, "text/plain", "world")
	resp.Header.Set("Etag", tag)
	return resp
}

var (
	once  = []cfchat.CallOption{cfchat.WithRetry(cfchat.Retry{MaxTries: 1})}
	many  = strings.Split(strings.Repeat("a ", 15)+"a", " ")
	times = map[string]any{"order": 1234}
)

func manyFiles() (files []cfchat.File) {
	for _, name := range many {
		files = append(files, file(name))
	}
	return files
}

// fileTexts builds new cases on each call, because running them consumes their readers.
func fileTexts() []errorText {
	return []errorText{
		{"sixteen files", uploaded(cfchat.MessageCreate{}, manyFiles()...)},
		{"a file without a name", uploaded(cfchat.MessageCreate{}, file(""))},
		{"a file in a folder", uploaded(cfchat.MessageCreate{}, file("a/b"))},
		{"a file of an invalid media type", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", ContentType: "png", Reader: strings.NewReader("x")})},
		{"a file of negative size", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Size: -1, Reader: strings.NewReader("x")})},
		{"a file without a reader", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a"})},
		{"a file with two readers", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Reader: strings.NewReader("x"), Open: func() (io.ReadCloser, error) { return nil, nil }})},
		{"a nil file", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Reader: (*os.File)(nil)})},
		{"an empty file", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Reader: strings.NewReader("")})},
		{"a file that turns out to be empty", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Reader: onlyReader{strings.NewReader("")}})},
		{"a missing file", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Open: func() (io.ReadCloser, error) { return nil, fs.ErrNotExist }})},
		{"a file that Open does not return", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Open: func() (io.ReadCloser, error) { return nil, nil }})},
		{"a file that is longer", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Size: 4, Reader: io.MultiReader(strings.NewReader("hello"))})},
		{"a file that is shorter", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Size: 6, Reader: io.MultiReader(strings.NewReader("hello"))})},
		{"a file with another size than its reader", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Size: 6, Reader: strings.NewReader("hello")})},
		{"a file with another size when reopened", grown},
		{"a file that panics", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Reader: panicking{}})},
		{"a file that returns too many bytes", uploaded(cfchat.MessageCreate{}, cfchat.File{Name: "a", Reader: greedy{}})},
		{"a file that hangs when it is sent again", limitedOnce(cfchat.File{Name: "a", Reader: slow{strings.NewReader("hello")}})},
		{"a number in attributes with a file", uploaded(cfchat.MessageCreate{ContentAttributes: map[string]any{"items": times}}, file("a"))},
		{"a number in a template with a file", uploaded(cfchat.MessageCreate{TemplateParams: map[string]any{"name": "t", "order": 1234}}, file("a"))},
		{"a download of an empty attachment", attached(nil)},
		{"a download of a location", attached(kindOf(cfchat.AttachmentTypeLocation))},
		{"a download of a contact", attached(kindOf(cfchat.AttachmentTypeContact))},
		{"a download of a link", attached(kindOf(cfchat.AttachmentTypeFallback))},
		{"a download of a deleted file", attached(kindOf(cfchat.AttachmentTypeImage))},
		{"a download from an invalid address", attached(&cfchat.Attachment{DataURL: new("/rails/a")})},
		{"a download from a file address", attached(&cfchat.Attachment{DataURL: new("file://localhost/a")})},
		{"a download into a nil writer", downloaded(nil, nil)},
		{"a download with a key", downloaded(io.Discard, []cfchat.CallOption{cfchat.WithKeys(auth.Keys{User: auth.NewKey("k")})})},
		{"a download with an editor", downloaded(io.Discard, []cfchat.CallOption{cfchat.RequestEditorFn(func(context.Context, *http.Request) error { return nil })})},
		{"a download with an invalid limit", downloaded(io.Discard, []cfchat.CallOption{cfchat.WithMaxBody(0)})},
		{"a download that is not found", downloaded(io.Discard, nil, trial.Reply(404, "text/plain", ""))},
		{"a download that is too large", downloaded(io.Discard, []cfchat.CallOption{cfchat.WithMaxBody(4)}, trial.Reply(200, "text/plain", "hello"))},
		{"a download of another file", downloaded(io.Discard, nil, trial.Reply(202, "text/plain", ""))},
		{"a truncated download", downloaded(io.Discard, once, cutShort(`"one"`))},
		{"a truncated download, without a tag", downloaded(io.Discard, nil, cutShort(""))},
		{"a download that changes", downloaded(io.Discard, nil, cutShort(`"one"`), tagged(`"two"`))},
		{"a download that is encoded", downloaded(io.Discard, nil, gzipped())},
		{"a download of more than announced", downloaded(io.Discard, nil, &http.Response{StatusCode: 200, ContentLength: 2, Body: io.NopCloser(strings.NewReader("hello"))})},
		{"a download of another size", func(t *testing.T) error {
			chat := withDownloads(t, trial.RoundTripper(func(*http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, ContentLength: 5, Body: io.NopCloser(strings.NewReader("hello"))}, nil
			}))
			a := &cfchat.Attachment{DataURL: new("https://chat.test/rails/active_storage/a"), FileSize: new(int64(4))}
			return trial.Second(chat.Account(56).Messages.Download(t.Context(), a, io.Discard))
		}},
		{"a download that does not fit on the disk", downloaded(writerFunc(func([]byte) (int, error) { return 0, errors.New("the disk is full") }), nil, trial.Reply(200, "text/plain", "hello"))},
		{"a download redirected to http", downloaded(io.Discard, nil, led("http://chat.test/a"))},
		{"a download redirected to a file address", downloaded(io.Discard, nil, led("file:///a"))},
		{"a download redirected to an invalid address", downloaded(io.Discard, once, led("http://a b/"))},
		{"a download redirected in a circle", downloaded(io.Discard, nil, led("/a"))},
		{"a download that stalls", func(t *testing.T) error {
			chat := withDownloads(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, req.Context().Err()
			}))
			return trial.Second(chat.Account(56).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new("https://chat.test/a")}, io.Discard, once...))
		}},
		{"a download that fails with its address", func(t *testing.T) error {
			chat := withDownloads(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				return nil, errors.New("no way to " + req.URL.String())
			}))
			return trial.Second(chat.Account(56).Messages.Download(t.Context(), &cfchat.Attachment{DataURL: new("https://chat.test/a")}, io.Discard, once...))
		}},
	}
}
