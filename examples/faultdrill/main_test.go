package main

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// played returns the outcomes of all drills, and the output. It runs in virtual time.
func played(t *testing.T, args ...string) (outcomes []outcome, out string) {
	synctest.Test(t, func(t *testing.T) {
		var err error
		if outcomes, err = playAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		var said strings.Builder
		if err := run(t.Context(), args, &said); err != nil {
			t.Error(err)
		}
		out = said.String()
	})
	return outcomes, out
}

// TestTable checks that the program prints the table in docs/errors.md.
func TestTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, out := played(t)
	if indented := regexp.MustCompile(`(?m)^`).ReplaceAllString(strings.TrimSuffix(out, "\n"), "    "); !strings.Contains(string(page), indented+"\n\n") {
		t.Errorf("docs/errors.md does not have\n%s", indented)
	}
}

// TestEverySentinel checks that the drills play every sentinel of error.go, and those of auth and context.
func TestEverySentinel(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"auth.ErrNoKey", "context.Canceled", "context.DeadlineExceeded"}
	for _, d := range file.Decls {
		if vars, ok := d.(*ast.GenDecl); ok && vars.Tok == token.VAR {
			for _, spec := range vars.Specs {
				if v, ok := spec.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Err") {
					want = append(want, v.Names[0].Name)
				}
			}
		}
	}
	var seen []string
	outcomes, _ := played(t)
	for _, o := range outcomes {
		if o.err != nil {
			seen = append(seen, o.saw...)
		}
	}
	slices.Sort(want)
	slices.Sort(seen)
	seen = slices.DeleteFunc(slices.Compact(seen), func(name string) bool { return name == "no sentinel" })
	if !slices.Equal(seen, want) {
		t.Errorf("the drills play %v, want %v", seen, want)
	}
}

// TestAdvice checks that following the advice neither repeats nor omits a change: a call that may be repeated was not
// stored, and one that must be looked up first was stored in some drills and not in others.
func TestAdvice(t *testing.T) {
	outcomes, _ := played(t)
	looked := map[string]int{}
	for _, o := range outcomes {
		if o.misleads() {
			t.Errorf("%s, %s: stored: %s, and the advice is to %s", o.played, o.call.name, o.stored, o.advice)
		}
		if o.advice == look {
			looked[o.stored]++
		}
		if o.stored == "-" && o.advice == look {
			t.Errorf("%s, %s: the advice for a read is to look first", o.played, o.call.name)
		}
	}
	if looked["yes"] < 3 || looked["no"] < 3 {
		t.Errorf("the calls to look up were stored as %v, want at least 3 each of yes and no", looked)
	}
	if !(outcome{stored: "yes", advice: later}).misleads() || (outcome{stored: "yes", advice: done}).misleads() {
		t.Error("misleads does not judge advice")
	}
}

// TestWrongAdvice checks that wrong advice fails the program.
func TestWrongAdvice(t *testing.T) {
	var out strings.Builder
	err := printTable(&out, []outcome{{drill: drill{played: "x"}, stored: "yes", advice: later}}, "", false)
	if err == nil || err.Error() != "wrong advice: 1" || !strings.HasSuffix(out.String(), later+" (WRONG)\n") {
		t.Errorf("%v\n%s", err, &out)
	}
}

// TestFlags checks that flags select lines and add the errors, and that wrong arguments are refused.
func TestFlags(t *testing.T) {
	_, out := played(t, "-only", "ErrOverwritten", "-texts")
	lines := strings.Split(out, "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "PLAYED ") || !strings.HasPrefix(lines[1], "another program ") || !strings.HasPrefix(lines[2], "    cfchat: conversationAddLabels: ") {
		t.Errorf("%s", out)
	}
	var help strings.Builder
	if err := run(t.Context(), []string{"-h"}, &help); err == nil || !strings.Contains(help.String(), "  -texts\n") {
		t.Errorf("%v\n%s", err, &help)
	}
	for want, args := range map[string][]string{`unexpected argument "x"; -h shows the flags`: {"x"}, "flag provided but not defined: -x; -h shows the flags": {"-x"}} {
		if err := run(t.Context(), args, io.Discard); err == nil || err.Error() != want {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// TestInterrupted checks that an interrupted program ends immediately.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second/2, cancel)
		began := time.Now()
		if err := run(ctx, nil, io.Discard); err == nil || err.Error() != "interrupted" || errors.Is(err, context.Canceled) || time.Since(began) > time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
