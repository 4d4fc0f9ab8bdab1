package archive

import (
	"bufio"
	"io"
	"iter"
	"os"
)

// linesOf yields the lines of a file, with the line break, from an offset to an end in bytes. A line is valid until the next
// one. An end in the middle of a line is an error.
func linesOf(name string, offset, end int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		opened, err := os.Open(name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer opened.Close()
		lines := bufio.NewReaderSize(io.NewSectionReader(opened, offset, end-offset), 64<<10)
		for offset < end {
			line, err := lines.ReadBytes('\n')
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			if offset += int64(len(line)); !yield(line, err) || err != nil {
				return
			}
		}
	}
}
