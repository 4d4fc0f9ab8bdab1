package cfchattest

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest/internal/cast"
)

// upload is a file in a form.
type upload struct {
	name, kind string // the media type as declared
	data       []byte
}

// parseForm reads multipart/form-data: fields, named as in a query, and files.
func parseForm(boundary string, body []byte) (params, error) {
	into := params{}
	form := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return into, nil
		}
		if err != nil {
			return nil, errMalformed
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, errMalformed
		}
		var value any = string(data)
		if name := fileName(part); name != "" {
			value = &upload{name, part.Header.Get("Content-Type"), data}
		}
		if err := assign(into, part.FormName(), value); err != nil {
			return nil, err
		}
	}
}

// fileName returns a part's name as the server reads it, "" for a part that is not a file: percent signs are decoded if all
// of them could be escapes, and folders are cut off.
func fileName(part *multipart.Part) string {
	name := part.FileName()
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// uploads makes attachments from the files that were sent. Anything else is refused as recorded; signed ids are not
// supported. Web widgets accept at most 40 MB and not every type; unlike the server, it does not inspect the bytes
// (contract, W1.2).
func (c *caller) uploads(of *conversation) ([]object, error) {
	sent := c.params["attachments"]
	if cast.Blank(sent) {
		return nil, nil
	}
	if named, ok := sent.(map[string]any); ok { // which it goes through in pairs
		first := slices.Min(slices.Collect(maps.Keys(named)))
		return nil, unprocessable(c.noFile([]any{first, named[first]}))
	}
	list, ok := sent.([]any)
	if !ok {
		return nil, unprocessable("undefined method `each' for an instance of " + rubyClass(sent))
	}
	var made []object
	for _, each := range list {
		file, ok := each.(*upload)
		if text, signed := each.(string); signed && text == "" && c.version.AtLeast("4.9.0") {
			made = append(made, c.withoutFile(of))
			continue
		}
		if !ok {
			return nil, unprocessable(c.noFile(each))
		}
		if of.source.inbox.channel == cfchat.ChannelWebWidget && len(file.data) > 40<<20 {
			return nil, unprocessable("Validation failed: Attachments file size is too big")
		}
		if of.source.inbox.channel == cfchat.ChannelWebWidget && !widgetTakes(file) {
			return nil, unprocessable("Validation failed: Attachments file type not supported")
		}
		made = append(made, c.attachment(of, file))
	}
	return made, nil
}

// withoutFile makes the attachment of an empty signed id, which has no file. It was refused on 4.7.0 and seen on 4.16.2;
// before 4.9.0 it would break the answer (contract, W1.1). Its file_type was not seen.
func (c *caller) withoutFile(of *conversation) object {
	c.lastAttachment++
	return object{
		"id": c.lastAttachment, "file_type": cfchat.AttachmentTypeFile, "account_id": of.account.id, "data_url": nil, "thumb_url": "",
	}
}

// noFile returns the server's error for a value that is not a file.
func (c *caller) noFile(value any) string {
	if _, signed := value.(string); !signed {
		return "Could not find or build blob: expected attachable, got " + rubyText(value)
	}
	if !c.version.AtLeast("4.8.0") { // seen on 2.16.0, different on 4.16.2; in between (unseen)
		return "ActiveSupport::MessageVerifier::InvalidSignature"
	}
	return "mismatched digest"
}

func rubyClass(value any) string {
	switch value.(type) {
	case *upload:
		return "ActionDispatch::Http::UploadedFile"
	case string:
		return "String"
	}
	return "Integer"
}

// attachment makes an attachment from a file. Its kind is the declared one, whatever the bytes are.
func (c *caller) attachment(of *conversation, file *upload) object {
	c.lastAttachment++
	kind := c.fileKind(file.kind)
	address := c.keepFile(c.lastAttachment, file, c.base)
	made := object{
		"id": c.lastAttachment, "file_type": kind, "account_id": of.account.id, "extension": nil,
		"data_url": address, "thumb_url": "", "file_size": len(file.data), "width": nil, "height": nil,
		"content_type": cmp.Or(file.kind, typeByName(file.name)),
	}
	if c.version.AtLeast("4.13.0") {
		made["extension"] = strings.TrimPrefix(path.Ext(file.name), ".")
		if bytes.HasPrefix(file.data, []byte("MZ")) {
			made["content_type"] = "application/x-dosexec"
		}
	}
	switch kind {
	case cfchat.AttachmentTypeImage:
		made["thumb_url"] = strings.Replace(address, "blobs", "representations", 1) // nothing answers there
	case cfchat.AttachmentTypeAudio:
		made["transcribed_text"] = ""
		if c.version.AtLeast("4.14.0") {
			made["data_url"] = address + "?disposition=inline"
		}
	}
	return made
}

func (c *caller) fileKind(declared string) cfchat.AttachmentType {
	if declared == "image/jpg" && c.version.AtLeast("4.14.1") {
		declared = "image/jpeg"
	}
	switch declared {
	case "image/jpeg", "image/png", "image/gif", "image/bmp", "image/webp":
		return cfchat.AttachmentTypeImage
	case "video/mp4", "video/webm", "video/ogg", "video/quicktime":
		return cfchat.AttachmentTypeVideo
	}
	if strings.HasPrefix(declared, "audio/") {
		return cfchat.AttachmentTypeAudio
	}
	return cfchat.AttachmentTypeFile
}

// typeByName returns the media type that a name's extension implies.
func typeByName(name string) string {
	kind, _, _ := mime.ParseMediaType(mime.TypeByExtension(path.Ext(name)))
	return kind
}

// widgetTakes reports whether a web widget accepts a file, by its declared type.
func widgetTakes(file *upload) bool {
	for _, kind := range []string{"image/", "video/", "audio/", "text/csv", "text/plain", "text/rtf", "application/json",
		"application/pdf", "application/zip", "application/vnd.", "application/octet-stream"} {
		if strings.HasPrefix(file.kind, kind) {
			return true
		}
	}
	return false
}
