package webhook_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/webhook"
)

// TestVerifyRecorded checks that each signed delivery verifies with its own secret, but not with another one, and not with
// one byte changed.
func TestVerifyRecorded(t *testing.T) {
	all := recorded(t, "4.16.2")
	for i, d := range all.Deliveries {
		t.Run(d.Kind+"/"+d.Name, func(t *testing.T) {
			header, body, now := d.header(), []byte(d.Body), d.sent(t)
			for kind, text := range all.Secrets {
				if err := webhook.Verify(webhook.NewSecret(text), header, body, now); errors.Is(err, webhook.ErrUnverified) != (kind != d.Kind) {
					t.Errorf("with the secret of %s: %v", kind, err)
				}
			}
			secret := webhook.NewSecret(all.Secrets[d.Kind])
			for _, at := range []int{0, i % len(body), len(body) / 2, len(body) - 1} {
				changed := bytes.Clone(body)
				changed[at] ^= 1
				refused(t, webhook.Verify(secret, header, changed, now), "does not match this body")
			}
			refused(t, webhook.Verify(secret, header, body[:len(body)-1], now), "does not match this body")
			refused(t, webhook.Verify(secret, header, append(bytes.Clone(body), '\n'), now), "does not match this body")
			for _, name := range []string{webhook.TimestampHeader, webhook.SignatureHeader} {
				for at := len(header.Get(name)) - 1; at >= len(header.Get(name))-3; at-- {
					changed, value := header.Clone(), []byte(header.Get(name))
					value[at] = "123456789abcdef0"[strings.IndexByte("0123456789abcdef", value[at])]
					changed.Set(name, string(value))
					refused(t, webhook.Verify(secret, changed, body, now), "")
				}
			}
		})
	}
}

// TestVerifyTolerance checks the exact limits at which a delivery is too old or too new.
func TestVerifyTolerance(t *testing.T) {
	d, secret := one(t, "account", "resolve-1")
	header, body, sent := d.header(), []byte(d.Body), d.sent(t)
	for _, age := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
		if err := webhook.Verify(secret, header, body, sent.Add(age)); err != nil {
			t.Errorf("age %v: %v", age, err)
		}
	}
	for _, age := range []time.Duration{5*time.Minute + 1, -5*time.Minute - 1} {
		refused(t, webhook.Verify(secret, header, body, sent.Add(age)), "was sent at")
		if err := webhook.VerifyWithin(time.Hour, secret, header, body, sent.Add(age)); err != nil {
			t.Errorf("within an hour: %v", err)
		}
	}
	for _, tolerance := range []time.Duration{0, -1} {
		refused(t, webhook.VerifyWithin(tolerance, secret, header, body, sent), "must be above 0")
	}
}

func TestVerifyHeaders(t *testing.T) {
	d, secret := one(t, "bot", "bot-answer-1")
	body, sent := []byte(d.Body), d.sent(t)
	timestamp, signature := d.Headers[webhook.TimestampHeader], d.Headers[webhook.SignatureHeader]
	for name, c := range map[string]struct {
		header http.Header
		says   string // "" if it verifies
	}{
		"lower case": {http.Header{"x-chatwoot-timestamp": {timestamp}, "x-chatwoot-signature": {signature}}, ""},
		"none":       {http.Header{}, "there is no X-Chatwoot-Timestamp"},
		"nil":        {nil, "there is no X-Chatwoot-Timestamp"},
		"no signature": {
			http.Header{webhook.TimestampHeader: {timestamp}}, "there is no X-Chatwoot-Signature",
		},
		"two times": {
			http.Header{webhook.TimestampHeader: {timestamp, timestamp}, webhook.SignatureHeader: {signature}}, "2 values of X-Chatwoot-Timestamp",
		},
		"two signatures in two cases": {
			http.Header{webhook.TimestampHeader: {timestamp}, webhook.SignatureHeader: {"sha256="}, "x-chatwoot-signature": {signature}}, "2 values",
		},
		"not a number": {http.Header{webhook.TimestampHeader: {"soon"}, webhook.SignatureHeader: {signature}}, "not a number of seconds"},
		"signed":       {http.Header{webhook.TimestampHeader: {"+" + timestamp}, webhook.SignatureHeader: {signature}}, "not a number of seconds"},
		"negative":     {http.Header{webhook.TimestampHeader: {"-" + timestamp}, webhook.SignatureHeader: {signature}}, "not a number of seconds"},
		"beyond":       {http.Header{webhook.TimestampHeader: {"9" + strings.Repeat("9", 30)}, webhook.SignatureHeader: {signature}}, "not a number of seconds"},
		"no prefix":    {http.Header{webhook.TimestampHeader: {timestamp}, webhook.SignatureHeader: {signature[len("sha256="):]}}, "is not sha256="},
		"another":      {http.Header{webhook.TimestampHeader: {timestamp}, webhook.SignatureHeader: {"sha1=" + signature[7:]}}, "is not sha256="},
		"not hex":      {http.Header{webhook.TimestampHeader: {timestamp}, webhook.SignatureHeader: {signature + "zz"}}, "is not sha256="},
		"half":         {http.Header{webhook.TimestampHeader: {timestamp}, webhook.SignatureHeader: {signature[:39]}}, "does not match this body"},
		"empty":        {http.Header{webhook.TimestampHeader: {timestamp}, webhook.SignatureHeader: {"sha256="}}, "does not match this body"},
		"empty text":   {http.Header{webhook.TimestampHeader: {timestamp}, webhook.SignatureHeader: {""}}, "is not sha256="},
	} {
		t.Run(name, func(t *testing.T) {
			err := webhook.Verify(secret, c.header, body, sent)
			if c.says != "" {
				refused(t, err, c.says)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestVerifySecrets(t *testing.T) {
	d, _ := one(t, "account", "resolve-1")
	refused(t, webhook.Verify(webhook.Secret{}, d.header(), []byte(d.Body), d.sent(t)), "there is no secret")
	refused(t, webhook.Verify(webhook.NewSecret(""), nil, nil, time.Time{}), "there is no secret")
	if err := webhook.Verify(webhook.Unsigned, nil, nil, time.Time{}); err != nil {
		t.Errorf("Unsigned: %v", err)
	}
}

// TestSign compares Sign with a recorded delivery.
func TestSign(t *testing.T) {
	d, secret := one(t, "inbox", "message-outgoing-2")
	header := http.Header{}
	webhook.Sign(secret, header, []byte(d.Body), d.sent(t))
	for _, name := range []string{webhook.TimestampHeader, webhook.SignatureHeader} {
		if header.Get(name) != d.Headers[name] {
			t.Errorf("%s is %q, want the server's %q", name, header.Get(name), d.Headers[name])
		}
	}
}

// refused checks that the error is ErrUnverified with the given words, and shows no secret.
func refused(t *testing.T, err error, says string) {
	t.Helper()
	if !errors.Is(err, webhook.ErrUnverified) || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %q", err, says)
	}
	for _, text := range recorded(t, "4.16.2").Secrets {
		if err != nil && strings.Contains(err.Error(), text) {
			t.Errorf("secret shown in %v", err)
		}
	}
}
