package main

// ogen does not support everything in openapi.yaml; ogen.awk removes the rest.
//go:generate sh -c "awk -f ogen.awk ../openapi.yaml >openapi.yaml"
//go:generate go tool ogen --config ogen.yaml --target ogenclient --package ogenclient --clean openapi.yaml
