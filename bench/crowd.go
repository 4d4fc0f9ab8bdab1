package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cfchat/cfchat-go"
)

const (
	crowdSize     = 10_000
	coldArgument  = "cold" // runs this program as one that makes a client's first calls; the client's name and the server follow
	coldPrograms  = 15
	sampleSpacing = 2 * time.Millisecond
)

// printCrowd makes many concurrent calls to one server with a new client, by default and with fewer connections.
func printCrowd(server string) error {
	fmt.Printf("%d concurrent gets\n", crowdSize)
	for _, limit := range []int{0, 256, 64, 16} {
		var dials atomic.Int64
		transport := cfchat.DefaultTransport()
		transport.MaxConnsPerHost = limit
		dialer := &net.Dialer{}
		transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return dialer.DialContext(ctx, network, address)
		}
		crowd, err := accountClient(server, &http.Client{Transport: transport})
		if err != nil {
			return err
		}
		took, heap, failed := rush(crowd.get)
		transport.CloseIdleConnections()
		fmt.Printf("MaxConnsPerHost %d: %.2f s, %d connections, %d MB at most, %d failed\n", limit, took.Seconds(), dials.Load(), heap>>20, failed)
	}
	fmt.Println()
	return nil
}

// rush makes a call from many goroutines at the same time. It returns the peak memory that Go held beyond what it held
// before, and how many calls failed.
func rush(call call) (took time.Duration, held uint64, failed int64) {
	runtime.GC()
	before, done := heldMemory(), make(chan struct{})
	var sampler sync.WaitGroup
	sampler.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(sampleSpacing):
				held = max(held, heldMemory())
			}
		}
	})
	var group sync.WaitGroup
	var failures atomic.Int64
	start := time.Now()
	for range crowdSize {
		group.Go(func() {
			if call(context.Background()) != nil {
				failures.Add(1)
			}
		})
	}
	group.Wait()
	took = time.Since(start)
	close(done)
	sampler.Wait()
	return took, held - min(held, before), failures.Load()
}

// heldMemory returns the size of heap objects and stacks, in bytes.
func heldMemory() uint64 {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64() + samples[1].Value.Uint64()
}

// printCold compares a program's first list page with its second, by hand and through Account, in separate programs.
func printCold(server string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Println("a list page in a new program, ms: creating the client, the first call, the second")
	for _, name := range []string{byHandName, accountName} {
		var all [3][]float64
		for range coldPrograms {
			out, err := exec.Command(self, coldArgument, name, server).Output()
			if err != nil {
				return err
			}
			var took [3]float64
			if _, err := fmt.Sscan(string(out), &took[0], &took[1], &took[2]); err != nil {
				return err
			}
			for i := range all {
				all[i] = append(all[i], took[i])
			}
		}
		fmt.Print(name + ":")
		for _, took := range all {
			slices.Sort(took)
			fmt.Printf(" %.2f (%.2f-%.2f)", took[len(took)/2], took[len(took)/4], took[len(took)-1-len(took)/4])
		}
		fmt.Println()
	}
	fmt.Println()
	return nil
}

// cold creates a client, makes its first two calls, and prints how many milliseconds each step took.
func cold(name, server string) error {
	start := time.Now()
	var first client
	if through := (&http.Client{Transport: cfchat.DefaultTransport()}); name == byHandName {
		first = handClient(name, server, through)
	} else {
		account, err := accountClient(server, through)
		if err != nil {
			return err
		}
		first = account
	}
	made := time.Now()
	err := first.list(context.Background())
	called := time.Now()
	again := first.list(context.Background())
	var took []string
	for _, t := range []time.Duration{made.Sub(start), called.Sub(made), time.Since(called)} {
		took = append(took, fmt.Sprintf("%.3f", float64(t)/1e6))
	}
	fmt.Println(strings.Join(took, " "))
	return errors.Join(err, again)
}
