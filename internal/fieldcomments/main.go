// Command fieldcomments removes the name of a field from its comment: the generator puts it before every description, so
// that "The bot's id." becomes "ID The bot's id." in Go. go generate runs it over the given files.
package main

import (
	"log"
	"os"
	"regexp"
)

func main() {
	log.SetFlags(0)
	for _, file := range os.Args[1:] {
		code, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, plain(code), 0o600) // the file exists, and keeps its mode
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}

// commented is a field with a comment: the comment's first word, the rest of it, and the field's name.
var commented = regexp.MustCompile(`(?m)^\t// (\w+) (.*\n(?:\t//.*\n)*\t)(\w+) `)

// plain returns the code with each field's comment as it is in the spec.
func plain(code []byte) []byte {
	return commented.ReplaceAllFunc(code, func(found []byte) []byte {
		parts := commented.FindSubmatch(found)
		if string(parts[1]) != string(parts[3]) {
			return found
		}
		return []byte("\t// " + string(parts[2]) + string(parts[3]) + " ")
	})
}
