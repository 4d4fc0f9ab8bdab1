// Command surface writes the tables in docs that are derived from the operations of openapi.yaml, the methods that call
// them, and the programs in examples. go generate runs it. A table is between two lines, <!-- table: NAME --> and <!-- end
// -->.
package main

import (
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go/internal/operation"
	"github.com/cfchat/cfchat-go/internal/release"
)

func main() {
	log.SetFlags(0)
	if err := writeAll(); err != nil {
		log.Fatal(err)
	}
}

// writeAll writes every table.
func writeAll() error {
	methods, err := methodsIn(".")
	if err != nil {
		return err
	}
	programs, err := programsIn("examples")
	if err != nil {
		return err
	}
	for page, tables := range map[string]map[string]string{ // by name
		"docs/README.md":     {"examples": examples(programs)},
		"docs/operations.md": {"operations": operations(methods)},
		"docs/keys.md":       {"keys": keys(methods)},
		"docs/errors.md":     {"retries": retries(methods)},
		"docs/versions.md":   {"versions": versions(methods)},
	} {
		if err := write(filepath.FromSlash(page), tables); err != nil {
			return err
		}
	}
	return nil
}

// write writes tables between their markers on a page.
func write(page string, tables map[string]string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	out := string(text)
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		begin, end := "<!-- table: "+name+" -->\n", "<!-- end -->\n"
		before, rest, ok := strings.Cut(out, begin)
		within, after, closed := strings.Cut(rest, end)
		if !ok || !closed || strings.Contains(within, "<!-- table: ") || strings.Contains(after, begin) {
			return fmt.Errorf("%s: there must be one %s, and an end before the next", page, strings.TrimSpace(begin))
		}
		out = before + begin + "\n" + tables[name] + "\n" + end + after
	}
	return os.WriteFile(page, []byte(out), 0o600) // the page exists, and keeps its mode
}

// idName matches an id in a path; the preceding step states whose id it is.
var idName = regexp.MustCompile(`\{\w+_id\}`)

// operations returns a table with a row for each method.
func operations(methods []method) string {
	rows := []string{"| Go | what it does | operationId | Ruby, and the documented name | request |", "|---|---|---|---|---|"}
	for _, m := range methods {
		path := strings.Replace(m.Path, "/api/v1/accounts/{account_id}/", "…/", 1)
		rows = append(rows, fmt.Sprintf("| `%s` | %s | `%s` | `%s` | `%s %s` |",
			m.call, m.does(), m.ID, m.Documented(), m.Method, idName.ReplaceAllString(path, "{id}")))
	}
	return strings.Join(rows, "\n") + "\n"
}

// keys returns a table of the keys that operations use and the versions that have them, in the order of the methods' names.
func keys(methods []method) string {
	var rows []string
	for _, op := range operation.All {
		var kinds []string
		bots := "`auth.ErrNoKey`"
		for _, key := range op.Keys {
			kind := "user"
			if key.Scheme == operation.AgentBotAPIKey {
				kind, bots = "bot", botsWork(op, key)
			}
			if key.Since != operation.Never {
				kinds = append(kinds, kind)
			}
		}
		if op.IsPublic() {
			kinds, bots = []string{"none"}, "works"
		}
		since := "all"
		if op.Since() != first {
			since = "from " + op.Since() + " on"
		}
		names := namesOf(methods, func(m method) bool { return m.Operation == op })
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |", names, since, strings.Join(kinds, ", else "), bots))
	}
	slices.Sort(rows)
	return "| operation | servers | key | with a bot's key only |\n|---|---|---|---|\n" + strings.Join(rows, "\n") + "\n"
}

// first is the first supported version.
const first = "2.16.0"

func botsWork(op *operation.Operation, key operation.Key) string {
	switch key.Since {
	case operation.Never:
		return "401 from the server: no bots"
	case op.Since():
		return "works"
	}
	return "works from " + key.Since + " on"
}

// versions returns a table of the calls that each version added, for everybody or for bots, in the order of the versions.
func versions(methods []method) string {
	calls, bots := map[string][]string{}, map[string][]string{} // by version
	for _, op := range operation.All {
		name, since := namesOf(methods, func(m method) bool { return m.Operation == op }), op.Since()
		if since != first {
			calls[since] = append(calls[since], name)
		}
		for _, key := range op.Keys {
			if key.Scheme == operation.AgentBotAPIKey && key.Since != operation.Never && key.Since != since {
				bots[key.Since] = append(bots[key.Since], name)
			}
		}
	}
	rows := []string{"| from | calls | with a bot's key too |", "|---|---|---|"}
	both := maps.Clone(calls)
	maps.Copy(both, bots)
	for _, version := range slices.SortedFunc(maps.Keys(both), func(a, b string) int { return release.Of(a).Compare(release.Of(b)) }) {
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |", version, strings.Join(calls[version], ", "), strings.Join(bots[version], ", ")))
	}
	return strings.Join(rows, "\n") + "\n"
}

// retries returns a table of what is retried, by the kinds of operations that mayRepeat in retry.go distinguishes.
func retries(methods []method) string {
	return fmt.Sprintf("| what happened | %s | %s | %s |\n", namesOf(methods, func(m method) bool { return !m.Write && !m.Final500 }),
		namesOf(methods, func(m method) bool { return !m.Write && m.Final500 }), namesOf(methods, func(m method) bool { return m.Write })) +
		`|---|---|---|---|
| provably nothing was sent | again | again | again |
| 429 | again | again | again |
| connection lost, body cut, no answer in time | again | again | never |
| 502, 503, 504, 520-529 | again | again | never |
| 422 because the database took too long | again | again | never |
| 500 | again | never | never |
| anything else | never | never | never |
`
}

func namesOf(methods []method, fits func(method) bool) string {
	var names []string
	for _, m := range methods {
		if fits(m) {
			names = append(names, "`"+m.service+"."+m.name+"`")
		}
	}
	return strings.Join(names, ", ")
}
