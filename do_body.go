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

// bodyReaderOf returns what is sent of a body, nil for nothing.
func bodyReaderOf(body any) (io.Reader, error) {
	if body == nil || body == http.NoBody {
		return nil, nil
	}
	v := reflect.ValueOf(body)
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() {
			return nil, fmt.Errorf("it is a nil %T; give nil itself where there is none", body)
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

// refuseText refuses text and bytes, of which nobody can tell whether they are JSON already.
func refuseText(v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return errors.New("as JSON a []byte would be base64; give json.RawMessage(data) for JSON, or bytes.NewReader(data)")
	case v.Kind() == reflect.String:
		return errors.New("as JSON a string would be quoted; give json.RawMessage(text) for JSON, or strings.NewReader(text)")
	}
	return nil
}

// copied returns a copy of bytes in memory, which a Transport may read when the caller has long used them for something else.
func copied(r *bytes.Reader) *bytes.Reader {
	data := make([]byte, r.Len())
	_, _ = io.ReadFull(r, data) // they are in memory
	return bytes.NewReader(data)
}

// upload is a reader of the caller's as the body of a request: closing it ends a Read that hangs, and nobody reads on.
type upload struct {
	reader io.Reader
	after  func() // is called once nobody reads any more, nil for nothing
	length func() int64
	start  sync.Once
	out    *io.PipeReader
}

// Length returns how many bytes it has, -1 if nobody knows.
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

// pump writes what is read, until its reader ends or the other end of the pipe is closed.
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

// read makes an error of a panic, which in this goroutine would end the program.
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
