package faults_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestList checks that faults.md and the names of the tests have the same ids.
func TestList(t *testing.T) {
	list, err := os.ReadFile("faults.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests []byte
	for _, pattern := range []string{"*_test.go", "../../*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tests = append(tests, data...)
		}
	}
	listed, tested := map[string]bool{}, map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \|`).FindAllSubmatch(list, -1) {
		if id := string(row[1]); listed[id] {
			t.Errorf("%s is listed twice", id)
		} else {
			listed[id] = true
		}
	}
	// A name begins with its ids: "T5 …", TestA2A3…. A comment has them first, or in parentheses.
	for _, name := range regexp.MustCompile(`"((?:[TSBHCAVPUF]\d+[ ,"]+)+)|func Test((?:[TSBHCAVPUF]\d+)+)|// ((?:[TSBHCAVPUF]\d+[ ,:]*)+)|// Test\w+ checks \(((?:[TSBHCAVPUF]\d+[ ,]*)+)\)`).FindAllSubmatch(tests, -1) {
		for _, group := range name[1:] {
			for _, id := range regexp.MustCompile(`[A-Z]\d+`).FindAll(group, -1) {
				tested[string(id)] = true
			}
		}
	}
	for id := range listed {
		if !tested[id] {
			t.Errorf("no test is named after %s", id)
		}
	}
	for id := range tested {
		if !listed[id] {
			t.Errorf("faults.md does not list %s", id)
		}
	}
}
