package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/cfchat/cfchat-go"
)

// files are what an export writes: the conversations, and the errors of those that could not be read.
//
// What makes them resumable is the order of writing: a line reaches its file only after the lines of all smaller ids have
// reached theirs. So up to the greatest id in either of them nothing is missing, and after it there is nothing.
type files struct{ conversations, errors *lines }

func openFiles(name string, account int64) (f files, err error) {
	beside := name + ".errors"
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		// A new export, which must not go on after the errors of an old one.
		if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f, err
		}
	}
	if f.conversations, err = openLines(name, account); err != nil {
		return f, err
	}
	if f.errors, err = openLines(beside, account); err != nil {
		return f, errors.Join(err, f.conversations.close())
	}
	return f, nil
}

// last returns the last id that is dealt with, 0 for none.
func (f files) last() int64 { return max(f.conversations.last, f.errors.last) }

// writeError flushes on both sides, which keeps the order of the two files.
func (f files) writeError(account int64, e *cfchat.Error) error {
	err := f.conversations.Flush()
	if err == nil {
		err = f.errors.write(e.ConversationID, struct {
			AccountID int64  `json:"account_id"`
			ID        int64  `json:"id"`
			Error     string `json:"error"`
		}{account, e.ConversationID, e.Error()})
	}
	if err == nil {
		err = f.errors.Flush()
	}
	return err
}

// close ends both files, and leaves no empty one about errors.
func (f files) close() error {
	err := errors.Join(f.conversations.close(), f.errors.close())
	if f.errors.last == 0 {
		err = errors.Join(err, os.Remove(f.errors.file.Name()))
	}
	return err
}

// lines is a file of JSON objects, one a line.
type lines struct {
	*bufio.Writer
	file  *os.File
	count int   // of lines
	last  int64 // the id in the last one
}

func openLines(name string, account int64) (*lines, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) // what people write is nobody else's to read
	if err != nil {
		return nil, err
	}
	l := &lines{Writer: bufio.NewWriter(file), file: file}
	if err := l.resume(account); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return l, nil
}

// resume goes to the end of the last whole line. What stands there was being written when the program was killed, and is cut
// off. A file that is something else is not touched.
func (l *lines) resume(account int64) error {
	var last, rest []byte
	var end int64
	for r := bufio.NewReader(l.file); ; last, end = rest, end+int64(len(rest)) {
		var err error
		if rest, err = r.ReadBytes('\n'); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		l.count++
	}
	// Every line begins so, a half one as far as it goes.
	lead := fmt.Appendf(nil, `{"account_id":%d,`, account)
	ours := bytes.HasPrefix(rest, lead) || bytes.HasPrefix(lead, rest)
	if end > 0 {
		var line struct{ ID int64 }
		ours = ours && bytes.HasPrefix(last, lead) && json.Unmarshal(last, &line) == nil && line.ID > 0
		l.last = line.ID
	}
	if !ours {
		return fmt.Errorf("it is not an export of account %d; name another file with -o", account)
	}
	if err := l.file.Truncate(end); err != nil {
		return err
	}
	_, err := l.file.Seek(end, io.SeekStart)
	return err
}

// write adds a line. It reaches the file with the next flush, or earlier.
func (l *lines) write(id int64, object any) error {
	l.count, l.last = l.count+1, id
	encoder := json.NewEncoder(l)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(object)
}

func (l *lines) close() error {
	return errors.Join(l.Flush(), l.file.Sync(), l.file.Close())
}
