package table

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
)

// line is a line that is not empty.
type line struct {
	text   []byte // trimmed; valid until the next one is read
	number int    // from 1 on
}

// linesOf returns the lines of a file, of any length. It keeps the buffer of the longest one.
func linesOf(file io.Reader) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		reader := bufio.NewReaderSize(file, 64<<10)
		var text []byte
		for number := 1; ; number++ {
			var err error
			text, err = readLine(reader, text[:0])
			if err != nil && !errors.Is(err, io.EOF) {
				yield(line{}, err)
				return
			}
			if row := bytes.TrimSpace(text); len(row) > 0 && !yield(line{row, number}, nil) {
				return
			}
			if err != nil {
				return
			}
		}
	}
}

// readLine appends a line, including its end, to a buffer. bufio's own methods allocate a slice for each line.
func readLine(reader *bufio.Reader, text []byte) ([]byte, error) {
	for {
		part, err := reader.ReadSlice('\n')
		text = append(text, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return text, err
		}
	}
}
