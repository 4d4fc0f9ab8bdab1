package webhook_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cfchat/cfchat-go/webhook"
)

// delivery is a delivery that a server has sent.
type delivery struct {
	Kind, Name, Step string
	Headers          map[string]string
	Body             string
}

// deliveries are the deliveries of one server and, if it signs them, the secrets of its three kinds of hooks.
type deliveries struct {
	Server     string
	Secrets    map[string]string
	Deliveries []delivery
}

// byVersion holds the deliveries of each server.
var byVersion = sync.OnceValues(func() (map[string]deliveries, error) {
	all := map[string]deliveries{}
	for _, version := range []string{"2.16.0", "4.16.2"} {
		packed, err := os.ReadFile("../testdata/deliveries/" + version + ".json.gz")
		if err != nil {
			return nil, err
		}
		data, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		var of deliveries
		if err := json.NewDecoder(data).Decode(&of); err != nil {
			return nil, err
		}
		all[version] = of
	}
	return all, nil
})

// recorded returns the deliveries of the given version.
func recorded(t *testing.T, version string) deliveries {
	t.Helper()
	all, err := byVersion()
	if err != nil || len(all[version].Deliveries) == 0 {
		t.Fatalf("got %d deliveries of %s, %v", len(all[version].Deliveries), version, err)
	}
	return all[version]
}

// eachRecorded runs a test on each delivery of 2.16.0 and 4.16.2.
func eachRecorded(t *testing.T, test func(t *testing.T, d delivery)) {
	t.Helper()
	for _, version := range []string{"2.16.0", "4.16.2"} {
		for _, d := range recorded(t, version).Deliveries {
			t.Run(version+"/"+d.Kind+"/"+d.Name, func(t *testing.T) { test(t, d) })
		}
	}
}

func (d *delivery) header() http.Header {
	header := http.Header{}
	for name, value := range d.Headers {
		header.Set(name, value)
	}
	return header
}

func (d *delivery) sent(t *testing.T) time.Time {
	t.Helper()
	seconds, err := strconv.ParseInt(d.Headers[webhook.TimestampHeader], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(seconds, 0)
}

// one returns the recorded delivery of 4.16.2 with the given name.
func one(t *testing.T, kind, name string) (delivery, webhook.Secret) {
	t.Helper()
	all := recorded(t, "4.16.2")
	for _, d := range all.Deliveries {
		if d.Kind == kind && d.Name == name {
			return d, webhook.NewSecret(all.Secrets[kind])
		}
	}
	t.Fatalf("no recorded delivery %s of kind %s", name, kind)
	return delivery{}, webhook.Secret{}
}
