package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// file is a growing file of JSON lines.
type file struct {
	*os.File
	name        string
	out         *bufio.Writer
	hash        hash.Hash
	rows, bytes int64
	synced      int64 // bytes that are on disk
	ended       File  // the last state given to the manifest
}

// resume opens a file and cuts off anything after its end. Up to there it must be unchanged.
func resume(dir string, end File) (_ *file, err error) {
	opened, err := os.OpenFile(filepath.Join(dir, end.Name), os.O_RDWR|os.O_CREATE, 0o600) // people's messages are private
	if err != nil {
		return nil, err
	}
	f := &file{File: opened, name: end.Name, out: bufio.NewWriterSize(opened, 64<<10), hash: sha256.New(), rows: end.Rows, bytes: end.Bytes, synced: end.Bytes}
	if err := f.resume(end); err != nil {
		_ = opened.Close()
		return nil, err
	}
	return f, nil
}

func (f *file) resume(end File) error {
	switch n, err := io.Copy(f.hash, io.LimitReader(f, end.Bytes)); {
	case err != nil:
		return err
	case n < end.Bytes, end.Bytes > 0 && f.sum() != end.SHA256:
		return fmt.Errorf("%s was changed after the export wrote it: its first %d bytes differ; start again in another folder", f.Name(), end.Bytes)
	}
	if err := f.Truncate(end.Bytes); err != nil {
		return err
	}
	_, err := f.Seek(end.Bytes, io.SeekStart)
	return err
}

func (f *file) sum() string { return hex.EncodeToString(f.hash.Sum(nil)) }

func (f *file) append(line []byte) error {
	f.rows, f.bytes = f.rows+1, f.bytes+int64(len(line))
	f.hash.Write(line)
	_, err := f.out.Write(line)
	return err
}

// end returns the current manifest entry of the file. The checksum is only computed after growth, because every mark asks
// for it.
func (f *file) end() File {
	if f.ended.Name == "" || f.ended.Bytes != f.bytes {
		f.ended = File{Name: f.name, Rows: f.rows, Bytes: f.bytes, SHA256: f.sum()}
	}
	return f.ended
}

// flush writes all rows to disk.
func (f *file) flush() error {
	if f.synced == f.bytes {
		return nil
	}
	if err := f.out.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	f.synced = f.bytes
	return nil
}
