package progress

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/vbauerster/mpb/v8/decor"
)

// head returns the phase and its progress, in aligned columns if there is room.
func head(a at, s decor.Statistics) string {
	phase := a.Phase
	if s.AvailableWidth >= 60 {
		phase = fmt.Sprintf("%-13s", phase) // as long as "conversations"
	}
	return fmt.Sprintf("%s %4s", phase, extent(a, s))
}

// extent returns the progress of a phase, in four columns. Without a total it is a spinner.
func extent(a at, s decor.Statistics) string {
	switch {
	case s.Completed:
		return "done"
	case a.Total > 0:
		return fmt.Sprintf("%d%%", int64(float64(min(max(a.Done, 0), a.Total))/float64(a.Total)*100))
	case s.Aborted:
		return ""
	}
	return string(`-\|/`[a.now.UnixMilli()/250%4])
}

// fitting returns the first of several texts that fits, with blanks before each word; the last one if none fits. One column
// stays free, for terminals that wrap in the last one.
func fitting(texts [][]string, room int) (text string) {
	for _, words := range texts {
		words = slices.DeleteFunc(words, func(word string) bool { return word == "" })
		if len(words) == 0 {
			return ""
		}
		if text = "  " + strings.Join(words, "  "); len(text) < room {
			break
		}
	}
	return text
}

// going returns the texts for a running phase, longest first.
func going(a at) [][]string {
	rows, requests := counted(a.Rows, "row"), counted(a.Requests, "request")
	if a.waits() {
		until := a.WaitingUntil.Local().Format(time.TimeOnly) //nolint:gosmopolitan // a person looks at a clock
		long, short := "waiting for the limit until "+until, "waiting until "+until
		return [][]string{{rows, requests, long}, {rows, long}, {rows, short}, {short}}
	}
	pace, left := "", ""
	if a.rate >= 0 {
		pace = perSecond(a.rate)
	}
	if a.left > 0 {
		left = rough(a.left) + " left"
	}
	return [][]string{{rows, pace, requests, left}, {rows, pace, left}, {rows, left}, {left}}
}

// ending returns the texts for a finished phase, longest first.
func ending(a at, took time.Duration) [][]string {
	rows, in := counted(a.Rows, "row"), "in "+took.Round(time.Second).String()
	return [][]string{{rows, counted(a.Requests, "request"), in}, {rows, in}, {in}}
}

func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return humanize.Comma(n) + " " + what + "s"
}

func perSecond(rate float64) string {
	if rate > 0 && rate < 9.95 {
		return fmt.Sprintf("%.1f rows/s", rate)
	}
	return humanize.Comma(int64(math.Round(rate))) + " rows/s"
}

// rough returns a time left with plausible precision, rounded up.
func rough(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 55*time.Second:
		return upTo(5*time.Second, d).String()
	case d <= day:
		return strings.TrimSuffix(upTo(time.Minute, d).String(), "0s")
	}
	return fmt.Sprintf("%d days", upTo(day, d)/day)
}

// upTo rounds a time up to a whole number of units.
func upTo(unit, d time.Duration) time.Duration {
	whole := d.Truncate(unit)
	if whole < d {
		whole += unit
	}
	return whole
}
