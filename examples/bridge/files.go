package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// entry is a message in the queue, to a conversation or to a person.
type entry struct {
	ID           string `json:"id"`
	Conversation int64  `json:"conversation,omitzero"`
	person
	From    string   `json:"from,omitzero"` // "contact", or empty for the account
	Content string   `json:"content,omitzero"`
	Files   []string `json:"files,omitempty"` // paths relative to the queue's folder
}

// check refuses a line that does not say what to send where.
func (e entry) check() error {
	switch {
	case e.ID == "":
		return errors.New(`it has no "id"`)
	case e.Conversation != 0 && e.person != person{}:
		return errors.New(`it has both a "conversation" and a person; leave one out`)
	case e.Conversation == 0 && (e.Inbox == 0 || e.SourceID == ""):
		return errors.New(`it has no "conversation", and not both "inbox" and "source_id"`)
	case e.From != "" && e.From != fromContact:
		return fmt.Errorf(`"from" is %q; make it "contact", or leave it out`, e.From)
	case strings.TrimSpace(e.Content) == "" && len(e.Files) == 0:
		return errors.New(`it has neither "content" nor "files"`)
	}
	return nil
}

const fromContact = "contact"

// note records that the bridge has started to send a message, to which conversation of a person, or sent it.
type note struct {
	ID           string    `json:"id"`
	Tried        time.Time `json:"tried,omitzero"` // for the first time
	Conversation int64     `json:"conversation,omitzero"`
	Sent         int64     `json:"sent,omitzero"` // as this message
}

// readQueue reads the complete lines of a queue. A line that is still being written has no end yet.
func readQueue(name string) ([]entry, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all []entry
	for line := range bytes.Lines(data) {
		var e entry
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		err := json.Unmarshal(line, &e)
		if err == nil {
			err = e.check()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: line %d is not a message: %w", name, len(all)+1, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// notes are the notes of all runs.
type notes struct {
	of   map[string]note
	file *os.File
	out  io.Writer
}

// openNotes reads the notes. Text after the last complete line was being written when the program was killed, and is cut
// off: the bridge does nothing before its note is complete.
func openNotes(name string, through func(io.Writer) io.Writer) (*notes, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) // people's messages are private
	if err != nil {
		return nil, err
	}
	n := &notes{of: map[string]note{}, file: file, out: through(file)}
	if err := n.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), file.Close())
	}
	return n, nil
}

func (n *notes) read() error {
	data, err := io.ReadAll(n.file)
	if err != nil {
		return err
	}
	end := int64(0)
	for line := range bytes.Lines(data) {
		var one note
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		if err := json.Unmarshal(line, &one); err != nil || one.ID == "" {
			return errors.New("not a bridge's notes; move the file away")
		}
		n.keep(one)
		end += int64(len(line))
	}
	if err := n.file.Truncate(end); err != nil {
		return err
	}
	_, err = n.file.Seek(end, io.SeekStart)
	return err
}

func (n *notes) keep(one note) {
	known := n.of[one.ID]
	if !one.Tried.IsZero() {
		known.Tried = one.Tried
	}
	known.ID, known.Sent = one.ID, max(known.Sent, one.Sent)
	known.Conversation = max(known.Conversation, one.Conversation)
	n.of[one.ID] = known
}

// add writes a note, in one piece, which is in the file when add returns.
func (n *notes) add(one note) error {
	line, err := json.Marshal(one)
	if err != nil {
		return err
	}
	if _, err := n.out.Write(append(line, '\n')); err != nil {
		return err
	}
	n.keep(one)
	return nil
}

func (n *notes) close() error { return n.file.Close() }
