module github.com/cfchat/cfchat-go/cmd/cfchat

go 1.26.0

replace github.com/cfchat/cfchat-go => ../..

require (
	github.com/cfchat/cfchat-go v0.0.0-00010101000000-000000000000
	github.com/gofrs/flock v0.13.2
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.0.9
)

require (
	github.com/apapsch/go-jsonmerge/v2 v2.0.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/oapi-codegen/runtime v1.8.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)
