// Package archive writes the folder of an export so that the program can be killed at any time: the manifest says what the
// folder contains, and anything written after that is cut off when the folder is opened again.
//
// Rows go to files of JSON lines. Folder.Mark records what has been written so far together with the export's position, and
// Folder.Commit writes the last mark to disk: first the rows, then a new manifest that replaces the old one.
package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/account"
)

// Folder is an open export. Only one program at a time can open it, and only one goroutine at a time can use it.
type Folder struct {
	Dir string

	manifest  Manifest // as of the last mark
	committed Manifest // as on disk
	lock      *flock.Flock
	files     map[string]*file
	failed    error // of a write; nothing is committed after it
}

// Open opens the folder of an export. It creates a new one, or resumes one that an earlier run has left, whose manifest must
// have the same head. A new export starts at the given time.
func Open(dir string, head Head, from time.Time) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := isFor(dir, head); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	switch locked, err := lock.TryLock(); {
	case err != nil:
		return nil, err
	case !locked:
		return nil, fmt.Errorf("%s: another export is writing to it; wait until it ends, or use another folder", dir)
	}
	f := &Folder{Dir: dir, lock: lock, files: map[string]*file{}}
	if err := f.begin(head, from); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// begin reads the manifest, or writes the first one, and truncates the files to the lengths in the manifest.
func (f *Folder) begin(head Head, from time.Time) error {
	if err := errors.Join(clean(f.Dir), clean(filepath.Join(f.Dir, FilesFolder))); err != nil {
		return err
	}
	m, err := Read(f.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.manifest = Manifest{Format: Format, Head: head, From: from, NextSince: from.Add(-account.Margin), Position: Position{Phase: phases[0]}}
		return f.Commit()
	case err != nil:
		return err
	}
	m.ServerVersion = head.ServerVersion
	f.manifest, f.committed = *m, m.marked()
	if m.Complete {
		return m.isThere(f.Dir)
	}
	for _, end := range m.Files {
		opened, err := resume(f.Dir, end)
		if err != nil {
			return err
		}
		f.files[end.Name] = opened
	}
	return nil
}

// clean removes files that were being written when a program was killed.
func clean(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), unfinished) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, entry.Name())))
		}
	}
	return err
}

// isFor refuses a folder with other contents, or with another export, before anything in it is changed.
func isFor(dir string, head Head) error {
	switch m, err := Read(dir); {
	case err == nil && m.isOf(head) != nil:
		return fmt.Errorf("%s %w", dir, m.isOf(head))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	other := ""
	for _, entry := range entries {
		switch name := entry.Name(); {
		case name == ManifestName:
			return nil
		case name != lockName && !strings.HasPrefix(name, unfinished):
			other = name
		}
	}
	if other != "" {
		return fmt.Errorf("%s is not an export, because it has %s and no %s; use another folder", dir, other, ManifestName)
	}
	return nil
}

// Manifest returns the manifest as of the last mark. Its lists must not be changed.
func (f *Folder) Manifest() Manifest { return f.manifest }

// Rows returns how many rows a file has, including unmarked ones.
func (f *Folder) Rows(name string) int64 {
	if file := f.files[name]; file != nil {
		return file.rows
	}
	return 0
}

// Append adds a JSON object to a file, as one line.
func (f *Folder) Append(name string, object json.RawMessage) error {
	if f.failed != nil {
		return f.failed
	}
	var line bytes.Buffer
	line.Grow(len(object) + 1)
	if err := json.Compact(&line, object); err != nil {
		return fmt.Errorf("%s: a row is not JSON: %w", name, err)
	}
	line.WriteByte('\n')
	if err := f.Ensure(name); err != nil {
		return err
	}
	return f.fails(f.files[name].append(line.Bytes()))
}

// Ensure creates missing files, so that empty ones exist too.
func (f *Folder) Ensure(names ...string) error {
	for _, name := range names {
		if f.files[name] != nil {
			continue
		}
		made, err := resume(f.Dir, File{Name: name})
		if err != nil {
			return f.fails(err)
		}
		f.files[name] = made
		f.manifest.Files = append(f.manifest.Files, made.end())
	}
	return nil
}

func (f *Folder) fails(err error) error {
	f.failed = err
	return err
}

// Unreadable records something that could not be read, once.
func (f *Folder) Unreadable(u Unreadable) {
	same := func(v Unreadable) bool { return v.isAbout(u) }
	if !slices.ContainsFunc(f.manifest.Unreadable, same) {
		f.manifest.Unreadable = append(f.manifest.Unreadable, u)
	}
}

// Readable removes records of Unreadable, because those things have been, or will be, read again.
func (f *Folder) Readable(forget func(Unreadable) bool) {
	if !slices.ContainsFunc(f.manifest.Unreadable, forget) {
		return
	}
	f.manifest.Unreadable = slices.DeleteFunc(slices.Clone(f.manifest.Unreadable), forget)
	f.manifest.unreadable = len(f.manifest.Unreadable)
}

// Mark assigns everything that has been appended to a position.
func (f *Folder) Mark(p Position) {
	f.manifest.Position = p
	for i, of := range f.manifest.Files {
		if file := f.files[of.Name]; file != nil {
			f.manifest.Files[i] = file.end()
		}
	}
	f.manifest.unreadable = len(f.manifest.Unreadable)
}

// Commit writes the last mark to disk, without rows appended since.
func (f *Folder) Commit() error {
	if f.failed != nil {
		return f.failed
	}
	for _, file := range f.files {
		if err := file.flush(); err != nil {
			return f.fails(err)
		}
	}
	if err := f.manifest.write(f.Dir); err != nil {
		return err
	}
	f.committed = f.manifest.marked()
	return nil
}

// HasNews reports whether the last mark has something that is not on disk.
func (f *Folder) HasNews() bool {
	return f.manifest.Position != f.committed.Position || f.manifest.unreadable != f.committed.unreadable ||
		!slices.Equal(f.manifest.Files, f.committed.Files)
}

// Committed returns the manifest as on disk.
func (f *Folder) Committed() Manifest { return f.committed }

// Complete commits everything, and marks the export as complete at a time.
func (f *Folder) Complete(to time.Time) error {
	f.Mark(Position{Phase: Done})
	f.manifest.To, f.manifest.Complete = &to, true
	return f.Commit()
}

// Add adds a file that was made from the rows of a complete export.
func (f *Folder) Add(made File) error {
	f.manifest.Files = append(slices.DeleteFunc(f.manifest.Files, func(of File) bool { return of.Name == made.Name }), made)
	return f.Commit()
}

// Lines calls a function with each line of a file from an offset in bytes on, and the offset after the line, including
// unmarked lines. The function must not append to the same file.
func (f *Folder) Lines(name string, offset int64, each func(line []byte, behind int64) error) error {
	file := f.files[name]
	if file == nil || file.bytes <= offset {
		return nil
	}
	if err := f.fails(file.out.Flush()); err != nil {
		return err
	}
	for line, err := range linesOf(filepath.Join(f.Dir, name), offset, file.bytes) {
		if err != nil {
			return err
		}
		offset += int64(len(line))
		if err := each(line, offset); err != nil {
			return err
		}
	}
	return nil
}

// Close closes the files and releases the folder. Anything not committed is lost.
func (f *Folder) Close() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(append(errs, f.lock.Unlock())...)
}
