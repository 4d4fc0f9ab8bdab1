package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImports checks the order of the packages: of this module, each imports only those listed before it.
func TestImports(t *testing.T) {
	const module = "github.com/cfchat/cfchat-go"
	order := []string{"internal/release", "internal/operation", "auth", "internal/chain", "internal/redact", "internal/scan", "internal/decode", ".",
		"webhook", "cfchattest/internal/between", "cfchattest/internal/cast", "cfchattest/internal/filtersql", "cfchattest/internal/liquid", "cfchattest"}
	for i, dir := range order {
		for name, file := range sources(t, filepath.Join(root, dir)) {
			for _, spec := range file.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if path != module && !strings.HasPrefix(path, module+"/") {
					continue
				}
				imported := strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
				if imported == "" {
					imported = "."
				}
				if !slices.Contains(order[:i], imported) {
					t.Errorf("%s imports %s, which is not listed before %s", name, path, dir)
				}
			}
		}
	}
}
