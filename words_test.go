package cfchat_test

import (
	"fmt"
	"testing"

	"github.com/cfchat/cfchat-go"
)

func TestMessageTypeWords(t *testing.T) {
	for kind, want := range map[cfchat.MessageType]string{0: "incoming", 1: "outgoing", 2: "activity", 3: "template", 9: "9"} {
		if got := fmt.Sprint(kind); got != want || string(encode(t, kind)) != fmt.Sprint(int64(kind)) {
			t.Errorf("%d is %s, want %s", int64(kind), got, want)
		}
	}
}
