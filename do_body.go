package cfchat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
)

// bodyReaderOf returns the reader of a body to send, nil for nothing.
func bodyReaderOf(body any) (io.Reader, error) {
	if body == nil || body == http.NoBody {
		return nil, nil
	}
	v := reflect.ValueOf(body)
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() {
			return nil, fmt.Errorf("it is a nil %T; give a plain nil for none", body)
		}
	}
	switch body := body.(type) {
	case *strings.Reader:
		return new(*body), nil // a copy, with the same text
	case *bytes.Reader:
		return copied(new(*body)), nil
	case *bytes.Buffer:
		return copied(bytes.NewReader(body.Bytes())), nil
	case io.Reader:
		return &upload{reader: body}, nil
	}
	if _, isJSON := body.(json.Marshaler); !isJSON {
		if err := refuseText(reflect.Indirect(v)); err != nil {
			return nil, err
		}
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("it cannot be sent as JSON: %w", err)
	}
	return bytes.NewReader(data), nil
}

// refuseText refuses text and bytes, because they may or may not be JSON already.
func refuseText(v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return errors.New("as JSON a []byte would be base64; give json.RawMessage(data) for JSON, or bytes.NewReader(data)")
	case v.Kind() == reflect.String:
		return errors.New("as JSON a string would be quoted; give json.RawMessage(text) for JSON, or strings.NewReader(text)")
	}
	return nil
}

// copied returns a copy of bytes in memory, because a Transport may read them long after the caller has reused them.
func copied(r *bytes.Reader) *bytes.Reader {
	data := make([]byte, r.Len())
	_, _ = io.ReadFull(r, data) // they are in memory
	return bytes.NewReader(data)
}

// upload is the caller's reader as the body of a request: closing it ends a Read that hangs, and nothing more is read.
type upload struct {
	reader io.Reader
	after  func() // called once nobody reads any more, nil for nothing
	length func() int64
	start  sync.Once
	out    *io.PipeReader
}

// Length returns the number of bytes, -1 if unknown.
func (u *upload) Length() int64 {
	if u.length == nil {
		return -1
	}
	return u.length()
}

func (u *upload) Read(p []byte) (int, error) {
	u.start.Do(func() {
		out, in := io.Pipe()
		u.out = out
		go func() {
			pump(in, u.reader)
			u.finish()
		}()
	})
	if u.out == nil {
		return 0, io.ErrClosedPipe
	}
	return u.out.Read(p)
}

// pump copies from the reader until it ends or the other end of the pipe is closed.
func pump(in *io.PipeWriter, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := read(from, buffer)
		if _, closed := in.Write(buffer[:n]); closed != nil { // also when nothing was read
			return
		}
		if err != nil {
			_ = in.CloseWithError(err) // it never fails
			return
		}
	}
}

// read turns a panic, which would end the program in this goroutine, into an error.
func read(from io.Reader, buffer []byte) (n int, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			n, err = 0, fmt.Errorf("the body panicked: %v", cause)
		}
	}()
	return from.Read(buffer)
}

func (u *upload) Close() error {
	u.start.Do(func() { go u.finish() }) // it never starts
	if u.out == nil {
		return nil
	}
	return u.out.Close()
}

func (u *upload) finish() {
	if u.after != nil {
		u.after()
	}
}
