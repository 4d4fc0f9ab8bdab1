package main

// That generator does not know that an assignee may be an agent or a bot, so it is told of agents only.
//go:generate sh -c "sed 's|anyOf: .\\(.*Agent\" }\\), .*AgentBot.*|allOf: [\\1]|' ../openapi.yaml >openapi.yaml"
//go:generate go tool ogen --config ogen.yaml --target ogenclient --package ogenclient --clean openapi.yaml
