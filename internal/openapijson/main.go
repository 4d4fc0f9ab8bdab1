// Command openapijson writes openapi.yaml as JSON, for tools that do not read YAML. A release includes it.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"

	"github.com/cfchat/cfchat-go/api"
)

func main() {
	log.SetFlags(0)
	spec, err := api.GetSpecJSON()
	if err != nil {
		log.Fatal(err)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, spec, "", "  "); err != nil {
		log.Fatal(err)
	}
	text.WriteByte('\n')
	if _, err := text.WriteTo(os.Stdout); err != nil {
		log.Fatal(err)
	}
}
