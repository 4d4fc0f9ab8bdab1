package operation

import (
	"cmp"

	"github.com/cfchat/cfchat-go/internal/release"
)

// Since returns the first version of the server that has the operation, as far as known.
func (o *Operation) Since() string {
	since := ""
	for _, key := range o.Keys {
		if key.Since != Never && (since == "" || release.Of(key.Since).Compare(release.Of(since)) < 0) {
			since = key.Since
		}
	}
	return cmp.Or(since, "2.16.0") // the first known one
}

// WorksOn reports whether a server of a version, such as "4.7.0", accepts the key.
func (k Key) WorksOn(version string) bool {
	return k.Since != Never && release.Of(version).AtLeast(k.Since)
}
