package cfchattest

// version is the server that is stood in for.
type version int

const (
	version470 version = iota // the default
	version216
)
