package decode

import (
	"reflect"
	"strings"
	"testing"
)

// tree is a type whose lists are of its own kind.
type tree struct {
	name     string
	children []tree
}

func (x *tree) decode(r *Reader) {
	for f := r.Object(); r.Next(&f); {
		switch string(f.Name) {
		case "name":
			Text(&x.name, r)
		case "children":
			List(&x.children, r, (*tree).decode)
		}
	}
}

// TestReaderForgets checks that nothing of a text stays alive once it has been read, and that lists within lists of the same
// type are read.
func TestReaderForgets(t *testing.T) {
	t.Parallel()
	r := newReader()
	for range 2 {
		var got tree
		done := r.read([]byte(`{"name":"a","children":[{"name":"b","children":[{"name":"\td"},{"name":"e"}]},{"name":"c"}]}`), got.decode)
		if want := (tree{"a", []tree{{"b", []tree{{"\td", nil}, {"e", nil}}}, {"c", nil}}}); !done || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v", got)
		}
		if r.data != nil || r.came != [len(r.came)]string{} || r.pos != 0 {
			t.Errorf("the reader kept the text, or parts of it")
		}
		for kind, room := range r.lists {
			list, ok := room.(*[few]tree)
			if !ok {
				t.Fatalf("there is no room for lists of %s", kind)
			}
			for _, before := range list {
				if before.name != "" || before.children != nil {
					t.Errorf("the reader kept %+v", before)
				}
			}
		}
	}
	for _, n := range []int{few - 1, few, few + 1, 1000} {
		text := `{"children":[` + strings.Repeat(`{"name":"a"},`, n-1) + `{"name":"b"}`
		var got tree
		if !r.read([]byte(text+`]}`), got.decode) || len(got.children) != n || cap(got.children) != n || got.children[n-1].name != "b" {
			t.Errorf("a list of %d: got %d elements, with room for %d", n, len(got.children), cap(got.children))
		}
		for _, end := range []string{``, `,]}`, `}`, `,x]}`} {
			if got := (tree{}); r.read([]byte(text+end), got.decode) {
				t.Errorf("%s%s was read, want a failure", text, end)
			}
		}
	}
	var long string
	if !r.read([]byte(`"\n`+strings.Repeat("x", 2*maxRoom)+`"`), func(r *Reader) { Text(&long, r) }) || cap(r.room) > maxRoom {
		t.Errorf("the reader kept %d bytes", cap(r.room))
	}
}
