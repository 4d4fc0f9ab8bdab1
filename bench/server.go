package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// The recorded answers, from a 4.7.0 unless noted.
const (
	recordedList   = "testdata/list.json"
	recordedGet    = "../testdata/recordings/4.7.0/show-first.json"
	recordedToggle = "../testdata/recordings/4.7.0/toggle-pending.json"
	recordedWindow = "../testdata/recordings-whole/4.16.2/messages-bot.json" // from a 4.16.2
)

// serveArgument runs this program as the server, a separate process, so that its allocations are not counted.
const serveArgument = "serve"

// startServer starts the server and returns its address. The server ends when its input is closed, including by the end of
// this process.
func startServer() (address string, stop io.Closer, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	server := exec.Command(self, serveArgument)
	server.Stderr = os.Stderr
	stop, err = server.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := server.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := server.Start(); err != nil {
		return "", nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(line), stop, err
}

// windowSize is the most messages that servers put into one answer.
const windowSize = 1000

// bodyOf reads a recorded body. It repeats recorded messages, each with its own id and text, to fill a window.
func bodyOf(file string) ([]byte, error) {
	body, err := recordedBody(file)
	if err != nil || file != recordedWindow {
		return body, err
	}
	var page struct {
		Meta    json.RawMessage   `json:"meta"`
		Payload []json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(body, &page); err != nil {
		return nil, err
	}
	recorded := page.Payload
	page.Payload = nil
	for i := range windowSize {
		row := recordedRow.ReplaceAll(recorded[i%len(recorded)], fmt.Appendf(nil, `{"id":%d,"content":"$1, %d",`, i+1, i))
		page.Payload = append(page.Payload, row)
	}
	return json.Marshal(page)
}

// recordedRow matches the start of a row.
var recordedRow = regexp.MustCompile(`^\{"id":\d+,"content":"([^"]*)",`)

// serve answers list, get, window and toggle with recorded bodies, in chunks, as the real servers do.
func serve() error {
	mux := http.NewServeMux()
	for pattern, file := range map[string]string{
		"GET /api/v1/accounts/1/conversations":                     recordedList,
		"GET /api/v1/accounts/1/conversations/{id}":                recordedGet,
		"GET /api/v1/accounts/1/conversations/{id}/messages":       recordedWindow,
		"POST /api/v1/accounts/1/conversations/{id}/toggle_status": recordedToggle,
	} {
		body, err := bodyOf(file)
		if err != nil {
			return err
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			_ = http.NewResponseController(w).Flush() // no Content-Length after this
			_, _ = w.Write(body)
		})
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(listener, mux)
}

// recordedBody reads the answer of a recorded exchange.
func recordedBody(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var recorded struct{ Response struct{ Body string } }
	if err := json.Unmarshal(data, &recorded); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return []byte(recorded.Response.Body), nil
}
