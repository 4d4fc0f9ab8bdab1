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

// file is one of JSON lines that grows.
type file struct {
	*os.File
	name        string
	out         *bufio.Writer
	hash        hash.Hash
	rows, bytes int64
	synced      int64 // bytes that have reached the disk
	ended       File  // what the manifest was told last
}

// resume opens a file and cuts off what is behind its end. Up to there it must be what was written.
func resume(dir string, end File) (_ *file, err error) {
	opened, err := os.OpenFile(filepath.Join(dir, end.Name), os.O_RDWR|os.O_CREATE, 0o600) // what people write is nobody else's to read
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
		return fmt.Errorf("%s is not as the export has left it: its first %d bytes are others; begin again in another folder", f.Name(), end.Bytes)
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

// end returns what the manifest says of the file as it is now. Its sum is only made when it has grown, because every mark asks.
func (f *file) end() File {
	if f.ended.Name == "" || f.ended.Bytes != f.bytes {
		f.ended = File{Name: f.name, Rows: f.rows, Bytes: f.bytes, SHA256: f.sum()}
	}
	return f.ended
}

// flush brings all rows to the disk.
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
