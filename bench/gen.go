package main

//go:generate go tool ogen --config ogen.yaml --target ogenclient --package ogenclient --clean ../openapi.yaml
