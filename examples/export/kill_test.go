package main

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestMain makes the test binary the program itself when TestKilled starts it.
func TestMain(m *testing.M) {
	if os.Getenv("EXPORT_IS_THE_PROGRAM") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestKilled kills the program several times, each at a random request, interrupts it once, and lets it come to the end.
func TestKilled(t *testing.T) {
	const size, kills, never = 400, 6, math.MaxInt64
	unreadable := []int64{40, 41, 230}
	server := newServer(t, size, unreadable...)
	name := filepath.Join(t.TempDir(), "x.ndjson")
	halves, ends := 0, 0
	for ; ; ends++ {
		signal, at := os.Kill, 3+rand.Int64N(14)
		switch {
		case ends == 1 && runtime.GOOS != "windows":
			signal = os.Interrupt
		case ends == kills:
			at = never
		}
		if runProgram(t, server, name, at, signal) {
			break
		}
		if half := !bytes.HasSuffix(append([]byte("\n"), read(t, name)...), []byte("\n")); half {
			halves++
			if signal == os.Interrupt {
				t.Error("interrupted, it left half a line")
			}
		}
	}
	t.Logf("ended %d times, %d times in the middle of a line", ends, halves)
	if ends < 2 {
		t.Error("it was not ended often enough to tell")
	}
	checkFiles(t, name, size, unreadable...)

	whole := filepath.Join(t.TempDir(), "whole.ndjson")
	if err := run(t.Context(), []string{"-o", whole}, lookUp(environ(server, server.URL())), io.Discard); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, name), read(t, whole)) {
		t.Error("it is not what one run writes")
	}
}

// runProgram runs the program as a process of its own and gives it a signal at a request. It reports whether the program
// came to the end before that.
func runProgram(t *testing.T, server *cfchattest.Server, name string, at int64, signal os.Signal) (whole bool) {
	t.Helper()
	var requests atomic.Int64
	due, over := make(chan struct{}), make(chan struct{})
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := requests.Add(1); {
		case n == at:
			close(due) // and it is answered, so that the program may be writing when the signal comes
		case n > at:
			<-over // so that it does not come to the end before
		}
		server.ServeHTTP(w, r)
	}))
	defer front.Close()
	defer close(over)

	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-o", name, "-concurrency", "2")
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), "EXPORT_IS_THE_PROGRAM=1")
	for name, value := range environ(server, front.URL) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("%v: %s", err, &out)
		}
		return true
	case <-due:
		_ = cmd.Process.Signal(signal)
	}
	err := <-ended
	if signal == os.Interrupt && (cmd.ProcessState.ExitCode() != 1 || !strings.Contains(out.String(), "export: interrupted")) {
		t.Errorf("interrupted, it ended with %v and said\n%s", err, &out)
	}
	return err == nil
}
