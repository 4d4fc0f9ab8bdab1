package connect_test

import (
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/cfchat/cfchat-go/examples/internal/connect"
)

// TestUsage checks that -h prints every variable that Real reads.
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

// TestParse checks that only the error says what is wrong, and that the usage is shown only for -h.
func TestParse(t *testing.T) {
	for _, c := range []struct{ args, says, want string }{
		{"-n 3", "", ""},
		{"-h", "Usage of x:\n  -n int\n", "flag: help requested"},
		{"-m", "", "flag provided but not defined: -m; -h shows the flags"},
		{"-n y", "", `invalid value "y" for flag -n: parse error; -h shows the flags`},
		{"-n 3 y", "", `unexpected argument "y"; name it with -n`},
	} {
		var out, errs strings.Builder
		flags := flag.NewFlagSet("x", flag.ContinueOnError)
		flags.SetOutput(&errs)
		flags.Int("n", 0, "")
		flags.Usage = connect.Usage(flags)
		err := connect.Parse(flags, strings.Fields(c.args), &out, "name it with -n")
		if (err != nil) != (c.want != "") || err != nil && err.Error() != c.want || errors.Is(err, flag.ErrHelp) != (c.says != "") {
			t.Errorf("%s: got %v, want %s", c.args, err, c.want)
		}
		if errs.Len() > 0 || !strings.HasPrefix(out.String(), c.says) || (c.says == "") != (out.Len() == 0) {
			t.Errorf("%s: the output is %s and %s", c.args, &out, &errs)
		}
	}
}
