package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// entry is a message in the queue.
type entry struct {
	ID           string `json:"id"`
	Conversation int64  `json:"conversation"`
	Content      string `json:"content"`
}

// note records that the bridge has started to send a message, or sent it.
type note struct {
	ID    string    `json:"id"`
	Tried time.Time `json:"tried,omitzero"` // for the first time
	Sent  int64     `json:"sent,omitzero"`  // as this message
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
		if err := json.Unmarshal(line, &e); err != nil || e.ID == "" {
			return nil, fmt.Errorf(`%s: line %d is not a message; want {"id":"order-17","conversation":42,"content":"…"}`, name, len(all)+1)
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
