// Command bench compares, in one run, the same calls through five clients: net/http by hand, the same with a time limit,
// Account, the generated client without the chain, and the client that ogen generates from the same openapi.yaml.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

var (
	rounds = flag.Int("rounds", 100, "how many batches of each call to time")
	locks  = flag.String("locks", "", "instead write the mutex profile of 64 goroutines that list with one client to this file")
)

func main() {
	log.SetFlags(0)
	if len(os.Args) == 2 && os.Args[1] == serveArgument {
		log.Fatal(serve())
	}
	if len(os.Args) == 4 && os.Args[1] == coldArgument {
		if err := cold(os.Args[2], os.Args[3]); err != nil {
			log.Fatal(err)
		}
		return
	}
	flag.Parse()
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	server, stop, err := startServer()
	if err != nil {
		return err
	}
	defer stop.Close()
	transport, err := newTransport()
	if err != nil {
		return err
	}
	clients, err := newClients(server, transport)
	if err != nil {
		return err
	}
	if *locks != "" {
		return profileLocks(clients[2].list, *locks)
	}
	for _, call := range []struct {
		name string
		size int // calls in a batch
		of   func(client) call
	}{
		{"a list page of 25", 10, func(c client) call { return c.list }},
		{"a window of 1,000 messages", 2, func(c client) call { return c.window }},
		{"get", 50, func(c client) call { return c.get }},
		{"toggle", 100, func(c client) call { return c.toggle }},
	} {
		measured, err := measure(clients, call.size, call.of)
		if err != nil {
			return fmt.Errorf("%s: %w", call.name, err)
		}
		print(call.name, clients, measured)
	}
	if err := printCold(server); err != nil {
		return err
	}
	return printCrowd(server)
}

// newTransport returns a transport like net/http's, with as many idle connections as Account's own. All clients share it.
func newTransport() (http.RoundTripper, error) {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default transport is not an *http.Transport")
	}
	t := standard.Clone()
	t.MaxIdleConnsPerHost = 16
	return t, nil
}

// cost is the cost of a client's call: nanoseconds in each round, and bytes and allocations.
type cost struct {
	rounds        []float64
	bytes, allocs float64
}

// measure times batches of a call with every client in turn, in a different order each round, so that other load on the
// machine affects all of them alike. Allocations are counted over many calls in a row, as in a walk.
func measure(clients []client, size int, of func(client) call) ([]cost, error) {
	costs := make([]cost, len(clients))
	for i, c := range clients {
		if _, err := batch(10*size, of(c)); err != nil { // to warm up
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := batch(counted*size, of(c)); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		runtime.ReadMemStats(&after)
		costs[i].bytes = float64(after.TotalAlloc-before.TotalAlloc) / float64(counted*size)
		costs[i].allocs = float64(after.Mallocs-before.Mallocs) / float64(counted*size)
	}
	for range *rounds {
		for _, i := range rand.Perm(len(clients)) {
			took, err := batch(size, of(clients[i]))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", clients[i].name, err)
			}
			costs[i].rounds = append(costs[i].rounds, took)
		}
	}
	return costs, nil
}

// counted is the number of batches over which allocations are counted.
const counted = 50

// batch makes a call size times, one after another, and returns the mean time in nanoseconds.
func batch(size int, call call) (took float64, err error) {
	start := time.Now()
	for range size {
		if err := call(context.Background()); err != nil {
			return 0, err
		}
	}
	return float64(time.Since(start)) / float64(size), nil
}

// print prints a table: the median time, and the ratio to the first client's time, round by round, as median and quartiles.
func print(call string, clients []client, costs []cost) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "%s\tµs\tratio (quartiles)\tkB\tratio\tallocs\tratio\t\n", call)
	hand := costs[0]
	for i, c := range clients {
		ratios := make([]float64, *rounds)
		for round := range ratios {
			ratios[round] = costs[i].rounds[round] / hand.rounds[round]
		}
		slices.Sort(ratios)
		times := slices.Sorted(slices.Values(costs[i].rounds))
		n := *rounds
		fmt.Fprintf(out, "%s\t%.0f\t%.2f (%.2f-%.2f)\t%.1f\t%.2f\t%.0f\t%.2f\t\n", c.name,
			times[n/2]/1e3, ratios[n/2], ratios[n/4], ratios[n-1-n/4],
			costs[i].bytes/1e3, costs[i].bytes/hand.bytes, costs[i].allocs, costs[i].allocs/hand.allocs)
	}
	fmt.Fprintln(out)
	_ = out.Flush()
}
