package connect_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

// TestUsage looks for every variable that Real reads in what -h prints.
func TestUsage(t *testing.T) {
	var out strings.Builder
	flags := flag.NewFlagSet("x", flag.ContinueOnError)
	flags.SetOutput(&out)
	flags.Bool("write", false, "write too")
	connect.Usage(flags)()
	read := map[string]string{"CFCHAT_USER_API_KEY": "key", "CFCHAT_ACCOUNT_ID": "1"}
	if _, err := connect.Real(func(name string) string {
		if !strings.Contains(out.String(), "\n  "+name+"\n") {
			t.Errorf("%s is not in\n%s", name, &out)
		}
		return read[name]
	}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "  -write\n") {
		t.Errorf("the flags are not in\n%s", &out)
	}
}
