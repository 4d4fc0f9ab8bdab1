// Package docs_test checks the pages of this module: their Go must compile against this checkout, and their links must lead
// somewhere.
package docs_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// block is one ```go block of a page.
type block struct {
	page string // its path, from the root of the module
	line int    // the line number of its first line of code
	code string
}

// pages returns the pages of this folder, of the contract and of the parent folder, by their path from the root of the
// module.
func pages(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, pattern := range []string{"*.md", "contract/*.md", "../*.md"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no pages, %v", pattern, err)
		}
		for _, path := range paths {
			texts[filepath.Join("docs", path)] = read(t, path)
		}
	}
	return texts
}

// blocks returns the Go blocks of a page.
func blocks(page, text string) (found []block) {
	var lines []string
	inside, first := false, 0
	for i, line := range strings.Split(text+"\n```", "\n") { // a block that is not closed extends to the end, and fails
		switch {
		case !inside && line == "```go":
			inside, first, lines = true, i+2, nil
		case inside && line == "```":
			inside = false
			found = append(found, block{page, first, strings.Join(lines, "\n")})
		case inside:
			lines = append(lines, line)
		}
	}
	return found
}

// around declares what a fragment may use without declaring it.
const around = "ctx context.Context, t *testing.T, chat *cfchat.Chat, acct *cfchat.Account, srv *cfchattest.Server, " +
	"filter cfchat.Filter, message *cfchat.Message, id int64, err error, resolveAll func(context.Context, *cfchat.Account) error"

// differenceRow matches a row of differences.md, and differenceCount a page's statement of how many there are.
var (
	differenceRow   = regexp.MustCompile(`(?m)^\| D\d+ \|`)
	differenceCount = regexp.MustCompile(`(?:in|the) (\d+) places`)
)

// TestDifferences checks the number that a page states of places in which documentation and servers differ.
func TestDifferences(t *testing.T) {
	rows := differenceRow.FindAllString(read(t, "differences.md"), -1)
	if slices.Sort(rows); len(slices.Compact(slices.Clone(rows))) != len(rows) {
		t.Errorf("a number has two rows: %q", rows)
	}
	said := 0
	for page, text := range pages(t) {
		for _, count := range differenceCount.FindAllStringSubmatch(text, -1) {
			if said++; count[1] != strconv.Itoa(len(rows)) {
				t.Errorf("%s: %q, but there are %d", page, count[0], len(rows))
			}
		}
	}
	if said < 2 {
		t.Errorf("%d pages state how many differences there are, want at least README.md and the list of pages", said)
	}
}

// imports maps names to the packages that the blocks use.
var imports = map[string]string{
	"api": "github.com/cfchat/cfchat-go/api", "auth": "github.com/cfchat/cfchat-go/auth", "cfchat": "github.com/cfchat/cfchat-go",
	"cfchattest": "github.com/cfchat/cfchat-go/cfchattest", "synctest": "testing/synctest", "http": "net/http",
	"atomic": "sync/atomic", "slog": "log/slog", "context": "context", "errors": "errors", "fmt": "fmt", "log": "log", "os": "os",
	"io": "io", "bufio": "bufio", "bytes": "bytes", "cmp": "cmp", "slices": "slices", "net": "net", "netip": "net/netip", "syscall": "syscall", "json": "encoding/json", "url": "net/url", "testing": "testing", "time": "time",
	"webhook": "github.com/cfchat/cfchat-go/webhook", "subtle": "crypto/subtle", "httptest": "net/http/httptest", "strings": "strings",
}

// kind is what a block consists of.
type kind int

const (
	program kind = iota
	declarations
	statements
)

// file turns a block into a Go file: a whole program stays unchanged, declarations get their imports, and statements also
// get a function around them. A line directive makes the compiler report the page and its line.
func (b block) file() (source string, is kind, err error) {
	code := fmt.Sprintf("//line %s:%d\n%s\n", b.page, b.line, b.code)
	if strings.HasPrefix(b.code, "package ") {
		return code, program, nil
	}
	const head = "package block\n\n"
	is = declarations
	tree, err := parser.ParseFile(token.NewFileSet(), "", head+code, 0)
	if err != nil {
		is = statements
		before, after := "func _("+around+") error {\n{\n", "}\nreturn nil\n}\n"
		if tree, err = parser.ParseFile(token.NewFileSet(), "", head+before+code+after, parser.SkipObjectResolution); err != nil {
			return "", is, err
		}
		code = before + code + used(tree) + after
	}
	source = head
	for name, path := range imports {
		if uses(tree, name) {
			source += fmt.Sprintf("import %s %q\n", name, path)
		}
	}
	return source + code, is, nil
}

// uses reports whether a file mentions a package.
func uses(tree *ast.File, name string) (found bool) {
	ast.Inspect(tree, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			x, ok := selector.X.(*ast.Ident)
			found = found || ok && x.Name == name
		}
		return !found
	})
	return found
}

// used returns an assignment to blanks of the variables that a fragment's statements define, because a fragment may end
// before using them.
func used(tree *ast.File) string {
	var names []string
	for _, statement := range fragment(tree) {
		if assign, ok := statement.(*ast.AssignStmt); ok && assign.Tok == token.DEFINE {
			for _, left := range assign.Lhs {
				if name, ok := left.(*ast.Ident); ok && name.Name != "_" {
					names = append(names, name.Name)
				}
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return strings.Repeat("_, ", len(names)-1) + "_ = " + strings.Join(names, ", ") + "\n"
}

// fragment returns the statements inside the function that was put around them.
func fragment(tree *ast.File) []ast.Stmt {
	if f, ok := tree.Decls[0].(*ast.FuncDecl); ok {
		if block, ok := f.Body.List[0].(*ast.BlockStmt); ok {
			return block.List
		}
	}
	return nil
}

// TestCode compiles every block, and runs those that are tests, in a separate module that depends on this one as any program
// would.
func TestCode(t *testing.T) {
	module := t.TempDir()
	n := 0
	for page, text := range pages(t) {
		for _, b := range blocks(page, text) {
			n++
			source, is, err := b.file()
			if err != nil {
				t.Errorf("%s:%d: %v", b.page, b.line, err)
				continue
			}
			folder, name := fmt.Sprintf("block%d", n), fmt.Sprintf("block%d.go", n)
			switch {
			case is == statements: // they declare nothing, so one package holds them all
				folder = "statements"
			case strings.Contains(b.code, "func Test"):
				name = "block_test.go"
			}
			write(t, filepath.Join(module, folder, name), source)
		}
	}
	if n == 0 || t.Failed() {
		t.Fatalf("%d blocks", n)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(module, "go.sum"), read(t, "../go.sum"))
	write(t, filepath.Join(module, "go.mod"), strings.Replace(read(t, "../go.mod"), "module github.com/cfchat/cfchat-go", "module pages", 1)+
		"\nrequire github.com/cfchat/cfchat-go v0.0.0\nreplace github.com/cfchat/cfchat-go => "+root+"\n")
	run(t, module, "vet", "-unreachable=false", "./...") // a fragment may return before the end of the function around it
	run(t, module, "test", "-vet=off", "./...")
}

// run runs the go command in a module.
func run(t *testing.T, module string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Dir = module
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off")
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("go %s: %v\n%s", args[0], err, out)
	}
}

var (
	code    = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)#\s]*)#?([^)\s]*)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// links returns the targets of a page's links to files, each with the heading after # or "".
func links(text string) (targets [][2]string) {
	for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
		if !strings.Contains(found[1], "://") {
			targets = append(targets, [2]string{found[1], found[2]})
		}
	}
	return targets
}

// TestLinks checks that every link to a file of this module, and to a heading in it, has a target.
func TestLinks(t *testing.T) {
	all := pages(t)
	for page, text := range all {
		for _, target := range links(text) {
			path := filepath.Join(filepath.Dir(page), target[0])
			if _, err := os.Stat(filepath.Join("..", path)); err != nil {
				t.Errorf("%s: %v", page, err)
			} else if target[1] != "" && !slices.Contains(anchors(all[path]), target[1]) {
				t.Errorf("%s: there is no #%s in %s", page, target[1], path)
			}
		}
	}
}

// anchors returns the headings of a page as links name them.
func anchors(text string) (names []string) {
	for _, found := range heading.FindAllStringSubmatch(text, -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, found[1])
		names = append(names, name)
	}
	return names
}

// TestEveryPageIsLinked checks that the README.md of each folder links to every page in it, and to the README.md of every
// folder in it.
func TestEveryPageIsLinked(t *testing.T) {
	all := pages(t)
	for page := range all {
		folder := filepath.Dir(page)
		if filepath.Base(page) == "README.md" {
			folder = filepath.Dir(folder)
		}
		index := filepath.Join(folder, "README.md")
		target, err := filepath.Rel(folder, page)
		if err != nil {
			t.Fatal(err)
		}
		if page != index && !slices.Contains(links(all[index]), [2]string{filepath.ToSlash(target), ""}) {
			t.Errorf("%s has no link to %s", index, page)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
