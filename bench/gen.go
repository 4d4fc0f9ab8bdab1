package main

// That generator does not know everything that openapi.yaml says, and ogen.awk leaves it out.
//go:generate sh -c "awk -f ogen.awk ../openapi.yaml >openapi.yaml"
//go:generate go tool ogen --config ogen.yaml --target ogenclient --package ogenclient --clean openapi.yaml
