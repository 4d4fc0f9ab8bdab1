package cfchattest_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestVersion distinguishes versions by a filter on an unknown attribute, which the server refuses with a reason from 3.8.0
// on (contract, 4.2).
func TestVersion(t *testing.T) {
	for name, want := range map[string]int{
		"2.16.0": 500, "v2.18": 500, "3.7.9": 500, "0.0.1": 500,
		"3.8.0": 422, "3.16.0": 422, "4.7.0": 422, "4.16": 422, "v10.0.0": 422,
	} {
		srv := cfchattest.New(t, cfchattest.Version(name))
		if got, _ := call(t, srv, srv.AdminKey(), "POST", conversations+"/filter", rules(`nothing equal_to ["x"]`)); got != want {
			t.Errorf("%s answers %d, want %d", name, got, want)
		}
	}
}

// TestVersionRefused checks that an invalid version is refused, and does not become the default.
func TestVersionRefused(t *testing.T) {
	for _, name := range []string{"", "latest", "4", "4.x", "4.7.0-rc1", "2.16.0 ", "-2.16.0", "99999.0"} {
		want := fmt.Sprintf("cfchattest: %q is not a version such as 4.7.0", name)
		if got := failureOf(t, func(t testing.TB) { cfchattest.New(t, cfchattest.Version(name)) }); got != want {
			t.Errorf("New fails the test with %q, want %q", got, want)
		}
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != want {
					t.Errorf("Start panics with %q, want %q", got, want)
				}
			}()
			cfchattest.Start(cfchattest.Version(name)).Close()
		}()
	}
}

// failureOf returns the text that a test fails with, "" if it passes.
func failureOf(t *testing.T, test func(testing.TB)) string {
	t.Helper()
	failing := &failingTest{TB: t}
	done := make(chan struct{})
	go func() { // Fatal ends this goroutine
		defer close(done)
		test(failing)
	}()
	<-done
	return failing.said()
}

// failingTest is a testing.TB that stores its failure instead of reporting it. A server's goroutine may fail it too.
type failingTest struct {
	testing.TB

	text atomic.Value
}

// said returns the text of the failure, "" if there is none.
func (f *failingTest) said() string {
	text, _ := f.text.Load().(string)
	return text
}

func (f *failingTest) Error(args ...any) { f.text.Store(fmt.Sprint(args...)) }

func (f *failingTest) Fatal(args ...any) {
	f.Error(args...)
	runtime.Goexit()
}
