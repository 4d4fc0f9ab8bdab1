package chain

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
)

// Mark is embedded in the errors that the root makes of failures, so that those of other calls are recognized.
type Mark struct{}

func (Mark) isFailure() {}

// isFailure reports whether an error is the failure of a call.
func isFailure(err error) bool {
	_, ok := err.(interface{ isFailure() })
	return ok
}

// maxDepth bounds how deep an error is searched: it may be its own cause.
const maxDepth = 50

// cause returns why there is no answer, in words that are safe to show: without the request's address, which url.Error
// repeats, without its secrets, which net/http quotes from an answer in another protocol, and on one line.
func (s secrets) cause(err error) error {
	text, whole := textOf(err)
	if !whole {
		return errors.New("the error's text is empty or endless")
	}
	safe := text
	each(err, func(e error) bool {
		if outer, inner, ok := addressed(e); ok {
			safe = strings.ReplaceAll(safe, outer, inner)
		}
		return false
	})
	safe = printable(s.inStart(safe))
	if _, inner, ok := addressed(err); ok && safe == printable(inner) {
		return s.cause(errors.Unwrap(err)) // this needs no veil
	}
	return veil(err, text, safe)
}

// addressed returns the text of a url.Error, which repeats the address, and the text without it.
func addressed(err error) (outer, inner string, ok bool) {
	u, ok := err.(*url.Error)
	if !ok || u == nil {
		return "", "", false
	}
	inner, ok = textOf(u.Err)
	if !ok {
		return "", "", false
	}
	outer, ok = textOf(u)
	return outer, inner, ok
}

// Safe returns the failure of foreign code, such as a request editor, in words that are safe to show, so that this call's
// failure does not match unrelated errors.
func Safe(err error) error {
	text, whole := textOf(err)
	if !whole {
		return errors.New("the error's text is empty or endless")
	}
	return veil(err, text, printable(text))
}

// Clean returns the failure of foreign code that has seen a request, without the request's address and secrets.
func Clean(req *http.Request, err error) error {
	if isAbandoned(err) { // code that still has the request may be changing it
		return Safe(err)
	}
	return secretsOf(req).cause(err)
}

// veil returns an error with another text, or the error itself if it needs no veil.
func veil(err error, text, safe string) error {
	foreign := each(err, isFailure)
	if text == safe && !foreign {
		return err
	}
	return veiled{func() error { return err }, safe, isFailure}
}

// veiled is an error that shows another text than its own. errors.Is and errors.As find what it wraps, except inside the
// failure of another call: what that means, such as that nothing was sent, does not hold for this one.
//
// It hides in a function, because fmt prints the fields of a struct without asking them.
type veiled struct {
	err    func() error
	text   string
	hidden func(error) bool // reports what must not be found by its type
}

func (v veiled) Error() string { return v.text }

// Is reports whether the error, or one that it wraps, is the target.
func (v veiled) Is(target error) bool {
	plain := reflect.TypeOf(target).Comparable()
	return each(v.err(), func(e error) bool {
		if plain && reflect.TypeOf(e).Comparable() && e == target {
			return true
		}
		is, ok := e.(interface{ Is(target error) bool })
		return ok && !isFailure(e) && is.Is(target)
	})
}

// As finds a wrapped error of a type.
func (v veiled) As(target any) bool {
	into := reflect.ValueOf(target).Elem()
	return each(v.err(), func(e error) bool {
		if isFailure(e) || v.hidden(e) {
			return false
		}
		if reflect.TypeOf(e).AssignableTo(into.Type()) {
			into.Set(reflect.ValueOf(e))
			return true
		}
		as, ok := e.(interface{ As(target any) bool })
		return ok && as.As(target)
	})
}

// maxErrors bounds how many wrapped errors are looked at: an error may contain itself, several times.
const maxErrors = 1000

// each asks about an error and those that it wraps, until the answer is yes. It does not look into the failure of another
// call.
func each(err error, is func(error) bool) bool {
	budget := maxErrors
	var ask func(err error, depth int) bool
	ask = func(err error, depth int) bool {
		if budget--; err == nil || depth == 0 || budget < 0 {
			return false
		}
		if is(err) {
			return true
		}
		if isFailure(err) {
			return false
		}
		return slices.ContainsFunc(unwrapped(err), func(inner error) bool { return ask(inner, depth-1) })
	}
	return ask(err, maxDepth)
}

// unwrapped returns what an error wraps, nil if it cannot say.
func unwrapped(err error) (inner []error) {
	defer func() { _ = recover() }() // a nil pointer in an interface
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}

// textOf returns the text of an error; false if it has none, because it panics or would never end.
func textOf(err error) (text string, ok bool) {
	if err == nil || endless(err) {
		return "", false
	}
	defer func() { _ = recover() }()
	return err.Error(), true
}

// endless reports whether an error is nested so deep that it may be its own cause.
func endless(err error) bool {
	for range maxDepth {
		if _, ok := err.(interface{ Unwrap() error }); !ok {
			return false
		}
		inner := unwrapped(err)
		if len(inner) == 0 || inner[0] == nil {
			return false
		}
		err = inner[0]
	}
	return true
}
