package faults_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/internal/test/trial"
)

type stuckFile struct {
	until  <-chan struct{}
	closed *atomic.Int32
	peeked bool
}

func (s *stuckFile) Read(p []byte) (int, error) {
	if !s.peeked {
		s.peeked = true
		p[0] = 'x'
		return 1, nil
	}
	<-s.until
	return 0, io.EOF
}

func (s *stuckFile) Close() error { s.closed.Add(1); return nil }

// TestUploadOpensNothingAfterwards ends the context while the next try waits for a Read of the previous one: after Send has
// returned, nothing more is opened.
func TestUploadOpensNothingAfterwards(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		until := make(chan struct{})
		var opened, closed atomic.Int32
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				r := bufio.NewReader(server)
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				_, _ = io.WriteString(server, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n")
				_, _ = io.Copy(io.Discard, r)
			}()
			return client, nil
		}}
		defer transport.CloseIdleConnections()
		chat := trial.Chat(t, transport, func(c *cfchat.Config) { c.Server = "http://127.0.0.1"; c.Retry = cfchat.Retry{} })
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(2*time.Second, cancel)
		err := sendFiles(ctx, chat, cfchat.File{Name: "a.txt", Open: func() (io.ReadCloser, error) {
			opened.Add(1)
			return &stuckFile{until: until, closed: &closed}, nil
		}})
		at := opened.Load()
		time.Sleep(time.Second)
		close(until)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if opened.Load() != at || opened.Load() != closed.Load() {
			t.Errorf("%v; opened %d times when Send returned, %d later, closed %d times", err, at, opened.Load(), closed.Load())
		}
	})
}

// TestUploadClosesWhatOpensLate has Open return at the moment when it is given up: the file it opened is closed once.
func TestUploadClosesWhatOpensLate(t *testing.T) {
	leaks := 0
	for range 100 {
		inBubble(t, "", func(t *testing.T) {
			w := &faultServer{good: trial.GoodMessage}
			chat, _ := w.connect(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(time.Second, cancel)
			var opened, closed atomic.Int32
			_ = sendFiles(ctx, chat, cfchat.File{Name: "a.txt", Open: func() (io.ReadCloser, error) {
				time.Sleep(1100 * time.Millisecond) // patience in foreign.go is 100 ms
				opened.Add(1)
				return struct {
					io.Reader
					closer
				}{strings.NewReader("x"), closer{&closed}}, nil
			}})
			time.Sleep(time.Second)
			synctest.Wait()
			if opened.Load() != closed.Load() {
				leaks++
			}
		})
	}
	if leaks > 0 {
		t.Errorf("%d of 100 files were never closed", leaks)
	}
}

type closer struct{ n *atomic.Int32 }

func (c closer) Close() error { c.n.Add(1); return nil }

// TestUploadEndsAtEveryPoint ends the context at every point of an upload of two files, one of which is slow to open and
// read: every opened file is closed once, no goroutine is left, and a Seeker is back at its position.
func TestUploadEndsAtEveryPoint(t *testing.T) {
	for at := time.Duration(0); at < 6*time.Second; at += 50 * time.Millisecond {
		inBubble(t, at.String(), func(t *testing.T) {
			w := &faultServer{steps: []step{says(429, "text/plain", "", "Retry-After: 1"), {pause: 500 * time.Millisecond, good: true}}, good: trial.GoodMessage}
			chat, _ := w.connect(t)
			ctx, cancel := context.WithTimeout(t.Context(), at+time.Millisecond)
			defer cancel()
			var opened, closed atomic.Int32
			seeker := strings.NewReader("0123456789")
			_, _ = seeker.Seek(3, io.SeekStart)
			err := sendFiles(ctx, chat, cfchat.File{Name: "a.txt", Open: func() (io.ReadCloser, error) {
				time.Sleep(70 * time.Millisecond)
				opened.Add(1)
				return struct {
					io.Reader
					closer
				}{&dripping{strings.NewReader("abc"), 60 * time.Millisecond}, closer{&closed}}, nil
			}}, cfchat.File{Name: "b.txt", Reader: seeker})
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if opened.Load() != closed.Load() {
				t.Errorf("opened %d, closed %d, %v", opened.Load(), closed.Load(), err)
			}
			if stands, _ := seeker.Seek(0, io.SeekCurrent); err != nil && stands != 3 {
				t.Errorf("Seeker is at %d, %v", stands, err)
			}
			if err != nil && len(w.requests) > 1 && errors.Is(err, cfchat.ErrNotSent) {
				t.Errorf("ErrNotSent does not fit: %v", err)
			}
			if err != nil && len(w.requests) == 2 && !errors.Is(err, cfchat.ErrUnknownOutcome) {
				t.Errorf("not ErrUnknownOutcome: %v", err)
			}
		})
	}
}

type dripping struct {
	io.Reader
	d time.Duration
}

func (d *dripping) Read(p []byte) (int, error) {
	time.Sleep(d.d)
	return d.Reader.Read(p[:1])
}

// TestUploadClosesAtGoexit checks that files opened earlier are closed if an Open ends its goroutine, as a failed test does.
func TestUploadClosesAtGoexit(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		chat, _ := (&faultServer{good: trial.GoodMessage}).connect(t)
		var opened, closed atomic.Int32
		over := make(chan struct{})
		go func() {
			defer close(over)
			_ = sendFiles(t.Context(), chat, cfchat.File{Name: "a.txt", Open: func() (io.ReadCloser, error) {
				opened.Add(1)
				return struct {
					io.Reader
					closer
				}{strings.NewReader("x"), closer{&closed}}, nil
			}}, cfchat.File{Name: "b.txt", Open: func() (io.ReadCloser, error) { runtime.Goexit(); return nil, nil }})
		}()
		<-over
		synctest.Wait()
		if opened.Load() != 1 || closed.Load() != 1 {
			t.Errorf("opened %d times, closed %d times", opened.Load(), closed.Load())
		}
	})
}
