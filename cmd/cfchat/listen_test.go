package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// TestSyncListens checks that sync accepts the server's deliveries and fetches what they name, and accepts nothing from
// anybody else.
func TestSyncListens(t *testing.T) {
	for _, c := range []struct {
		version, variable, secret, path string
		forged                          int // the status of the answer to anybody else
	}{
		{"4.16.2", webhookSecretVariable, "", "/hooks/copy", http.StatusUnauthorized},
		{"4.11.0", webhookPathVariable, "b6f1c9e0a27d4f33", "/b6f1c9e0a27d4f33", http.StatusNotFound},
	} {
		t.Run(c.version, func(t *testing.T) {
			server := cfchattest.New(t, cfchattest.Version(c.version))
			const hook = "https://copy.example/"
			_, secret := server.AddWebhook(cfchattest.Webhook{URL: hook})
			if c.secret == "" {
				c.secret = secret.Reveal()
			}
			id := server.AddConversation(cfchattest.Conversation{})
			known := server.AddContact(cfchattest.Contact{Email: "known@example.com"})
			asked := make(chan string, 100)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, contact, ok := strings.Cut(r.URL.Path, "/contacts/"); ok {
					asked <- contact
				}
				server.ServeHTTP(w, r)
			}))
			defer front.Close()
			file := filepath.Join(t.TempDir(), "chat.db")
			program, at, said := listening(t, server.AdminKey(), []string{c.variable + "=" + c.secret, "CFCHAT_SERVER=" + front.URL}, "--to", file)
			if status := post(t.Context(), t, "http://"+at+"/", `{"event":"contact_updated","id":99}`, nil); status != c.forged {
				t.Errorf("a delivery that is not the server's was answered with %d", status)
			}
			server.Receive(hook, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				w.WriteHeader(post(r.Context(), t, "http://"+at+c.path, string(body), r.Header))
			}))
			server.AddMessage(id, cfchattest.Message{Content: "told"})
			if _, err := server.Account(t).Contacts.Update(t.Context(), known, cfchat.ContactUpdate{Name: new("Renamed")}); err != nil {
				t.Fatal(err)
			}
			for contact := ""; contact != strconv.FormatInt(known, 10); { // which is fetched after the conversation
				if contact = <-asked; contact == "99" {
					t.Error("it fetched a contact that a forged delivery named")
				}
			}
			if err := program.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(said)
			_ = program.Wait()
			if status := program.ProcessState.ExitCode(); status != 143 {
				t.Errorf("it ended with %d: %s", status, rest)
			}
			refused := "problem with --listen: webhook: "
			if c.forged == http.StatusNotFound {
				refused = "problem with --listen: " + errOtherPath.Error()
			}
			if !strings.Contains(string(rest), refused) || strings.Contains(string(rest), c.secret) {
				t.Errorf("it said %s", rest)
			}
			if n := len(idsIn(t, opened(t, "sqlite", file), "select id from messages where content = 'told'")); n != 1 {
				t.Errorf("got %d messages, want 1", n)
			}
		})
	}
}

// listening starts a copy that listens, and returns its address and the rest of its output.
func listening(t *testing.T, key string, env []string, args ...string) (program *exec.Cmd, at string, said io.Reader) {
	t.Helper()
	program = exec.CommandContext(t.Context(), os.Args[0], append([]string{"sync", "--every", "1h", "--listen", "127.0.0.1:0"}, args...)...)
	program.Env = append([]string{asProgram + "=1", "CFCHAT_ACCOUNT_ID=1", "CFCHAT_USER_API_KEY=" + key}, env...)
	pipe, err := program.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(pipe)
	line, _ := lines.ReadString('\n')
	_, at, ok := strings.Cut(strings.TrimSpace(line), "listening at ")
	if !ok {
		t.Fatal(line)
	}
	return program, at, lines
}

// post delivers a body, and returns the status of the answer.
func post(ctx context.Context, t *testing.T, to, body string, header http.Header) int {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		r.Header = header.Clone()
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return http.StatusBadGateway
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// TestSyncListensToSigned checks that sync refuses to accept unsigned deliveries from a server that signs, and an address in
// use.
func TestSyncListensToSigned(t *testing.T) {
	server := cfchattest.New(t, cfchattest.Version("4.16.2"))
	front := httptest.NewServer(server)
	defer front.Close()
	taken := strings.TrimPrefix(front.URL, "http://")
	for want, env := range map[string]map[string]string{
		"--listen: the server runs version 4.16.2, which signs its deliveries; set CFCHAT_WEBHOOK_SECRET to the webhook's secret": {webhookPathVariable: "b6f1c9e0a27d4f33"},
		"--listen: listen tcp " + taken + ": bind: address already in use":                                                        {webhookSecretVariable: "secret"},
	} {
		env["CFCHAT_ACCOUNT_ID"], env["CFCHAT_USER_API_KEY"], env["CFCHAT_SERVER"] = "1", server.AdminKey(), front.URL
		_, err := ran(t, env, "sync", "--to", filepath.Join(t.TempDir(), "chat.db"), "--every", "1h", "--listen", taken)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "run the same command") {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
