package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// passage is text for human readers: a comment in a Go file, or a whole file of another kind.
type passage struct {
	file string // its path, from the root of the module
	line int    // of its first line
	text string
}

// at returns the line of an offset in the text.
func (p passage) at(offset int) int { return p.line + strings.Count(p.text[:offset], "\n") }

// files returns the paths in this module, from its root. Dotted ones are settings of tools, which cite nothing.
func files(t *testing.T) (open, dotted []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "bench/ogenclient"}, name): // not in git
			return fs.SkipDir
		case entry.IsDir():
		case name[0] == '.':
			dotted = append(dotted, name)
		default:
			open = append(open, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return open, dotted
}

// passages reads the comments in all Go files, and all Markdown and YAML.
func passages(t *testing.T) (all []passage) {
	t.Helper()
	open, _ := files(t)
	for _, name := range open {
		switch path.Ext(name) {
		case ".md", ".yaml":
			all = append(all, passage{name, 1, text(t, name)})
		case ".go":
			all = append(all, comments(t, name)...)
		}
	}
	return all
}

// comments reads the comments in a Go file.
func comments(t *testing.T, name string) (all []passage) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, filepath.Join(root, name), nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Comments {
		all = append(all, passage{name, set.Position(group.Pos()).Line, words(group)})
	}
	return all
}

// words returns the lines of a comment without their comment markers.
func words(group *ast.CommentGroup) string {
	var lines []string
	for _, comment := range group.List {
		lines = append(lines, strings.TrimPrefix(comment.Text, "//"))
	}
	return strings.Join(lines, "\n")
}

const (
	section = `[A-Z]?[0-9]+(?:\.[0-9]+)*`
	gap     = `\s+(?:# )?` // a space, or the end of a line
)

var (
	headings = regexp.MustCompile(`(?m)^#+ (` + section + `) `)
	cited    = regexp.MustCompile(`\bcontract([-.a-z]*,?)` + gap + `(?:sections?` + gap + `)?(` + section +
		`(?:(?:,|` + gap + `(?:and|to))` + gap + section + `)*)`)
	citedWithin = regexp.MustCompile(`\b(?:see|section)()` + gap + `(` + section + `)`)
	sections    = regexp.MustCompile(section)
	difference  = regexp.MustCompile(`\bD[0-9]+\b`)
)

// contractSections maps the numbers of the sections of docs/contract to the pages that contain them.
func contractSections(t *testing.T, all []passage) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, p := range all {
		if path.Dir(p.file) != "docs/contract" {
			continue
		}
		for _, heading := range headings.FindAllStringSubmatch(p.text, -1) {
			if other := found[heading[1]]; other != "" {
				t.Errorf("section %s is in %s and in %s", heading[1], other, p.file)
			}
			found[heading[1]] = p.file
		}
	}
	return found
}

// TestContractReferences checks that docs/contract has a heading for each citation such as "contract, 5.3".
func TestContractReferences(t *testing.T) {
	all := passages(t)
	found := contractSections(t, all)
	n := 0
	for _, p := range all {
		refer := cited
		if path.Dir(p.file) == "docs/contract" {
			refer = citedWithin
		}
		for _, place := range refer.FindAllStringSubmatchIndex(p.text, -1) {
			n++
			numbers := p.text[place[4]:place[5]]
			if mark := p.text[place[2]:place[3]]; mark != "," && mark != "" {
				t.Errorf("%s:%d: %q; write %q", p.file, p.at(place[0]), p.text[place[0]:place[1]], "contract, "+numbers)
			}
			for _, number := range sections.FindAllString(numbers, -1) {
				if found[number] == "" && strings.Count(number, ".") < 2 { // a number with three parts is a version
					t.Errorf("%s:%d: docs/contract has no section %s", p.file, p.at(place[0]), number)
				}
			}
		}
	}
	if n == 0 || len(found) == 0 {
		t.Errorf("found %d citations of %d sections, want some of both", n, len(found))
	}
}

// TestDifferences checks that docs/differences.md has a row for each D-number.
func TestDifferences(t *testing.T) {
	const page = "docs/differences.md"
	rows := text(t, page)
	n := 0
	for _, p := range passages(t) {
		for _, place := range difference.FindAllStringIndex(p.text, -1) {
			n++
			if number := p.text[place[0]:place[1]]; !strings.Contains(rows, "\n| "+number+" |") {
				t.Errorf("%s:%d: %s has no row %s", p.file, p.at(place[0]), page, number)
			}
		}
	}
	if n == 0 {
		t.Error("no D-numbers were found")
	}
}

var fileName = regexp.MustCompile(`[\w.*/:@-]*\.(?:go|md|yaml|json|txt|gz)\b`)

// written lists files that the programs of this repository write, and that are not in it.
var written = []string{"manifest.json", "openapi.json", "bin/openapi.json"}

// TestFileNames checks that each file name in comments and on pages matches a file of this module. A name may omit the
// folders and contain asterisks.
func TestFileNames(t *testing.T) {
	open, dotted := files(t)
	all := slices.Concat(open, dotted)
	known := map[string]bool{}
	n := 0
	for _, p := range passages(t) {
		if strings.HasSuffix(p.file, ".yaml") && !strings.Contains(p.file, "openapi") {
			continue // settings of tools, with file names of their own
		}
		for _, place := range fileName.FindAllStringIndex(p.text, -1) {
			name := p.text[place[0]:place[1]]
			if strings.ContainsAny(name, ":@") || name[0] == '/' || slices.Contains(written, name) { // an address, or a file that a program writes
				continue
			}
			n++
			if _, ok := known[name]; !ok {
				known[name] = isFile(all, name)
			}
			if !known[name] {
				t.Errorf("%s:%d: there is no file %s", p.file, p.at(place[0]), name)
			}
		}
	}
	if n == 0 {
		t.Error("no names of files were found")
	}
}

// isFile reports whether the end of a path matches a name.
func isFile(paths []string, name string) bool {
	name = strings.ReplaceAll(path.Clean(name), "../", "") // only at the front
	depth := strings.Count(name, "/") + 1
	return slices.ContainsFunc(paths, func(each string) bool {
		steps := strings.Split(each, "/")
		matched, err := path.Match(name, strings.Join(steps[max(0, len(steps)-depth):], "/"))
		return matched && err == nil
	})
}
