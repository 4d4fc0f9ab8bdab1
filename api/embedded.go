package api

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// GetSpec returns openapi.yaml, parsed, with its references resolved. Each call parses it anew, so the caller may modify the
// result.
func GetSpec() (*openapi3.T, error) {
	data, err := inflated()
	if err != nil {
		return nil, err
	}
	return openapi3.NewLoader().LoadFromData(data)
}

// GetSpecJSON returns a copy of openapi.yaml as JSON.
func GetSpecJSON() ([]byte, error) {
	data, err := inflated()
	return bytes.Clone(data), err
}

// inflated is the embedded spec as JSON.
var inflated = sync.OnceValues(func() ([]byte, error) {
	packed := base64.NewDecoder(base64.StdEncoding, strings.NewReader(strings.Join(embedded, "")))
	data, err := io.ReadAll(flate.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("api: the embedded spec: %w", err)
	}
	return data, nil
})
