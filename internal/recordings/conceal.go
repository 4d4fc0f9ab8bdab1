package recordings

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cfchat/cfchat-go/auth"
)

// minKey is the length of the shortest key that is searched for in texts. The servers' keys have 24 characters; a key "k"
// would be found everywhere.
const minKey = 8

// The roles of requests without a known key.
const (
	roleNone  = "none"  // without a key
	roleEmpty = "empty" // with an empty header
	roleWrong = "wrong" // with a key that the run does not have
)

// key is the key of a role.
type key struct{ text, role string }

// keys are the keys of a run, the longest first, because one may begin with another. They are safe for concurrent use.
type keys struct {
	mu  sync.Mutex
	all []key
}

// keysOf returns keys by role. It refuses a key that is too short to be found, because it could not be kept out of a file.
func keysOf(byRole map[string]string) (*keys, error) {
	k := &keys{}
	for role, text := range byRole {
		if len(text) < minKey {
			return nil, fmt.Errorf("the key of the %s has fewer than %d characters, so it may occur in other text", role, minKey)
		}
		k.add(key{text, role})
	}
	return k, nil
}

func (k *keys) add(one key) {
	k.all = append(k.all, one)
	slices.SortFunc(k.all, func(a, b key) int { return cmp.Compare(len(b.text), len(a.text)) })
}

// sent returns the role of a request, determined by its key, and the value to record in place of the key. From now on an
// unknown key is concealed everywhere too: it may be a real one.
func (k *keys) sent(header http.Header) (role string, value *string) {
	names := auth.HeaderNames(header)
	if len(names) == 0 || len(header[names[0]]) == 0 {
		return roleNone, nil
	}
	sent := header[names[0]][0]
	prefix := sent[:strings.LastIndex(sent, " ")+1] // such as "Bearer "
	text := sent[len(prefix):]
	if text == "" {
		return roleEmpty, &sent
	}
	role = k.role(text)
	return role, new(prefix + "<" + role + ">")
}

func (k *keys) role(text string) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, one := range k.all {
		if one.text == text {
			return one.role
		}
	}
	if len(text) >= minKey {
		k.add(key{text, roleWrong})
	}
	return roleWrong
}

// known returns the keys known so far.
func (k *keys) known() []key {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.all)
}

// conceal replaces each key in an exchange with <role>, and other secrets with <secret>. It is an error if a key remains, in
// an unknown notation, so that it is not written.
func (k *keys) conceal(e *Exchange) error {
	known := k.known()
	texts := []*string{&e.Request.Path, &e.Response.Body}
	if e.Request.Body != nil {
		texts = append(texts, e.Request.Body)
	}
	for _, text := range texts {
		*text = withoutKeys(*text, known)
	}
	for _, headers := range []map[string]string{e.Request.Headers, e.Response.Headers} {
		for name, value := range headers {
			headers[name] = withoutKeys(value, known)
		}
	}
	e.Response.Body = secret.ReplaceAllString(e.Response.Body, `$1"<secret>"`)
	data, err := encode(*e)
	if err != nil {
		return err
	}
	for _, one := range known {
		if strings.Contains(strings.ToLower(string(data)), strings.ToLower(one.text)) {
			return fmt.Errorf("it has the key of the %s in a notation that cannot be replaced", one.role)
		}
	}
	return nil
}

// withoutKeys returns a text with roles in place of keys, whether written plainly or as in addresses and JSON.
func withoutKeys(text string, all []key) string {
	for _, one := range all {
		for _, form := range []string{one.text, url.QueryEscape(one.text), strings.Trim(strconv.Quote(one.text), `"`)} {
			text = strings.ReplaceAll(text, form, "<"+one.role+">")
		}
	}
	return text
}

// secret matches the fields of answers that are secrets, other than the run's keys. An empty one is no secret.
var secret = regexp.MustCompile(`("(?:access_token|account_sid|api_key|auth_token|hmac_token|imap_password|pubsub_token|` +
	`secret|smtp_password|webhook_verify_token|website_token)":\s*)"(?:[^"\\<]|\\.)(?:[^"\\]|\\.)*"`)
