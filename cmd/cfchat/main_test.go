package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// asProgram is set in the environment of a test binary that should act as the command.
const asProgram = "CFCHAT_TEST_AS_PROGRAM"

// memoryFile is the variable with the file to which such a process finally writes what the system reports of its memory.
const memoryFile = "CFCHAT_TEST_MEMORY_FILE"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		status := run(os.Args[1:])
		if name := os.Getenv(memoryFile); name != "" {
			if data, err := os.ReadFile("/proc/self/status"); err == nil {
				_ = os.WriteFile(name, data, 0o600)
			}
		}
		os.Exit(status)
	}
	os.Exit(m.Run())
}

// ran runs a command line in this process, and returns what it printed.
func ran(t *testing.T, env map[string]string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	command := newCommand(func(name string) string { return env[name] })
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(append([]string{}, args...)) // with nil it would use the test's own
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

// TestSignals checks that signals end a command that waits for an answer, with the status that shells expect.
func TestSignals(t *testing.T) {
	for _, c := range []struct {
		command string
		signal  syscall.Signal
		status  int
		text    string
	}{
		{"check", syscall.SIGINT, 130, "cfchat: interrupt: it was stopped before it finished\n"},
		{"check", syscall.SIGTERM, 143, "cfchat: terminated: it was stopped before it finished\n"},
		{"tour", syscall.SIGINT, 130, "cfchat: interrupt: conversationListMeta"},
		{"tour", syscall.SIGTERM, 143, "cfchat: terminated: conversationListMeta"},
	} {
		asked := make(chan struct{}, 10)
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked <- struct{}{}
			<-r.Context().Done()
		}))
		program := exec.CommandContext(t.Context(), os.Args[0], c.command)
		program.Env = []string{asProgram + "=1", "CFCHAT_USER_API_KEY=a-key-of-a-person", "CFCHAT_ACCOUNT_ID=1", "CFCHAT_SERVER=" + server.URL}
		var out, errs bytes.Buffer
		program.Stdout, program.Stderr = &out, &errs
		if err := program.Start(); err != nil {
			t.Fatal(err)
		}
		<-asked
		if err := program.Process.Signal(c.signal); err != nil {
			t.Fatal(err)
		}
		_ = program.Wait()
		server.Close()
		if status := program.ProcessState.ExitCode(); status != c.status || !strings.HasPrefix(errs.String(), c.text) {
			t.Errorf("%s ended with %d: %s", c.command, status, &errs)
		}
	}
}

// TestRemedies checks that remedies name flags and variables, and not the fields of the client's Config.
func TestRemedies(t *testing.T) {
	program := exec.CommandContext(t.Context(), os.Args[0], "tour", "--account", "1", "--server", "chat.example.com")
	program.Env = []string{asProgram + "=1", "CFCHAT_USER_API_KEY=a-key-of-a-person"}
	said, err := program.CombinedOutput()
	want := "cfchat: --server: it is not an address such as https://chat.example.com"
	if status := program.ProcessState.ExitCode(); err == nil || status != exit.Usage || !strings.HasPrefix(string(said), want) {
		t.Errorf("it ended with %d: %s", status, said)
	}
}

// TestUsage checks that a wrong command line is refused with the reason and a remedy.
func TestUsage(t *testing.T) {
	set := map[string]string{"CFCHAT_USER_API_KEY": "a-key-of-a-person", "CFCHAT_ACCOUNT_ID": "1"}
	for want, c := range map[string]struct {
		env  map[string]string
		args []string
	}{
		`there is no command "chekc"; did you mean check? cfchat --help lists the commands`: {nil, []string{"chekc"}},
		`there is no command "x"; cfchat --help lists the commands`:                         {nil, []string{"x"}},
		`unknown flag: --x; cfchat --help lists the flags`:                                  {nil, []string{"--x"}},
		`unknown flag: --acount; cfchat check --help lists the flags`:                       {nil, []string{"check", "--acount", "1"}},
		`--account: "x" is not a number; cfchat check --help lists the flags`:               {nil, []string{"check", "--account", "x"}},
		`"7": cfchat check only takes flags; cfchat check --help lists them`:                {nil, []string{"check", "7"}},
		`name the account with --account or CFCHAT_ACCOUNT_ID; its number is in the address bar, /app/accounts/<number>/`: {
			nil, []string{"check"}},
		`CFCHAT_ACCOUNT_ID: "x" is not a number`: {map[string]string{"CFCHAT_ACCOUNT_ID": "x"}, []string{"check"}},
		`there is no key; set CFCHAT_USER_API_KEY to your access token, from your profile settings`: {
			nil, []string{"check", "--account", "1"}},
		`set CFCHAT_USER_API_KEY to the key of a person; it is in the person's profile`: {nil, []string{"tour", "--account", "1"}},
		`--write is for a real account; set CFCHAT_USER_API_KEY, and name the account with --account`: {
			nil, []string{"tour", "--write"}},
		`--inbox is for a real account; set CFCHAT_USER_API_KEY, and name the account with --account`: {
			nil, []string{"tour", "--inbox", "1"}},
		`--write: say where and for whom, with --inbox and --contact`:                                {set, []string{"tour", "--write", "--inbox", "1"}},
		`--inbox: must be 1 or more`:                                                                 {set, []string{"tour", "--inbox", "-1"}},
		`name the folder to write to with --out`:                                                     {nil, []string{"export"}},
		`--json and --quiet: use only one of them`:                                                   {nil, []string{"export", "--out", "x", "--json", "--quiet"}},
		`--shard includes the number of shards; leave --shards out`:                                  {nil, []string{"export", "--out", "x", "--shard", "0/2", "--shards", "2"}},
		`--stand-in is not a real account; leave --account and --server out`:                         {nil, []string{"export", "--out", "x", "--stand-in", "--account", "1"}},
		`--format xls: use ndjson or csv`:                                                            {nil, []string{"export", "--out", "x", "--format", "xls"}},
		`--concurrency 0: give at least 1`:                                                           {nil, []string{"export", "--out", "x", "--concurrency", "0"}},
		`--limit -1: give the number of requests per minute, or 0 for as many as the server accepts`: {nil, []string{"export", "--out", "x", "--limit", "-1"}},
		`--shards -1: give the number of shards`:                                                     {nil, []string{"export", "--out", "x", "--shards", "-1"}},
		`--since 31.1.: use a UTC day, such as 2026-01-31, or a time, such as 2026-01-31T12:00:00Z`:  {nil, []string{"export", "--out", "x", "--since", "31.1."}},
		`--since 2099-01-01: give a time between 1970 and now`:                                       {nil, []string{"export", "--out", "x", "--since", "2099-01-01"}},
		`--shard 2/2: with 2 shards, the first is 0 and the last is 1`:                               {nil, []string{"export", "--out", "x", "--shard", "2/2"}},
		`JOB_COMPLETION_INDEX is 1, but nothing says how many shards there are; give --shards N, or --shard 0/1 for the whole account`: {
			map[string]string{"JOB_COMPLETION_INDEX": "1"}, []string{"export", "--out", "x"}},
		`name an account with --account and CFCHAT_USER_API_KEY, or use --stand-in to try it out`: {
			nil, []string{"export", "--out", "x"}},
		`name the database with --to: a file such as chat.db, or postgres://…`: {nil, []string{"sync"}},
		`--to mysql://…: give the name of a file, or postgres://…`:             {nil, []string{"sync", "--to", "mysql://x"}},
		`--to has a password, which is visible to anyone who lists the processes; set PGPASSWORD to it, or write it to ~/.pgpass`: {
			nil, []string{"sync", "--to", "postgres://me:secret@x/y"}},
		`--to is a file, which only one program can keep current; for several shards use postgres://…`: {
			nil, []string{"sync", "--to", "x", "--shard", "0/2"}},
		`--every 1ms: give at least 1s, such as 1m, or leave it out to run once`: {nil, []string{"sync", "--to", "x", "--every", "1ms"}},
		`--listen: give --every too, such as --every 1m, which finds changes that no webhook reports`: {
			nil, []string{"sync", "--to", "x", "--listen", ":0"}},
		`--listen: set CFCHAT_WEBHOOK_SECRET to the webhook's secret; or, if the server is older than 4.12.0 and does not sign, CFCHAT_WEBHOOK_PATH ` +
			`to a random text of 16 characters or more that the webhook's address ends in`: {
			map[string]string{"CFCHAT_WEBHOOK_PATH": "short"}, []string{"sync", "--to", "x", "--listen", ":0", "--every", "1m"}},
		`--json: it takes no value; cfchat sync --help lists the flags`:                                                  {nil, []string{"sync", "--json=2"}},
		`--every: "1" is not a length of time; give a number and a unit, such as 1m; cfchat sync --help lists the flags`: {nil, []string{"sync", "--every", "1"}},
		`--concurrency: "x" is not a number; cfchat sync --help lists the flags`:                                         {nil, []string{"sync", "--concurrency", "x"}},
		`--shard 0/0: there must be at least one shard`:                                                                  {nil, []string{"sync", "--to", "x", "--shard", "0/0"}},
		`--listen 8080: give a port, or an address of this machine and a port, such as :8080 or 127.0.0.1:8080`:          {nil, []string{"sync", "--to", "x", "--every", "1m", "--listen", "8080"}},
		`--listen :nonsense: give a port, or an address of this machine and a port, such as :8080 or 127.0.0.1:8080`:     {nil, []string{"sync", "--to", "x", "--every", "1m", "--listen", ":nonsense"}},
		`--to: write PostgreSQL's address as postgres://user@host/name`:                                                  {nil, []string{"sync", "--to", "host=localhost dbname=x"}},
		`--to sqlite:y.db: give only the name of a file, such as chat.db, or ./sqlite:y.db if that is its name`:          {nil, []string{"sync", "--to", "sqlite:y.db"}},
		`--to :memory: would be lost when the program ends; give the name of a file`:                                     {nil, []string{"sync", "--to", ":memory:"}},
		`CFCHAT_SERVER: it is not an address such as https://chat.example.com`: {
			map[string]string{"CFCHAT_USER_API_KEY": "a-key-of-a-person", "CFCHAT_ACCOUNT_ID": "1", "CFCHAT_SERVER": "x"}, []string{"sync", "--to", "x"}},
		`CFCHAT_SERVER: it is not an address such as https://chat.example.com `: {
			map[string]string{"CFCHAT_USER_API_KEY": "a-key-of-a-person", "CFCHAT_ACCOUNT_ID": "1", "CFCHAT_SERVER": "x"}, []string{"check"}},
		`--repair 0s: give the time after which everything is read again, such as 24h`: {nil, []string{"sync", "--to", "x", "--repair", "0"}},
		`name the folder to write to with --out `:                                      {nil, []string{"export", "merge", "a"}},
		`name the folders; cfchat export verify --help has an example`:                 {nil, []string{"export", "verify"}},
		`--contact: must be 1 or more`:                                                 {set, []string{"tour", "--contact", "-1"}},
	} {
		out, err := ran(t, c.env, c.args...)
		if exit.Status(err) != exit.Usage || exit.Text(err) != strings.TrimSpace(want) || out != "" {
			t.Errorf("%q: got %d, %v, want %s, and it prints %s", c.args, exit.Status(err), err, want, out)
		}
	}
}

// TestHelp checks that the help names the environment variables and fits a terminal.
func TestHelp(t *testing.T) {
	root := newCommand(os.Getenv)
	for _, args := range [][]string{nil, {"--help"}, {"tour", "--help"}, {"check", "--help"}, {"export", "--help"}, {"sync", "--help"}, {"export", "merge", "--help"}, {"export", "verify", "--help"}} {
		out, err := ran(t, nil, args...)
		asks := len(args) < 3 // the others send no requests
		if err != nil || asks && (!strings.Contains(out, "CFCHAT_USER_API_KEY") || !strings.Contains(out, "CFCHAT_ACCOUNT_ID") || !strings.Contains(out, "CFCHAT_SERVER")) {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
		for line := range strings.Lines(out) {
			if len([]rune(strings.TrimSuffix(line, "\n"))) > 80 {
				t.Errorf("%q: more than 80 columns: %s", args, line)
			}
		}
	}
	if out, err := ran(t, nil, "--version"); err != nil || out != "cfchat "+root.Version+"\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// TestCheckEnds checks the exit status of check, and that it prints JSON even if nothing could be checked.
func TestCheckEnds(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	env := map[string]string{"CFCHAT_USER_API_KEY": "a-key-of-a-person", "CFCHAT_ACCOUNT_ID": "2", "CFCHAT_SERVER": "http://127.0.0.1:1"}
	out, err := ran(t, env, "check", "--json", "--account", "7", "--server", server.URL)
	var report struct {
		Account       int64
		Server, Error string
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if exit.Status(err) != 2 || report.Account != 7 || report.Server != server.URL || report.Error != exit.Text(err) {
		t.Errorf("%v: %s", err, out)
	}
}

// TestNoFlagTakesAKey checks that no flag accepts a key: anybody who lists the processes would see it.
func TestNoFlagTakesAKey(t *testing.T) {
	flags := 0
	var look func(c *cobra.Command)
	look = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			flags++
			for _, word := range []string{"key", "token", "secret", "password"} {
				if strings.Contains(f.Name, word) {
					t.Errorf("%s has --%s", c.CommandPath(), f.Name)
				}
			}
		})
		for _, below := range c.Commands() {
			look(below)
		}
	}
	look(newCommand(func(string) string { return "" }))
	if flags == 0 {
		t.Error("no command has a flag")
	}
}

// TestUnreachable checks that the error says that the server cannot be reached, and what to check.
func TestUnreachable(t *testing.T) {
	program := exec.CommandContext(t.Context(), os.Args[0], "sync", "--to", filepath.Join(t.TempDir(), "chat.db"))
	program.Env = []string{asProgram + "=1", "CFCHAT_USER_API_KEY=a-key-of-a-person", "CFCHAT_ACCOUNT_ID=1", "CFCHAT_SERVER=http://127.0.0.1:1"}
	said, _ := program.CombinedOutput()
	const want = "cfchat: the server cannot be reached; check the network and the server's address (--server, CFCHAT_SERVER): fetchProfile: "
	if !strings.HasPrefix(string(said), want) || !strings.HasSuffix(string(said), "; run the same command again to continue\n") {
		t.Errorf("it printed %s", said)
	}
}
