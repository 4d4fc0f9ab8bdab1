package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/table"
)

// tables makes a table from each file of rows, if wanted. They are made from the folder, so after a kill the next run makes
// them again.
func (x *exporter) tables(ctx context.Context) error {
	if !x.CSV {
		return nil
	}
	for _, kind := range table.Kinds() {
		if err := x.table(ctx, kind); err != nil {
			return err
		}
	}
	return nil
}

// table makes the table of a file of rows, if the file exists.
func (x *exporter) table(ctx context.Context, kind string) error {
	rows, err := os.Open(filepath.Join(x.Dir, kind+".ndjson"))
	if os.IsNotExist(err) { // of a shard that is not the first
		return nil
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	made := archive.File{Name: kind + ".csv"}
	hash := sha256.New()
	err = archive.Replace(x.Dir, made.Name, func(f *os.File) error {
		n, err := table.Write(ctx, kind, rows, io.MultiWriter(f, hash))
		if err != nil {
			return err
		}
		made.Rows = int64(n)
		made.Bytes, err = f.Seek(0, io.SeekCurrent)
		return err
	})
	if err != nil {
		return err
	}
	made.SHA256 = hex.EncodeToString(hash.Sum(nil))
	return x.folder.Add(made)
}
