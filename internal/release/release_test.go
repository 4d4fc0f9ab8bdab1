package release_test

import (
	"testing"

	"github.com/cfchat/cfchat-go/internal/release"
)

// TestParse checks which texts are versions.
func TestParse(t *testing.T) {
	for name, want := range map[string]string{"4.7.0": "4.7.0", "v2.18": "2.18.0", "4.16.2": "4.16.2", "0.0.1": "0.0.1",
		"9999.9999.9999": "9999.9999.9999"} {
		if got, err := release.Parse(name); err != nil || got.String() != want {
			t.Errorf("%s: got %s, %v; want %s", name, got, err, want)
		}
	}
	for _, name := range []string{"", "v", "4", "4.", "4.7.", ".7.0", "4.7.0.1", "latest", "4.x", "4.7.0-rc1", "2.16.0 ",
		"-2.16.0", "99999.0", "vv4.7.0", "4..7"} {
		if got, err := release.Parse(name); err == nil {
			t.Errorf("%q: got %s, want an error", name, got)
		}
	}
}

// TestAtLeast checks that versions are compared as numbers, not as texts: 4.16 is after 4.7.
func TestAtLeast(t *testing.T) {
	ascending := []string{"2.16.0", "2.17.0", "3.1.1", "3.16.0", "4.0.4", "4.7.0", "4.11.2", "4.16.0", "4.16.2", "10.0.0"}
	for i, name := range ascending {
		v, err := release.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		for j, first := range ascending {
			if got := v.AtLeast(first); got != (i >= j) {
				t.Errorf("%s at least %s: got %t", name, first, got)
			}
		}
	}
	if (release.Version{}).AtLeast("0.0.1") {
		t.Error("the zero value is not before all others")
	}
}

// TestAtLeastOfNoVersion checks that an invalid version panics, because it is a mistake in the calling code.
func TestAtLeastOfNoVersion(t *testing.T) {
	defer func() {
		if got, want := recover(), `release: "new" is not a version`; got != want {
			t.Errorf("panicked with %v, want %s", got, want)
		}
	}()
	release.Version{}.AtLeast("new")
}
