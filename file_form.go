package cfchat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// form is a message with files as multipart/form-data. It is written while it is read: only a buffer of each file is in
// memory.
type form struct {
	fields   []formField
	files    []*openFile
	boundary string
	failed   error // why a file cannot be opened

	mu   sync.Mutex
	body *upload       // the body being read
	done chan struct{} // closed when nobody reads it any more and its files are closed
	over bool          // nothing may be opened any more
}

type formField struct{ name, text string }

// form opens the files of a prepared message, and returns what to send; nil for a message without files, or a refused one.
func (m MessageCreate) form(ctx context.Context, c *core, r *refusal) *form {
	if len(m.Files) == 0 || len(r.fields) > 0 || r.failed != nil || ctx == nil || c == nil || c.chat == nil || c.chat.chain == nil {
		return nil
	}
	f := &form{fields: r.formFields(ctx, c.chat, m), boundary: multipart.NewWriter(io.Discard).Boundary()}
	if len(r.fields) > 0 || r.failed != nil {
		return nil
	}
	ready := false
	defer func() {
		if !ready { // the caller's code has ended the goroutine
			f.end(false)
		}
	}()
	for i, file := range m.Files {
		open := &openFile{File: file, field: fmt.Sprintf("Files[%d]", i)}
		if _, err := chain.Foreign(ctx, open.field+".Reader", func() (any, error) { open.prepare(); return nil, nil }); err != nil {
			f.failed, ready = chain.Safe(err), true
			return f
		}
		f.files = append(f.files, open)
	}
	f.failed, ready = f.open(ctx), true
	for _, file := range f.files {
		switch {
		case file.empty:
			r.add(file.field, "it is empty; leave it out")
		case file.other != 0:
			r.add(file.field+".Size", "it is %d, and the reader has %d; leave Size out", file.Size, file.other)
		}
	}
	return f
}

// open makes a body of the files, read from the start.
func (f *form) open(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.over:
		return errors.New("the call is over")
	case ctx.Err() != nil:
		return chain.Ended(ctx).Cause
	}
	done := make(chan struct{})
	f.done, f.body = done, &upload{after: func() {
		for _, file := range f.files {
			file.shut()
		}
		close(done)
	}}
	f.body.length = f.length
	for _, file := range f.files {
		if err := file.open(ctx); err != nil {
			return err
		}
	}
	f.body.reader = f.reader()
	return nil
}

// reader returns the form. Its end, which makes it valid, is written only after all files.
func (f *form) reader() io.Reader {
	var head bytes.Buffer
	var parts []io.Reader
	w := multipart.NewWriter(&head)
	_ = w.SetBoundary(f.boundary) // it comes from package multipart, and a Buffer accepts everything
	for _, field := range f.fields {
		_ = w.WriteField(field.name, field.text)
	}
	for _, file := range f.files {
		_, _ = w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="attachments[]"; filename="` + fileNames.Replace(file.Name) + `"`},
			"Content-Type":        {file.kind()},
		})
		parts = append(parts, strings.NewReader(head.String()), file)
		head.Reset()
	}
	_ = w.Close()
	return io.MultiReader(append(parts, &head)...)
}

// fileNames escapes characters that would end a file's name in a header, the way servers decode them: they decode percent
// escapes, so the percent sign itself is escaped, and older ones read the plus as a blank (code).
var fileNames = func() *strings.Replacer {
	pairs := []string{}
	for c := range byte(' ') {
		pairs = append(pairs, string(rune(c)), fmt.Sprintf("%%%02X", c))
	}
	return strings.NewReplacer(append(pairs, `"`, "%22", "%", "%25", "+", "%2B", "\x7f", "%7F")...)
}()

// length returns the size of the form in bytes, -1 if unknown.
func (f *form) length() int64 {
	var total int64
	empty := form{fields: f.fields, boundary: f.boundary}
	for _, file := range f.files {
		if file.size < 0 {
			return -1
		}
		total += file.size
		empty.files = append(empty.files, &openFile{File: file.File, source: source{from: strings.NewReader(""), size: -1}, read: 1})
	}
	n, _ := io.Copy(io.Discard, empty.reader())
	return total + n
}

// request adds the body to a request without one.
func (f *form) request(ctx context.Context, req *http.Request) (*http.Request, error) {
	if f.failed != nil {
		return nil, f.failed
	}
	req.Body, req.ContentLength, req.GetBody = f.body, f.length(), nil
	if !slices.ContainsFunc(f.files, func(file *openFile) bool { return !file.repeats() }) {
		req.GetBody = func() (io.ReadCloser, error) { return f.again(ctx) }
	}
	return req, nil
}

// maxReading is how long to wait for a caller's Read that nobody needs any more.
const maxReading = 5 * time.Second

// again returns the body from the start.
func (f *form) again(ctx context.Context) (io.ReadCloser, error) {
	if !f.stop(maxReading) {
		return nil, errors.New("a Read of its files has not returned")
	}
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	return f.body, nil
}

// stop closes the body, and reports whether nobody reads the files any more.
func (f *form) stop(most time.Duration) bool {
	f.mu.Lock()
	body, done := f.body, f.done
	f.mu.Unlock()
	_ = body.Close()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// end closes the files, and lets none be opened any more. If the message was not sent, it sets seekable readers back to
// where they were.
func (f *form) end(sent bool) {
	if f == nil {
		return
	}
	f.mu.Lock()
	f.over = true
	f.mu.Unlock()
	if f.body == nil || !f.stop(100*time.Millisecond) || sent {
		return
	}
	for _, file := range f.files {
		if file.start >= 0 {
			_, _ = chain.Caught("Seek", func() (any, error) { return nil, file.rewind() })
		}
	}
}

// formFields returns a message's fields besides its files, by their names in a form.
func (r *refusal) formFields(ctx context.Context, chat *Chat, m MessageCreate) []formField {
	attributes, params := m.ContentAttributes, m.TemplateParams
	m.ContentAttributes, m.TemplateParams = nil, nil
	var fields []formField
	add := func(name, text string) { fields = append(fields, formField{name, text}) }
	bracketed("", plain(m), add) // it contains texts, numbers and booleans, and the signed ids, which are texts
	switch {
	case len(params) == 0:
	case bracketed("template_params", plain(params), nil):
		bracketed("template_params", plain(params), add)
	default:
		r.add("TemplateParams", "with files, it can hold only texts; send the files separately")
	}
	switch data, err := json.Marshal(attributes); {
	case len(attributes) == 0 || err != nil: // refused before
	case bracketed("content_attributes", withoutReply(attributes), nil):
		bracketed("content_attributes", plain(attributes), add)
	default:
		info, failed := chat.told(ctx, func(_ *ServerInfo, failed error) bool { return failed == nil || tellsNot(failed) })
		switch {
		case info.AtLeast("3.3.0"):
			add("content_attributes", string(data))
			return fields
		case ctx.Err() != nil: // the call ends for the same reason
			return fields
		case failed != nil && !tellsNot(failed):
			r.failed = notToBeHad("ContentAttributes", failed)
			return fields
		}
		r.add("ContentAttributes", "with files, only servers from 3.3.0 on (Config.ServerVersion) read Items and non-text values; "+
			"send the files separately")
	}
	return fields
}

// withoutReply returns attributes without the id of the replied-to message, which every server also reads from text.
func withoutReply(attributes map[string]any) any {
	others := maps.Clone(attributes)
	delete(others, "in_reply_to")
	return plain(others)
}

// plain returns a value as decoded from its JSON.
func plain(value any) any { return mapTexts(value, func(text string) string { return text }) }

// special reports whether a character changes a name in a form.
func special(c rune) bool { return c == '[' || c == ']' || c < ' ' || c == 0x7f }

// bracketed adds a value with its names in a form: a[b][]. It reports whether the value arrives unchanged. These do not: a
// number, an object in a list, an empty list or object, null, or a name with a bracket or a line break. Without add it only
// reports.
func bracketed(name string, value any, add func(name, text string)) bool {
	all := true
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 { // it leaves no trace
			return !strings.Contains(name, "[")
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			within := name + "[" + key + "]"
			if name == "" {
				within = key
			}
			all = bracketed(within, v[key], add) && key != "" && !strings.ContainsFunc(key, special) && all
		}
		return all
	case []any:
		for _, each := range v {
			_, isText := each.(string)
			all = bracketed(name+"[]", each, add) && isText && all
		}
		return all && len(v) > 0
	case nil:
		return name == ""
	}
	_, isText := value.(string)
	if add != nil {
		add(name, fmt.Sprint(value))
	}
	return isText
}
