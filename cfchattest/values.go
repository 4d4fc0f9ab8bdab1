package cfchattest

import (
	"fmt"

	"github.com/cfchat/cfchat-go"
)

// setOf makes a set of ids.
func setOf(ids []int64) map[int64]bool {
	set := map[int64]bool{}
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// orNil returns a pointer to the value, nil for the zero value.
func orNil[T comparable](value T) *T {
	if value == *new(T) {
		return nil
	}
	return &value
}

// orEmpty returns a copy of the attributes as a server stores them; stored data is never shared with the caller.
func orEmpty(a map[string]any) map[string]any { return attributesOf(a).Map() }

// attributesOf makes attributes from a JSON object.
func attributesOf(a map[string]any) cfchat.Attributes {
	if a == nil {
		return cfchat.Attributes{}
	}
	made, err := cfchat.NewAttributes(a)
	if err != nil {
		panic(fmt.Sprintf("cfchattest: %v", err))
	}
	return made
}

// deref returns *p, or the zero value if p is nil.
func deref[T any](p *T) (value T) {
	if p != nil {
		value = *p
	}
	return value
}
