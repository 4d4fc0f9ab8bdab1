// Apicheck compares the Go API of this module's public packages with a baseline, one file of Go declarations for each
// package, and exits with 1 if a program that compiles against the baseline might no longer compile. With -accept it writes
// the baseline.
package main

import (
	"flag"
	"fmt"
	"go/types"
	"log"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/tools/go/packages"
)

func main() {
	log.SetFlags(0)
	accept := flag.Bool("accept", false, "write the baseline")
	module := flag.String("module", "..", "the directory of the module")
	baseline := flag.String("baseline", "baseline", "the directory of the baseline")
	flag.Parse()

	public, err := publicPackages(*module)
	if err == nil && *accept {
		err = write(public, *baseline)
	}
	if err != nil {
		log.Fatal(err)
	}
	broken, err := compare(public, *baseline)
	if err != nil {
		log.Fatal(err)
	}
	for _, change := range broken {
		fmt.Println(change)
	}
	if len(broken) > 0 {
		log.Fatal("if this is intended: run make accept, and add a line to CHANGELOG.md")
	}
}

// publicPackages loads the packages that users can import.
func publicPackages(dir string) ([]*types.Package, error) {
	const mode = packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps
	loaded, err := packages.Load(&packages.Config{Mode: mode, Dir: dir}, "./...")
	if err != nil {
		return nil, err
	}
	var public []*types.Package
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, p.Errors[0]
		}
		if p.Name != "main" && !slices.Contains(strings.Split(p.PkgPath, "/"), "internal") {
			public = append(public, p.Types)
		}
	}
	return public, nil
}

// compare returns every incompatible change since the baseline.
func compare(public []*types.Package, dir string) (broken []string, err error) {
	unread, err := filepath.Glob(filepath.Join(dir, "*.go.txt"))
	if err != nil {
		return nil, err
	}
	for _, now := range public {
		file := fileOf(dir, now)
		before, err := read(file, now, public)
		if err != nil {
			return nil, err
		}
		for _, change := range apidiff.Changes(before, now).Changes {
			if !change.Compatible {
				broken = append(broken, now.Path()+": "+change.Message)
			}
		}
		unread = slices.DeleteFunc(unread, func(name string) bool { return name == file })
	}
	for _, file := range unread {
		broken = append(broken, "the package of tools/"+file+" is gone")
	}
	return broken, nil
}

func fileOf(dir string, pkg *types.Package) string { return filepath.Join(dir, pkg.Name()+".go.txt") }
