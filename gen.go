package cfchat

//go:generate go tool -modfile=tools/go.mod oapi-codegen -config oapi-codegen.yaml openapi.yaml
//go:generate go run ./internal/fieldcomments cfchat.gen.go
//go:generate go tool -modfile=tools/go.mod oapi-codegen -config internal/operation/oapi-codegen.yaml openapi.yaml
//go:generate go tool -modfile=tools/go.mod oapi-codegen -config api/oapi-codegen.yaml openapi.yaml
//go:generate go tool -modfile=tools/go.mod oapi-codegen -config cfchattest/oapi-codegen.yaml openapi.yaml
//go:generate go tool -modfile=tools/go.mod oapi-codegen -config internal/redact/internal/example/oapi-codegen.yaml internal/redact/internal/example/openapi.yaml
//go:generate go run ./internal/surface
