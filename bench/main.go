// Command bench compares, in one run, the same calls through four clients: by hand, Account, the generated client without
// the chain, and the client that ogen generates from the same openapi.yaml.
package main

import (
	"context"
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
	rounds = flag.Int("rounds", 100, "how many batches of each call are measured")
	calls  = flag.Int("calls", 20, "how many calls a batch has")
	locks  = flag.String("locks", "", "write instead to this file the mutex profile of 64 goroutines that list with one client")
)

func main() {
	log.SetFlags(0)
	if len(os.Args) == 2 && os.Args[1] == serveArgument {
		log.Fatal(serve())
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
	clients, err := newClients(server, newTransport())
	if err != nil {
		return err
	}
	if *locks != "" {
		return profileLocks(clients[1].list, *locks)
	}
	for _, call := range []struct {
		name string
		of   func(client) call
	}{
		{"a list page of 25", func(c client) call { return c.list }},
		{"get", func(c client) call { return c.get }},
		{"toggle", func(c client) call { return c.toggle }},
	} {
		measured, err := measure(clients, call.of)
		if err != nil {
			return fmt.Errorf("%s: %w", call.name, err)
		}
		print(call.name, clients, measured)
	}
	return printChanged()
}

// newTransport is net/http's with as many idle connections as Account has by itself. All clients share it.
func newTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 16
	return t
}

// measurement is what one call costs: nanoseconds, bytes, allocations.
type measurement [3]float64

// measure makes batches of a call with every client in turn, in another order each round, so that what else the machine does
// meets all of them alike. The result has the rounds of each client.
func measure(clients []client, of func(client) call) ([][]measurement, error) {
	all := make([][]measurement, len(clients))
	for round := range *rounds + 1 {
		for _, i := range rand.Perm(len(clients)) {
			result, err := batch(of(clients[i]))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", clients[i].name, err)
			}
			if round > 0 { // the first one warms up
				all[i] = append(all[i], result)
			}
		}
	}
	return all, nil
}

// batch makes a call some times, one after the other.
func batch(call call) (measurement, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	for range *calls {
		if err := call(context.Background()); err != nil {
			return measurement{}, err
		}
	}
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	n := float64(*calls)
	return measurement{
		float64(took) / n, float64(after.TotalAlloc-before.TotalAlloc) / n, float64(after.Mallocs-before.Mallocs) / n,
	}, nil
}

// print prints a table: the medians, and how they compare with the first client's, round by round. The spread is that of the
// middle half of the rounds.
func print(call string, clients []client, measured [][]measurement) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "%s\tµs\tratio (spread)\tkB\tratio\tallocs\tratio\t\n", call)
	for i, c := range clients {
		time, bytes, allocs := compare(measured[i], measured[0], 0), compare(measured[i], measured[0], 1), compare(measured[i], measured[0], 2)
		fmt.Fprintf(out, "%s\t%.0f\t%.2f (%.2f-%.2f)\t%.1f\t%.2f\t%.0f\t%.2f\t\n", c.name,
			time.median/1e3, time.ratio, time.least, time.greatest, bytes.median/1e3, bytes.ratio, allocs.median, allocs.ratio)
	}
	fmt.Fprintln(out)
	_ = out.Flush()
}

// comparison is one column: the median, and the median of the ratios with their quartiles.
type comparison struct{ median, ratio, least, greatest float64 }

func compare(these, with []measurement, column int) comparison {
	values, ratios := make([]float64, len(these)), make([]float64, len(these))
	for round := range these {
		values[round] = these[round][column]
		ratios[round] = these[round][column] / with[round][column]
	}
	slices.Sort(values)
	slices.Sort(ratios)
	n := len(these)
	return comparison{values[n/2], ratios[n/2], ratios[n/4], ratios[n-1-n/4]}
}
