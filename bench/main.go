// Command bench compares, in one run, the same calls through four clients: by hand, Account, the generated client without
// the chain, and the client that ogen generates from the same openapi.yaml.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"slices"
	"testing"
	"text/tabwriter"
	"time"
)

var (
	rounds = flag.Int("rounds", 7, "how often each call is measured; the table has the median, and the spread of the ratios")
	each   = flag.Duration("each", 300*time.Millisecond, "how long each measurement lasts")
	locks  = flag.String("locks", "", "write instead to this file the mutex profile of 64 goroutines that list with one client")
)

func main() {
	log.SetFlags(0)
	testing.Init()
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
	if err := flag.Set("test.benchtime", each.String()); err != nil {
		return err
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

// measure measures a call of every client in turn, round by round, so that what else the machine does meets all of them.
// The result has the rounds of each client.
func measure(clients []client, of func(client) call) ([][]measurement, error) {
	all := make([][]measurement, len(clients))
	for round := range *rounds + 1 {
		for i, c := range clients {
			result, err := benchmark(of(c))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 { // the first one warms up
				all[i] = append(all[i], result)
			}
		}
	}
	return all, nil
}

func benchmark(call call) (measurement, error) {
	var failed error
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if failed = call(b.Context()); failed != nil {
				return
			}
		}
	})
	return measurement{float64(result.NsPerOp()), float64(result.AllocedBytesPerOp()), float64(result.AllocsPerOp())}, failed
}

// print prints a table: the medians, and how they compare with the first client's, round by round.
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

// comparison is one column: the median, and the median of the ratios with the spread.
type comparison struct{ median, ratio, least, greatest float64 }

func compare(these, with []measurement, column int) comparison {
	values, ratios := make([]float64, len(these)), make([]float64, len(these))
	for round := range these {
		values[round] = these[round][column]
		ratios[round] = these[round][column] / with[round][column]
	}
	slices.Sort(values)
	slices.Sort(ratios)
	return comparison{values[len(values)/2], ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1]}
}
