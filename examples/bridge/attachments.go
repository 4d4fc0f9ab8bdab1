package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/cfchat/cfchat-go"
)

// checkFiles refuses files that cannot be sent, before anything is sent. A path that leads out of the queue's folder is an
// error of the Root.
func (b *bridge) checkFiles(names []string) error {
	for _, name := range names {
		info, err := b.folder.Stat(name)
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err // the name is said below
		}
		switch {
		case err != nil:
		case !info.Mode().IsRegular():
			err = errors.New("is not a file")
		case info.Size() == 0:
			err = errors.New("is empty")
		}
		if err != nil {
			return fmt.Errorf("file %q: %w", name, err)
		}
	}
	return nil
}

// files returns the files to send. They are opened when they are sent, and not if the message is already there.
func (b *bridge) files(names []string) (files []cfchat.File) {
	for _, name := range names {
		files = append(files, cfchat.File{
			Name: filepath.Base(name),
			Open: func() (io.ReadCloser, error) { return b.folder.Open(name) },
		})
	}
	return files
}
