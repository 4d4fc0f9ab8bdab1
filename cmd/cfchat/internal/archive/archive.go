// Package archive keeps the folder of an export so that a program which writes it can be killed at any time: what is in the
// folder is what its manifest says, and whatever was written behind that is cut off when the folder is opened again.
//
// Rows go to files of JSON lines. Folder.Mark takes what has been written so far together with how far the export has come, and
// Folder.Commit brings the last mark to the disk: first the rows, then a new manifest in place of the old one.
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

// Folder is an open export. One program at a time has it open. It is for one goroutine at a time.
type Folder struct {
	Dir string

	manifest  Manifest // as of the last mark
	committed Manifest // as it is on the disk
	lock      *flock.Flock
	files     map[string]*file
	failed    error // of a write, after which nothing is committed any more
}

// Open opens the folder of an export: a new one, which it makes, or one that an earlier run has left, to go on with. What the
// manifest is to say of an export is given; that of an earlier run must say the same. A new one is told from when it is.
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
		return nil, fmt.Errorf("%s: another export is writing to it; wait for its end, or name another folder", dir)
	}
	f := &Folder{Dir: dir, lock: lock, files: map[string]*file{}}
	if err := f.begin(head, from); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// begin reads the manifest, or writes the first one, and brings the files to where the manifest says that they end.
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

// clean removes what was being written when a program was killed.
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

// isFor refuses a folder that has something in it and is no export, or another one's, before anything is changed in it.
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
		return fmt.Errorf("%s is no export, because it has %s and no %s; name another folder", dir, other, ManifestName)
	}
	return nil
}

// Manifest returns the manifest as of the last mark. Its lists must not be changed.
func (f *Folder) Manifest() Manifest { return f.manifest }

// Rows returns how many rows a file has, those that are not marked too.
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
		return fmt.Errorf("%s: a row is no JSON: %w", name, err)
	}
	line.WriteByte('\n')
	if err := f.Ensure(name); err != nil {
		return err
	}
	return f.fails(f.files[name].append(line.Bytes()))
}

// Ensure makes files that are not there yet, so that what is empty is there too.
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

// Unreadable notes down something that could not be read, once.
func (f *Folder) Unreadable(u Unreadable) {
	same := func(v Unreadable) bool { return v.isAbout(u) }
	if !slices.ContainsFunc(f.manifest.Unreadable, same) {
		f.manifest.Unreadable = append(f.manifest.Unreadable, u)
	}
}

// Readable forgets what could not be read, because it has been, or is going to be, read again.
func (f *Folder) Readable(forget func(Unreadable) bool) {
	if !slices.ContainsFunc(f.manifest.Unreadable, forget) {
		return
	}
	f.manifest.Unreadable = slices.DeleteFunc(slices.Clone(f.manifest.Unreadable), forget)
	f.manifest.unreadable = len(f.manifest.Unreadable)
}

// Mark takes everything that has been appended as what belongs to a position.
func (f *Folder) Mark(p Position) {
	f.manifest.Position = p
	for i, of := range f.manifest.Files {
		if file := f.files[of.Name]; file != nil {
			f.manifest.Files[i] = file.end()
		}
	}
	f.manifest.unreadable = len(f.manifest.Unreadable)
}

// Commit brings the last mark to the disk. What was appended since is not a part of it.
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

// HasNews reports whether the last mark has something that is not on the disk.
func (f *Folder) HasNews() bool {
	return f.manifest.Position != f.committed.Position || f.manifest.unreadable != f.committed.unreadable ||
		!slices.Equal(f.manifest.Files, f.committed.Files)
}

// Committed returns the manifest as it is on the disk.
func (f *Folder) Committed() Manifest { return f.committed }

// Complete commits everything, and that nothing is missing at a time.
func (f *Folder) Complete(to time.Time) error {
	f.Mark(Position{Phase: Done})
	f.manifest.To, f.manifest.Complete = &to, true
	return f.Commit()
}

// Add adds a file to a complete export that was made of its rows.
func (f *Folder) Add(made File) error {
	f.manifest.Files = append(slices.DeleteFunc(f.manifest.Files, func(of File) bool { return of.Name == made.Name }), made)
	return f.Commit()
}

// Lines calls a function with each line of a file, from an offset in bytes on, and with the offset behind the line: those that
// are not marked too. It must not append to the same file.
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

// Close closes the files and lets other programs have the folder. What was not committed is lost.
func (f *Folder) Close() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	return errors.Join(append(errs, f.lock.Unlock())...)
}
