// Package recordings reads and writes exchanges with real servers for tests: byte for byte, with the keys replaced by the
// role that sent them.
package recordings

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cfchat/cfchat-go/internal/operation"
)

// Exchange is one recorded request with its answer.
type Exchange struct {
	Sequence int      `json:"sequence"`  // in the order in which they were made
	Name     string   `json:"name"`      // such as list-default
	Called   string   `json:"operation"` // the documented name, such as conversation_list
	Account  int64    `json:"account"`
	As       string   `json:"as"` // the role
	Request  Request  `json:"request"`
	Response Response `json:"response"`

	// From the file's path.
	Version string `json:"-"` // of the server
	File    string `json:"-"`

	*operation.Operation `json:"-"`
}

// Request is the recorded request.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"` // from /api on, with the query
	Headers map[string]string `json:"headers"`
	Body    *string           `json:"body"` // nil for none
}

// Response is the recorded answer.
type Response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// read caches the exchanges that All has read, by root.
var read sync.Map

// All returns the exchanges in testdata, and any others next to the checkout. root is the path to the root of the module. It
// fails the test if there are none. They are read only once, so values that they point to must not be changed.
func All(t testing.TB, root string) []Exchange {
	t.Helper()
	before, _ := read.Load(root)
	if all, ok := before.([]Exchange); ok {
		return slices.Clone(all)
	}
	all := below(t, root)
	read.Store(root, all)
	return slices.Clone(all)
}

func below(t testing.TB, root string) []Exchange {
	t.Helper()
	found := map[string]Exchange{}
	for _, pattern := range []string{"testdata/recordings*/*", "../shared/recordings/*", "../shared/recordings-newer/*", "../shared/recordings-whole/*"} {
		folders, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		if len(folders) == 0 {
			t.Logf("there is nothing at %s, so its recordings are skipped", pattern)
		}
		for _, folder := range folders {
			for _, e := range In(t, folder) {
				set := filepath.Base(filepath.Dir(folder)) // testdata has a part of this set
				found[set+"/"+e.Version+"/"+e.Name] = e
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("there are no recordings below %s", root)
	}
	return inOrder(maps.Values(found))
}

// In returns the exchanges in a folder, in the order in which they were made. Exchanges of operations that are not in
// openapi.yaml are omitted; in testdata they fail the test.
func In(t testing.TB, folder string) []Exchange {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "[^_]*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []Exchange
	for _, file := range files {
		switch e := Read(t, file); {
		case e.Operation != nil:
			all = append(all, e)
		case strings.Contains(file, "testdata"):
			t.Errorf("%s: openapi.yaml has no operation %s", file, e.Called)
		}
	}
	return inOrder(slices.Values(all))
}

func inOrder(all iter.Seq[Exchange]) []Exchange {
	return slices.SortedFunc(all, func(a, b Exchange) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.File, b.File))
	})
}

// Snapshot reads a zipped snapshot of the account before the first recorded request.
func Snapshot(t testing.TB, file string) []byte {
	t.Helper()
	zipped, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer zipped.Close()
	reader, err := gzip.NewReader(zipped)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Read reads one exchange.
func Read(t testing.TB, file string) Exchange {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	e := Exchange{File: file, Version: filepath.Base(filepath.Dir(file))}
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	e.Operation = operation.ByDocumented(e.Called)
	return e
}
