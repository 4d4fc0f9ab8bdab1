package cfchattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// params are a request's parameters. A value is a string, [json.Number], bool, nil, []any or map[string]any.
type params map[string]any

// errMalformed is the error for a body or query that cannot be read: a 400, before the key is checked (contract, 3).
var errMalformed = errors.New("malformed parameters")

// parseParams merges the parameters of the body and the query. The query wins (contract, 1.0).
func parseParams(r *http.Request, body []byte) (params, error) {
	merged, err := parseBody(r.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, err
	}
	return merged, parseQuery(r.URL.RawQuery, merged)
}

// parseBody reads JSON and forms. A body of any other type is silently ignored (contract, 1.0); forms without files are
// (unseen).
func parseBody(contentType string, body []byte) (params, error) {
	into := params{}
	media, details, _ := mime.ParseMediaType(contentType)
	switch {
	case len(body) == 0:
		return into, nil
	case media == "application/x-www-form-urlencoded":
		return into, parseQuery(string(body), into)
	case media == "multipart/form-data":
		return parseForm(details["boundary"], body)
	case media == "application/json" || media == "text/x-json" || media == "application/vnd.api+json":
		return parseJSON(body)
	}
	return into, nil
}

// parseJSON reads a JSON body. A value that is not an object becomes the parameter _json (contract, 1.0).
func parseJSON(body []byte) (params, error) {
	if !utf8.Valid(body) {
		return nil, errMalformed
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return nil, errMalformed
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errMalformed
	}
	value = withoutNulls(value)
	if object, ok := value.(map[string]any); ok {
		return object, nil
	}
	return params{"_json": value}, nil
}

// withoutNulls removes the nulls inside arrays, which the server drops from every request (contract, 1.0).
func withoutNulls(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = withoutNulls(v[key])
		}
	case []any:
		kept := make([]any, 0, len(v))
		for _, element := range v {
			if element != nil {
				kept = append(kept, withoutNulls(element))
			}
		}
		return kept
	}
	return value
}

// parseQuery reads a=1&b[]=2&c[d]=3. A name used as two kinds of value is malformed (contract, 3).
func parseQuery(raw string, into params) error {
	query := map[string]any{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, text, hasValue := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || !utf8.ValidString(name) {
			return errMalformed
		}
		text, err = url.QueryUnescape(text)
		if err != nil || !utf8.ValidString(text) {
			return errMalformed
		}
		var value any // a name without "=" is null
		if hasValue {
			value = text
		}
		if err := assign(query, name, value); err != nil {
			return err
		}
	}
	for name, value := range query {
		into[name] = withoutNulls(value)
	}
	return nil
}

// assign stores one pair of a query or a form under its name, "a", "a[]" or "a[b]", or "a[b][c]" and so on. Each "a[][b]"
// makes an object of its own (unseen).
func assign(into map[string]any, name string, value any) error {
	base, rest, nested := strings.Cut(name, "[")
	key, further, closed := strings.Cut(rest, "]")
	switch {
	case !nested || !closed || base == "":
		into[name] = value
	case key == "":
		list, ok := into[base].([]any)
		if !ok && into[base] != nil {
			return errMalformed
		}
		if within, ok := stepInto(further); ok {
			object := map[string]any{}
			if err := assign(object, within, value); err != nil {
				return err
			}
			value = object
		}
		into[base] = append(list, value)
	default:
		object, ok := into[base].(map[string]any)
		if !ok && into[base] != nil {
			return errMalformed
		}
		if object == nil {
			object = map[string]any{}
		}
		into[base] = object
		return assign(object, key+further, value)
	}
	return nil
}

// stepInto returns the name in the brackets that follow.
func stepInto(further string) (name string, ok bool) {
	key, rest, closed := strings.Cut(strings.TrimPrefix(further, "["), "]")
	return key + rest, closed && key != ""
}

// list returns the values of a parameter that may be one or several.
func (p params) list(name string) []any {
	if several, ok := p[name].([]any); ok {
		return several
	}
	return []any{p[name]}
}
