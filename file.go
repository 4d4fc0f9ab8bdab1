package cfchat

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"path"
	"reflect"
	"strings"

	"github.com/cfchat/cfchat-go/internal/chain"
)

// File is a file to send with a message. Set either Open or Reader; only a file that can be read again is sent again.
type File struct {
	// Name is the file's name on the other side, such as "invoice.pdf", without folders.
	Name string
	// ContentType is its media type, such as "image/png": the server derives the kind of attachment from it, regardless of
	// the bytes. Empty means by the extension of Name, as package mime knows it on this machine, otherwise
	// application/octet-stream.
	ContentType string
	// Size is the size in bytes. If the opened file reports another size, nothing is sent; if another size turns up while
	// reading, the call fails before the message is complete. Zero means that the opened file reports it, as an [*os.File]
	// and a [*bytes.Reader] do, or that it is unknown.
	Size int64
	// Open opens the file, before anything is sent, and again each time that the message is sent again. Its result is
	// closed.
	Open func() (io.ReadCloser, error)
	// Reader is read from its current position, and not closed. An [io.Seeker] can be sent again, and is set back there if
	// the call fails. Any other reader is used up by a call that fails, unless that is ErrNotSent.
	Reader io.Reader
}

// maxFiles is how many files a message may have, as on the server, whose own check does not work (contract, W1.2).
const maxFiles = 15

// checkFiles refuses files that would not arrive unchanged.
func (m MessageCreate) checkFiles(r *refusal) {
	if n := len(m.Files) + len(m.Attachments); len(m.Files) > 0 && n > maxFiles {
		r.add("Files", "there are %d, including Attachments; a message can have %d, so send several", n, maxFiles)
	}
	for i, f := range m.Files {
		f.check(fmt.Sprintf("Files[%d]", i), r)
	}
}

func (f File) check(field string, r *refusal) {
	switch {
	case f.Name == "":
		r.add(field+".Name", "it is empty; give the file a name")
	case strings.ContainsAny(f.Name, `/\`):
		r.add(field+".Name", "it has a folder, which the server drops; use path.Base")
	default:
		r.text(field+".Name", f.Name)
	}
	if f.ContentType != "" {
		kind, _, err := mime.ParseMediaType(f.ContentType)
		if err != nil || !strings.Contains(kind, "/") || strings.ContainsFunc(f.ContentType, func(c rune) bool { return c < ' ' || c > '~' }) {
			r.add(field+".ContentType", "it is not a media type such as image/png")
		}
	}
	if f.Size < 0 {
		r.add(field+".Size", "%d is not a size; zero means unknown", f.Size)
	}
	switch v := reflect.ValueOf(f.Reader); {
	case f.Open == nil && f.Reader == nil:
		r.add(field, "it has nothing to read; set Open or Reader")
	case f.Open != nil && f.Reader != nil:
		r.add(field, "it has both Open and a Reader; set only one of them")
	case v.Kind() == reflect.Pointer && v.IsNil():
		r.add(field+".Reader", "it is a nil %T; set Open or Reader", f.Reader)
	}
}

// kind returns the media type to declare, without the charset of a text, which package mime only guesses.
func (f File) kind() string {
	guessed, _, _ := strings.Cut(mime.TypeByExtension(path.Ext(f.Name)), ";")
	return cmp.Or(f.ContentType, guessed, "application/octet-stream")
}

// openFile is a file of a form to be sent.
type openFile struct {
	File
	source

	field string
	start int64 // the Seeker's position before the call, -1 for none
	empty bool  // it turned out to be
	other int64 // the size that the source reports, if it differs from Size; else 0
	read  int64 // bytes
}

// source is the source of a file's bytes.
type source struct {
	from  io.Reader
	size  int64        // left to read, -1 if unknown
	close func() error // nil for nothing to close
}

// errEmpty is the failure of an empty file.
var errEmpty = errors.New("it is empty")

// sizeError is the number of bytes to read, where it differs from Size.
type sizeError int64

func (o sizeError) Error() string {
	return fmt.Sprintf("it has %d bytes, which is not its Size", int64(o))
}

// prepare finds out whether a Reader can be read again.
func (f *openFile) prepare() {
	f.start = -1
	if seeker, ok := f.Reader.(io.Seeker); ok {
		if at, err := seeker.Seek(0, io.SeekCurrent); err == nil { // it fails on a pipe
			f.start = at
		}
	}
}

// repeats reports whether the file can be read from the start again.
func (f *openFile) repeats() bool { return f.Open != nil || f.start >= 0 }

// open prepares the file to be read from the start, with the caller's code. A source that opens when nobody waits any more
// is closed.
func (f *openFile) open(ctx context.Context) error {
	what := f.field + ".Reader"
	if f.Open != nil {
		what = f.field + ".Open"
	}
	opened, err := chain.Opened(ctx, what, f.opened, func(late source) { late.shut() })
	if err != nil {
		other, _ := errors.AsType[sizeError](err)
		f.empty, f.other = err == errEmpty, int64(other)
		return fmt.Errorf("%s %q: %w", f.field, f.Name, chain.Safe(err))
	}
	f.source, f.read = opened, 0
	return nil
}

// opened opens the file. A source that cannot be used is closed, even if the caller's code panics or ends its goroutine.
func (f *openFile) opened() (s source, err error) {
	good := false
	defer func() {
		if !good {
			s.shut()
		}
	}()
	s, err = f.ready()
	good = err == nil
	return s, err
}

func (f *openFile) ready() (source, error) {
	s := source{from: f.Reader}
	switch {
	case f.Open != nil:
		opened, err := f.Open()
		if err != nil {
			return s, err
		}
		if opened == nil {
			return s, errors.New("it returned neither a file nor an error")
		}
		s.from, s.close = opened, opened.Close
	case f.start >= 0:
		if err := f.rewind(); err != nil {
			return s, err
		}
	}
	told := sizeOf(s.from, f.start)
	s.size = cmp.Or(f.Size, told)
	switch {
	case told > 0 && told != s.size:
		return s, sizeError(told)
	case s.size == 0 || told == 0:
		return s, errEmpty
	case s.size > 0 || !f.repeats():
		return s, nil
	}
	var first [1]byte
	if _, err := io.ReadFull(s.from, first[:]); err != nil {
		if err == io.EOF {
			err = errEmpty
		}
		return s, err
	}
	s.from = io.MultiReader(bytes.NewReader(first[:]), s.from)
	return s, nil
}

func (f *openFile) rewind() error {
	seeker, ok := f.Reader.(io.Seeker)
	if !ok {
		return nil
	}
	_, err := seeker.Seek(f.start, io.SeekStart)
	return err
}

// sizeOf returns how many bytes are left to read, -1 if unknown. A file of size 0 may have no known size, like those in
// Linux's /proc.
func sizeOf(from io.Reader, start int64) int64 {
	switch r := from.(type) {
	case interface{ Len() int }:
		return int64(r.Len())
	case interface{ Stat() (fs.FileInfo, error) }:
		if seeker, ok := r.(io.Seeker); ok && start < 0 { // it may already have been read from
			if at, err := seeker.Seek(0, io.SeekCurrent); err == nil {
				start = at
			}
		}
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() && info.Size() > max(start, 0) {
			return info.Size() - max(start, 0)
		}
	case io.Seeker:
		if start < 0 {
			return -1
		}
		end, err := r.Seek(0, io.SeekEnd)
		if _, back := r.Seek(start, io.SeekStart); err == nil && back == nil && end > start {
			return end - start
		}
	}
	return -1
}

// Read reads the file. A wrong size fails before the form is complete, so that no server can mistake the start of a file for
// the whole.
func (f *openFile) Read(p []byte) (int, error) {
	if f.size >= 0 {
		p = p[:min(int64(len(p)), f.size-f.read+1)] // including one byte that must not be there
	}
	n, err := chain.Caught("the Reader", func() (int, error) { return f.from.Read(p) })
	if n < 0 || n > len(p) {
		n, err = 0, errors.New("its Read returned more than was requested")
	}
	f.read += int64(n)
	switch {
	case f.size >= 0 && f.read > f.size:
		n, err = 0, fmt.Errorf("it is longer than %d bytes", f.size)
	case err == io.EOF && f.size >= 0 && f.read < f.size:
		err = fmt.Errorf("it ended after %d of %d bytes", f.read, f.size)
	case err == io.EOF && f.read == 0:
		err = errEmpty
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s %q: %w", f.field, f.Name, err)
	}
	return n, err
}

// shut closes what Open returned. A Close that fails or panics changes nothing: everything has been read.
func (s *source) shut() {
	if s.close != nil {
		_, _ = chain.Caught("Close", func() (any, error) { return nil, s.close() })
		s.close = nil
	}
}
