package cfchat

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go/internal/chain"
	"github.com/cfchat/cfchat-go/internal/operation"
)

// maxDownload is the default limit of a downloaded file's size, in bytes.
const maxDownload = 256 << 20

// downloadCall represents downloads, which are not an operation of the API.
var downloadCall = &operation.Operation{ID: "Messages.Download", Method: http.MethodGet}

// Download writes the file of an attachment to w, and returns the number of bytes written, even if it fails. A download that
// breaks off is resumed there, with Range, up to Retry's number of tries in a row that bring less than 64 KiB. Nothing is
// written twice, and a file that changes meanwhile is ErrDecode, not a mixture. So is a wrong answer: another length than
// FileSize, if the server itself keeps the file, or a part that was not asked for. w must not hang, but may take its time.
//
// The address is the attachment's DataURL, which may lead anywhere: up to 10 redirects are followed, never from https to
// http. Of the Config only UserAgent is sent, even to the server's own host: no key, no cookie, and nothing that
// RequestEditors add. Config.Downloads is the transport; a program in a network that others must not reach through it should
// set one that refuses that network's addresses.
//
// A file of more than 256 MiB is ErrTooLarge, unless [WithMaxBody] sets another limit. Config.Timeout bounds the time
// without new bytes, the context the whole download. An attachment without a file is ErrInvalidInput: a location, a contact,
// a fallback, an embed, or one without an address. [WithKeys] and request editors are refused. For an attachment listed by
// [ConversationsService.Attachments], pass an Attachment with its MessageID, FileType, DataURL and FileSize.
func (s MessagesService) Download(ctx context.Context, attachment *Attachment, w io.Writer, opts ...CallOption) (n int64, err error) {
	var input refusal
	options, call := optionsOf(opts, &input), s.core.call(downloadCall, 0)
	if attachment != nil {
		call.MessageID = attachment.MessageID // names it in an error
	}
	s.core.check(ctx, &input)
	address := input.file(attachment)
	if v := reflect.ValueOf(w); w == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		input.add("w", "it is nil; give a writer for the file")
	}
	if options.keys != nil {
		input.add("WithKeys", "a download sends no key; leave it out")
	}
	if len(options.editors) > 0 {
		input.add("RequestEditorFn", "a download has no editors, because what they add would go to any host; set Config.Downloads")
	}
	if err := input.err(call); err != nil {
		return 0, err
	}
	return s.core.chat.download(ctx, call, options, address, &chain.Download{Into: w, Size: max(attachment.GetFileSize(), 0)})
}

func (c *Chat) download(ctx context.Context, call *chain.Call, options callOptions, address *url.URL, d *chain.Download) (int64, error) {
	if begun := time.Now(); options.response != nil {
		defer func() { options.response.Duration = time.Since(begun) }()
	}
	d.Limit = cmp.Or(options.maxBody, maxDownload)
	d.OfServer = address.Host == c.downloads.Server.Host
	if !d.OfServer && !strings.Contains(address.Path, "/rails/active_storage/") {
		d.Size = 0 // FileSize is the size of the server's own copy
	}
	call.Retry, call.Record = (*chain.Policy)(options.retry), (*chain.Record)(options.response)
	call.Claim()
	req := (&http.Request{Method: http.MethodGet, URL: address, Host: address.Host, Header: http.Header{}}).WithContext(chain.WithCall(ctx, call))
	a, f := chain.NewDownload(c.downloads, d)(req)
	if f != nil {
		return d.Written, errorOf(call, f)
	}
	a.Release()
	return d.Written, nil
}

// file returns the address of an attachment's file, and refuses an attachment without one.
func (r *refusal) file(a *Attachment) *url.URL {
	if a == nil {
		r.add("attachment", "it is nil, as for a kind that the server does not know; skip it")
		return nil
	}
	var kind AttachmentType
	if a.FileType != nil {
		kind = *a.FileType
	}
	switch kind {
	case AttachmentTypeLocation:
		r.add("attachment", "a location has no file; CoordinatesLat and CoordinatesLong say where it is")
	case AttachmentTypeContact:
		r.add("attachment", "a contact has no file; FallbackTitle and Meta say who it is")
	case AttachmentTypeFallback, AttachmentTypeEmbed:
		r.add("attachment", "%s is a link and has no file; DataURL says where it leads", kind)
	default:
		address, err := fileAddress(a.GetDataURL())
		if err != nil {
			r.add("attachment.DataURL", "%v", err)
		}
		return address
	}
	return nil
}

// fileAddress parses an address. It never repeats a wrong one, which may be signed.
func fileAddress(text string) (*url.URL, error) {
	if text == "" {
		return nil, errors.New("it is empty: the file is gone, or was never there")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return nil, errors.New("it is not an address such as https://chat.example.com/rails/…")
	case !strings.EqualFold(u.Scheme, "https") && !strings.EqualFold(u.Scheme, "http"):
		return nil, errors.New("it starts with neither https:// nor http://")
	}
	return u, nil
}
