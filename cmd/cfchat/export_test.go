package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/archive"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/exit"
)

// exportStandIn exports a stand-in to a folder, and returns standard output, standard error, and how the command ended.
func exportStandIn(t *testing.T, dir string, flags ...string) (out, errs string, status int, text string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := newCommand(func(string) string { return "" })
	command.SetOut(&stdout)
	command.SetErr(&stderr)
	command.SetArgs(append([]string{"export", "--stand-in", "--out", dir}, flags...))
	err := command.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), exit.Status(err), exit.Text(err)
}

// TestExportSays checks that export prints what is in the folder, what could not be read and how to continue, or that there
// was nothing to do.
func TestExportSays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	out, errs, status, text := exportStandIn(t, dir)
	if status != 3 || text != "1 thing could not be read; "+filepath.Join(dir, "manifest.json")+" says what, and why" || errs != "" ||
		!strings.Contains(out, " 299 "+filepath.Join(dir, "conversations.ndjson")+"\n") || !strings.Contains(out, "Next time: --out NEW --since ") {
		t.Errorf("%d, %s\n%s%s", status, text, out, errs)
	}
	if out, _, status, _ := exportStandIn(t, dir); status != 3 || !strings.Contains(out, "; nothing was read.\nTo export what has changed: --out NEW --since ") {
		t.Errorf("again: %d\n%s", status, out)
	}
	if out, _, status, _ := exportStandIn(t, dir, "--format", "csv"); status != 3 || !strings.Contains(out, " 600 "+filepath.Join(dir, "messages.csv")+"\n") {
		t.Errorf("tables: %d\n%s", status, out)
	}
	if m, err := archive.Verify(t.Context(), dir); err != nil || len(m.Files) != 18 {
		t.Errorf("%v, %+v", err, m)
	}
	if out, err := ran(t, nil, "export", "verify", dir); err != nil || !strings.HasPrefix(out, dir+" matches its manifest: 1208 rows in 18 files") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.Remove(filepath.Join(dir, "messages.csv")); err != nil {
		t.Fatal(err)
	}
	if _, _, status, text := exportStandIn(t, dir); status != 1 || !strings.Contains(text, "has changed since the export was complete") || strings.Contains(text, "run the same") {
		t.Errorf("changed: %d, %s", status, text)
	}
	if out, errs, status, text := exportStandIn(t, filepath.Join(t.TempDir(), "quiet"), "--quiet"); status != 3 || out+errs != "" || text == "" {
		t.Errorf("quiet: %d, %s\n%s%s", status, text, out, errs)
	}
}

// TestExportJSON checks that --json prints only objects, the last of which says how the export ended.
func TestExportJSON(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	out, errs, status, text := exportStandIn(t, dir, "--json")
	var end struct {
		Complete         bool
		Rows, Unreadable int
		Error            string
	}
	if err := json.Unmarshal([]byte(out), &end); err != nil || status != 3 || text != "" || !end.Complete || end.Rows != 1208 || end.Unreadable != 1 || end.Error == "" {
		t.Errorf("%v, %d, %s\n%s", err, status, text, out)
	}
	phases := map[string]bool{}
	for line := range strings.Lines(errs) {
		var progress struct{ Phase string }
		if err := json.Unmarshal([]byte(line), &progress); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		phases[progress.Phase] = true
	}
	if !phases["conversations and messages"] || !phases["names"] || !phases["contacts"] {
		t.Errorf("phases %v", phases)
	}
}

// TestMergeSays checks that merge prints what is in the merged folder, and that a part is missing.
func TestMergeSays(t *testing.T) {
	parts := t.TempDir()
	var dirs []string
	for _, shard := range []string{"0/2", "1/2"} {
		dirs = append(dirs, filepath.Join(parts, strings.ReplaceAll(shard, "/", "-")))
		if _, _, status, text := exportStandIn(t, dirs[len(dirs)-1], "--shard", shard); status != 3 && status != 0 {
			t.Fatal(text)
		}
	}
	out := filepath.Join(parts, "all")
	if _, err := ran(t, nil, "export", "merge", "--out", out, dirs[0]); err == nil || exit.Text(err) != "shard 1/2 is missing; name the folders of all 2" {
		t.Error(err)
	}
	said, err := ran(t, nil, "export", "merge", "--out", out, dirs[0], dirs[1])
	if exit.Status(err) != 3 || !strings.Contains(said, " 600 "+filepath.Join(out, "messages.ndjson")+"\n") {
		t.Errorf("%v\n%s", err, said)
	}
}
