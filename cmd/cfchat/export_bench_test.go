package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/cfchattest"
)

var (
	benchSize    = flag.Int("export.conversations", 2000, "how many conversations of ten messages the benchmark exports")
	benchLatency = flag.Duration("export.latency", 0, "how long each request of the benchmark takes, at least")
)

// BenchmarkExport exports an account by running the program as a separate process, and compares its requests with the lowest
// possible number: a page per 25 conversations, a page of messages for each, and a page per 15 contacts. Memory is the peak
// of the process, including its code.
func BenchmarkExport(b *testing.B) {
	server := cfchattest.Start()
	defer server.Close()
	created := time.Now().AddDate(-1, 0, 0)
	for i := range *benchSize {
		contact := server.AddContact(cfchattest.Contact{Email: fmt.Sprintf("contact%d@example.com", i)})
		id := server.AddConversation(cfchattest.Conversation{Contact: contact, CreatedAt: created.Add(time.Duration(i) * 4 * time.Minute)})
		for range 10 {
			server.AddMessage(id, cfchattest.Message{})
		}
	}
	var requests atomic.Int64
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		time.Sleep(*benchLatency)
		server.ServeHTTP(w, r)
	}))
	defer front.Close()
	var took, memory, sent float64
	for b.Loop() {
		requests.Store(0)
		status := filepath.Join(b.TempDir(), "status")
		command := exec.CommandContext(b.Context(), os.Args[0], "export", "--quiet", "--out", filepath.Join(b.TempDir(), "export"))
		command.Stderr = os.Stderr
		command.Env = append(os.Environ(), asProgram+"=1", memoryFile+"="+status, "CFCHAT_SERVER="+front.URL, "CFCHAT_USER_API_KEY="+server.AdminKey(),
			"CFCHAT_ACCOUNT_ID="+strconv.FormatInt(server.AccountID(), 10))
		begun := time.Now()
		if err := command.Run(); err != nil {
			b.Fatal(err)
		}
		took += time.Since(begun).Seconds()
		sent += float64(requests.Load())
		memory = max(memory, mostMemory(b, status))
	}
	n := *benchSize
	fewest := float64(n + (n+24)/25 + (n+14)/15)
	b.ReportMetric(sent/float64(b.N)/fewest, "requests/fewest")
	b.ReportMetric(memory, "MiB")
	b.ReportMetric(float64(n)*11*float64(b.N)/took, "rows/s")
}

// mostMemory returns the peak memory of a process in MiB.
func mostMemory(b *testing.B, status string) float64 {
	data, err := os.ReadFile(status)
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		var kib float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	b.Fatal("the system does not report how much memory the program used")
	return 0
}
