package operation

import (
	"slices"
	"strconv"
	"strings"
)

// WorksOn reports whether a server of a version, such as "4.7.0", takes the key.
func (k Key) WorksOn(version string) bool {
	return k.Since != Never && slices.Compare(numbers(k.Since), numbers(version)) <= 0
}

// numbers splits a version at its dots. What is no number counts as 0.
func numbers(version string) []int {
	var all []int
	for part := range strings.SplitSeq(version, ".") {
		n, _ := strconv.Atoi(part)
		all = append(all, n)
	}
	return all
}
