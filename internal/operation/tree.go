package operation

import (
	"slices"
	"sync"
)

// node is a point at which the paths of operations diverge, read from their ends, because a server may live below any path.
type node struct {
	ends      []*Operation     // operations whose paths are complete here, one for each method
	before    map[string]*node // by the preceding step
	parameter *node            // for any preceding step
}

// tree is the table's tree. The time to find an operation does not grow with the table.
var tree = sync.OnceValue(func() *node { return grow(All) })

func grow(table []*Operation) *node {
	root := &node{}
	for _, o := range table {
		n := root
		for _, step := range slices.Backward(o.steps) {
			n = n.add(step)
		}
		n.ends = append(n.ends, o)
	}
	return root
}

// add returns the node of a step before this one.
func (n *node) add(step string) *node {
	if isParameter(step) {
		if n.parameter == nil {
			n.parameter = &node{}
		}
		return n.parameter
	}
	if n.before == nil {
		n.before = map[string]*node{}
	}
	if n.before[step] == nil {
		n.before[step] = &node{}
	}
	return n.before[step]
}

// find returns the best match among found and the operations to which the given steps lead.
func (n *node) find(method string, steps []string, found *Operation) *Operation {
	for _, o := range n.ends {
		if o.Method == method && (o.parameters > 0 || !isWithinAPI(steps)) && (found == nil || o.before(found)) {
			found = o
		}
	}
	if len(steps) == 0 {
		return found
	}
	last := len(steps) - 1
	if next := n.before[steps[last]]; next != nil {
		found = next.find(method, steps[:last], found)
	}
	if n.parameter != nil && steps[last] != "" {
		found = n.parameter.find(method, steps[:last], found)
	}
	return found
}
