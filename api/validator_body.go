package api

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
)

// kept is the part of a body that was read.
type kept struct {
	data     []byte
	whole    bool // it was read to its end
	tooLarge bool // it has more than maxBody, and data is nil
}

// keeper is a body that keeps what is read from it and hands it over once: at its end, when it gets too large, or when it is
// closed before. A body that fails while being read is not handed over.
type keeper struct {
	io.ReadCloser

	mu    sync.Mutex // Close may be called during a Read
	data  []byte
	ended func(kept) // nil after handing over
}

func keep(body io.ReadCloser, ended func(kept)) *keeper {
	return &keeper{ReadCloser: body, ended: ended}
}

func (k *keeper) Read(p []byte) (int, error) {
	n, err := k.ReadCloser.Read(p)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ended == nil {
		return n, err
	}
	if k.data = append(k.data, p[:n]...); len(k.data) > maxBody {
		k.end(kept{tooLarge: true})
	} else if err == io.EOF {
		k.end(kept{data: k.data, whole: true})
	} else if err != nil {
		k.data, k.ended = nil, nil
	}
	return n, err
}

func (k *keeper) Close() error {
	k.mu.Lock()
	if k.ended != nil {
		k.end(kept{data: k.data})
	}
	k.mu.Unlock()
	return k.ReadCloser.Close()
}

func (k *keeper) end(body kept) {
	k.ended(body)
	k.data, k.ended = nil, nil
}

// check compares a body with a shape.
func (k kept) check(s *shape, encoding string, report reporter) {
	value, unchecked, err := k.decode(encoding)
	switch {
	case unchecked != "":
		report(Finding{Kind: KindUnchecked, Found: unchecked})
	case err == nil:
		s.check(value, nil, report)
	case k.whole:
		report(Finding{Kind: KindBody, Expected: "JSON", Found: "something else"})
	}
}

// explaining are the fields one of which every failure of the server has.
var explaining = []string{"error", "errors", "message"}

// checkFailure compares the body of a failure. A body that is not JSON is a proxy's.
func (k kept) checkFailure(s *shape, encoding string, report reporter) {
	value, unchecked, err := k.decode(encoding)
	if unchecked != "" || err != nil {
		return
	}
	object, _ := value.(map[string]any)
	if !slices.ContainsFunc(explaining, func(name string) bool { _, ok := object[name]; return ok }) {
		report(Finding{Kind: KindBody, Expected: "error, errors or message", Found: "a failure with none of them"})
	}
	s.checkFields(object, nil, report)
}

// decode reads the body as JSON. If it cannot, it returns the reason.
func (k kept) decode(encoding string) (value any, unchecked string, err error) {
	data := k.data
	switch {
	case k.tooLarge:
		return nil, "more than 10 MiB", nil
	case strings.EqualFold(encoding, "gzip"):
		if data, err = unzip(data); len(data) > maxBody {
			return nil, "more than 10 MiB", nil
		}
	case encoding != "" && encoding != "identity":
		return nil, "another compression than gzip", nil
	}
	if err != nil {
		return nil, "", err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, "", err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, "", errors.New("something follows the JSON")
	}
	return value, "", nil
}

// unzip decompresses at most one byte more than maxBody, so that a small bomb stays small.
func unzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(r, maxBody+1))
}
