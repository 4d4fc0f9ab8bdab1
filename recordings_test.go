package cfchat_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// recording is one exchange with a real server, byte for byte; only the key is replaced by the role that sent it.
type recording struct {
	Sequence  int
	Name      string
	Operation string // the documented name, such as conversation_list
	Account   int64
	As        string // the role
	Request   struct {
		Method, Path string
		Headers      map[string]string
		Body         *string
	}
	Response struct {
		Status  int
		Headers map[string]string
		Body    *string
	}

	version string // of the server
}

// body is the answer's body.
func (r recording) body() string {
	if r.Response.Body == nil {
		return ""
	}
	return *r.Response.Body
}

// recordings reads the exchanges in testdata, and all others where they are at hand beside the checkout.
func recordings(t *testing.T) []recording {
	t.Helper()
	var all []recording
	seen := map[string]bool{}
	for _, pattern := range []string{"testdata/recordings/*/*.json", "../shared/recordings/*/[^_]*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			r := readRecording(t, file)
			if key := r.version + "/" + r.Name; !seen[key] {
				seen[key] = true
				all = append(all, r)
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("there are no recordings in testdata")
	}
	return all
}

func readRecording(t *testing.T, file string) recording {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := recording{version: filepath.Base(filepath.Dir(file))}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return r
}
