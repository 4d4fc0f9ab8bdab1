package cfchat_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

// TestScanUnrenderable checks that a conversation that cannot be rendered, wherever it is, is the only one reported, once
// others have been read again.
func TestScanUnrenderable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		ids    []int64
		broken []int64
		most   int
	}{
		{"one of few", upTo(1, 20), []int64{7}, 30},
		{"the first", upTo(1, 100), []int64{1}, 30},
		{"the last", upTo(1, 100), []int64{100}, 30},
		{"the first of many", upTo(1, 300), []int64{1}, 35},
		{"the last of many", upTo(1, 300), []int64{300}, 35},
		{"in the middle of many", upTo(1, 300), []int64{150}, 35},
		{"several", upTo(1, 200), []int64{110, 130, 160, 190, 200}, 100},
		{"neighbours", upTo(1, 60), upTo(20, 29), 110},
		{"one far from the others", append(upTo(1, 20), 900), []int64{900}, 88},
		{"two far from the others", append(upTo(1, 20), 900, 40_000), []int64{900, 40_000}, 125},
		{"two far from the others, next to others", append(upTo(1, 20), 900, 40_000, 40_001), []int64{900, 40_000}, 125},
		{"one after a gap", append(upTo(1, 200), 9_000), []int64{9_000}, 96},
		{"few of many ids", []int64{5, 20_000, 30_000}, []int64{20_000}, 128},
		{"all but two", upTo(1, 30), without(upTo(1, 30), 4, 25), 250},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at2026()
				b := recentAccount(c.ids...).breaks(c.broken...)
				s := newScan(t, b, nil).run(openOnes, cfchat.ConversationScanOptions{})
				s.came(without(c.ids, c.broken...), c.broken...)
				s.within(c.most)
				for _, e := range s.blames {
					if e.StatusCode != http.StatusInternalServerError || !errors.Is(e, cfchat.ErrServer) || e.Operation != "conversationFilter" {
						t.Errorf("%#v", e)
					}
					if want := fmt.Sprintf("conversation %d of account 1 cannot be read", e.ConversationID); !strings.Contains(e.Error(), want) {
						t.Errorf("%q does not contain %q", e, want)
					}
				}
			})
		})
	}
}

// TestScanUnrenderableOnResume checks that a resumed scan distinguishes the conversations up to After from one that cannot
// be shown, for about one request per 25 of them.
func TestScanUnrenderableOnResume(t *testing.T) {
	t.Parallel()
	for broken, most := range map[int64]int{1_500: 105, 1_990: 230} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			s := newScan(t, recentAccount(upTo(1, 2_000)...).breaks(broken), nil)
			s.run(openOnes, cfchat.ConversationScanOptions{After: 1_400}).came(without(upTo(1_401, 2_000), broken), broken)
			s.within(most)
		})
	}
}

// TestScanNothingReadable checks that the scan ends with the server's error, and blames no conversation, if nothing can be
// read: a broken conversation cannot be told from a broken server then.
func TestScanNothingReadable(t *testing.T) {
	t.Parallel()
	for _, ids := range [][]int64{{1}, {700}, upTo(1, 3), upTo(1, 30), upTo(1, int64(part(160)))} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			s := newScan(t, recentAccount(ids...).breaks(ids...), nil).run(openOnes, cfchat.ConversationScanOptions{})
			if s.end == nil {
				t.Errorf("a scan of %d broken conversations ended without an error", len(ids))
			}
			s.endsWith(cfchat.ErrServer, nil)
			s.within(1_300)
		})
	}
}

// TestScanBlamesAfterAProof checks that no conversation is blamed before two others, already yielded and unrelated to it,
// have been read again.
func TestScanBlamesAfterAProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		s := newScan(t, recentAccount(upTo(1, 300)...).breaks(150), nil)
		blamedAt := 0
		for c, err := range s.account.Conversations.Scan(t.Context(), openOnes, cfchat.ConversationScanOptions{Concurrency: 1}) {
			if err == nil && c != nil {
				continue
			}
			if e, ok := errors.AsType[*cfchat.Error](err); !ok || c != nil || e.ConversationID != 150 {
				t.Fatalf("%v, %v", c, err)
			}
			blamedAt = s.requests()
		}
		proofs, alone := 0, 0
		for _, r := range s.sent[:blamedAt] {
			switch {
			case r.kind == aProof && alone > 0:
				if proofs++; len(r.rules[0].numbers) != 2 || slices.Contains(r.rules[0].numbers, 150) {
					t.Errorf("proved with %v", r.rules[0].numbers)
				}
			case r.kind == aWindow && r.lo == 150 && r.hi == 150:
				alone++
			}
		}
		if alone < 2 || proofs < 2 {
			t.Errorf("requested 150 alone %d times, with %d proofs", alone, proofs)
		}
	})
}

// TestScanTooLarge checks that a conversation above Config.MaxBody is reported, and that conversations that are only too
// large together are requested a few at a time.
func TestScanTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		b := recentAccount(upTo(1, 160)...)
		for _, c := range b.conversations {
			c.size = 900
		}
		b.conversations[16].size = 20_000
		s := newScan(t, b, nil, func(c *cfchat.Config) { c.MaxBody = 8 << 10 })
		s.run(openOnes, cfchat.ConversationScanOptions{})
		s.came(without(upTo(1, 160), 17), 17)
		s.within(130)
		if len(s.blames) == 1 && !errors.Is(s.blames[0], cfchat.ErrTooLarge) {
			t.Errorf("17 is blamed for %v", s.blames[0])
		}
	})
}

// cutReply returns a response that is cut off.
func cutReply() *http.Response {
	resp := jsonReply(`{"meta":{},"payload":[`)
	resp.Body = io.NopCloser(io.MultiReader(resp.Body, iotest.ErrReader(io.ErrUnexpectedEOF)))
	return resp
}

// TestScanUnreadable checks that a conversation that makes its window fail, in whatever way, is reported, and that the rest
// are yielded.
func TestScanUnreadable(t *testing.T) {
	t.Parallel()
	reply := func(status int, body string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return trial.Reply(status, "application/json", body), nil }
	}
	for name, fail := range map[string]func() (*http.Response, error){
		"another type of id": func() (*http.Response, error) { return jsonReply(`{"meta":{},"payload":[{"id":"x"}]}`), nil },
		"not JSON":           func() (*http.Response, error) { return trial.Reply(200, "text/html", "<html>"), nil },
		"413":                reply(413, "<html>"),
		"504":                reply(504, "<html>"),
		"403 of a proxy":     reply(403, "<html>"),
		"400 of a proxy":     reply(400, "<html>"),
		"cut":                func() (*http.Response, error) { return cutReply(), nil },
		"reset":              func() (*http.Response, error) { return nil, syscall.ECONNRESET },
		"slow":               reply(422, `{"error":"The request took too long to complete. Please try again."}`),
		"slow, in Spanish":   reply(422, `{"error":"La consulta ha tardado demasiado"}`),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at2026()
				s := newScan(t, recentAccount(upTo(1, 160)...), func(r sent) (*http.Response, error) {
					if r.has(17) {
						return fail()
					}
					return nil, nil
				})
				s.run(openOnes, cfchat.ConversationScanOptions{})
				s.came(without(upTo(1, 160), 17), 17)
				if s.within(80); name != "413" { // a 413 is taken to mean that the window is too wide
					s.within(32)
				}
			})
		})
	}
}

// hanging never answers a window with a given id, until the caller gives up.
func hanging(server http.RoundTripper, id int64) http.RoundTripper {
	return trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
		var r sent
		again := renamed(req, "", "")
		body, err := io.ReadAll(again.Body)
		if err != nil {
			return nil, err
		}
		rules, err := parseRules(body)
		if err != nil {
			return nil, err
		}
		if r.kind, r.rules = aWindow, rules; rules[0].operator == "equal_to" && r.has(id) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		}
		again.Body = io.NopCloser(strings.NewReader(string(body)))
		return server.RoundTrip(again)
	})
}

// TestScanTimeout checks that a conversation that the server does not return in time is reported. Each try takes 30 s.
func TestScanTimeout(t *testing.T) {
	for _, option := range []func(*cfchat.Config){retries, func(*cfchat.Config) {}} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			s := newScan(t, hanging(recentAccount(upTo(1, 160)...), 17), nil, option)
			s.run(openOnes, cfchat.ConversationScanOptions{})
			s.came(without(upTo(1, 160), 17), 17)
			if len(s.blames) == 1 && !errors.Is(s.blames[0], context.DeadlineExceeded) {
				t.Errorf("17 is blamed for %v", s.blames[0])
			}
		})
	}
}

// TestScanOutage checks that a server that is down is not mistaken for a broken conversation: the scan ends soon, with its
// error, and blames no conversation.
func TestScanOutage(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for _, c := range []struct {
		name string
		resp func() *http.Response
		err  error
		is   error
		most int // requests, each tried three times if that makes sense
	}{
		{"500", internalError, nil, cfchat.ErrServer, 68},
		{"503", func() *http.Response { return trial.Reply(503, "text/html", "<html>") }, nil, cfchat.ErrServer, 30},
		{"cut", cutReply, nil, io.ErrUnexpectedEOF, 30},
		{"refused", nil, refused, syscall.ECONNREFUSED, 30},
		{"login page", func() *http.Response { return trial.Reply(200, "text/html", "<html>") }, nil, cfchat.ErrDecode, 68},
		{"401", func() *http.Response { return trial.Reply(401, "application/json", `{"error":"Invalid Access Token"}`) }, nil, cfchat.ErrUnauthorized, 10},
		{"404", func() *http.Response {
			return trial.Reply(404, "application/json", `{"error":"Resource could not be found"}`)
		}, nil, cfchat.ErrNotFound, 10},
		{"422", func() *http.Response { return trial.Reply(422, "application/json", `{"error":"Invalid operator."}`) }, nil, cfchat.ErrRejected, 10},
	} {
		for _, after := range []int{0, 1, 5, 20} { // requests that are still answered: none, the first, some windows, all
			t.Run(fmt.Sprintf("%s after %d", c.name, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at2026()
					s := newScan(t, recentAccount(upTo(1, 500)...), func(r sent) (*http.Response, error) {
						switch {
						case r.n <= after:
							return nil, nil
						case c.err != nil:
							return nil, c.err
						}
						return c.resp(), nil
					}, retries)
					s.run(cfchat.Filter{}, cfchat.ConversationScanOptions{})
					s.endsWith(c.is, upTo(1, 500))
					s.within(after + c.most)
				})
			})
		}
	}
}

// TestScanSilence checks that it is noticed soon when a server stops answering, whenever that happens: each request takes 90
// s.
func TestScanSilence(t *testing.T) {
	for _, after := range []int{0, 1, 10} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			b, begun := recentAccount(upTo(1, 500)...), time.Now()
			var s *sentScan
			s = newScan(t, trial.RoundTripper(func(req *http.Request) (*http.Response, error) {
				if s.requests() <= after {
					return b.RoundTrip(req)
				}
				<-req.Context().Done()
				return nil, req.Context().Err()
			}), nil, retries)
			s.run(openOnes, cfchat.ConversationScanOptions{}).endsWith(context.DeadlineExceeded, upTo(1, 500))
			if took := time.Since(begun); took > 5*time.Minute {
				t.Errorf("ended after %s", took)
			}
		})
	}
}

// TestScanResume checks that resuming after the last id, after an outage, yields the rest.
func TestScanResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		down := true
		s := newScan(t, recentAccount(upTo(1, 300)...), func(r sent) (*http.Response, error) {
			if down && r.n > 7 {
				return internalError(), nil
			}
			return nil, nil
		})
		s.run(openOnes, cfchat.ConversationScanOptions{})
		if s.end == nil || len(s.ids) == 0 || len(s.ids) == 300 {
			t.Fatalf("%d conversations were yielded, then %v", len(s.ids), s.end)
		}
		down, s.end = false, nil
		s.run(openOnes, cfchat.ConversationScanOptions{After: s.ids[len(s.ids)-1]}).came(upTo(1, 300))
	})
}

// TestScanFilterThatIsAlwaysA500 checks that a filter that the server cannot answer at all ends the scan with the server's
// error, even if the server knows every conversation.
func TestScanFilterThatIsAlwaysA500(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at2026()
		s := newScan(t, recentAccount(upTo(1, 300)...), func(r sent) (*http.Response, error) {
			if strings.Contains(r.body, "price") {
				return internalError(), nil
			}
			return nil, nil
		})
		// One at a time: otherwise chance decides which of several simultaneous requests is answered first, and how many follow.
		one := cfchat.ConversationScanOptions{Concurrency: 1}
		s.run(cfchat.Where(cfchat.Equal("price", 3)), one).endsWith(cfchat.ErrServer, nil)
		if e, ok := errors.AsType[*cfchat.Error](s.end); !ok || e.StatusCode != 500 || e.ConversationID != 0 {
			t.Errorf("ended with %v", s.end)
		}
		s.within(80)
	})
}

// TestScanStumble checks that a single failure of the server is not mistaken for a broken conversation: an id is blamed only
// if it has failed again.
func TestScanStumble(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 3, 60, 160} {
		for stumble := 1; stumble <= 12; stumble++ {
			t.Run(fmt.Sprintf("%d conversations, request %d", n, stumble), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					at2026()
					b := recentAccount(upTo(1, n)...)
					b.rowPerLabel = true
					b.conversations[0].labels = thirtyLabels()
					s := newScan(t, b, func(r sent) (*http.Response, error) {
						if r.n == stumble {
							return internalError(), nil
						}
						return nil, nil
					})
					s.run(openOnes, cfchat.ConversationScanOptions{Concurrency: 1}).came(upTo(1, n))
				})
			})
		}
	}
}

// TestScanLearnsTheWidth checks that a width that was refused once is not requested again, and that a width that failed
// while its halves did not is no longer requested after a few times.
func TestScanLearnsTheWidth(t *testing.T) {
	t.Parallel()
	for _, status := range []int{413, 500, 504} {
		synctest.Test(t, func(t *testing.T) {
			at2026()
			failed := 0
			ids := append(upTo(1, 300), 60_000)
			s := newScan(t, recentAccount(ids...), func(r sent) (*http.Response, error) {
				if r.ids() > 700 {
					failed++
					return trial.Reply(status, "application/json", `{"error":"no"}`), nil
				}
				return nil, nil
			})
			s.run(openOnes, cfchat.ConversationScanOptions{Concurrency: 1}).came(ids)
			if failed > map[int]int{413: 15, 500: 20, 504: 20}[status] {
				t.Errorf("%d: %d of %d requests failed", status, failed, s.requests())
			}
			s.within(190)
		})
	}
}
