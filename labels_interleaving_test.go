package cfchat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/auth"
	"github.com/cfchat/cfchat-go/cfchattest"
)

// steps holds each request of several programs until it is drawn.
type steps struct {
	drawn *rand.Rand
	mu    sync.Mutex
	held  []chan struct{}
}

// hold blocks the calling request until it is drawn.
func (s *steps) hold() {
	let := make(chan struct{})
	s.mu.Lock()
	s.held = append(s.held, let)
	s.mu.Unlock()
	<-let
}

// run runs programs to completion, one request at a time, in a random order.
func (s *steps) run(programs ...func()) {
	var all sync.WaitGroup
	defer all.Wait()
	for _, program := range programs {
		all.Go(program)
	}
	for synctest.Wait(); len(s.held) > 0; synctest.Wait() {
		i := s.drawn.IntN(len(s.held))
		let := s.held[i]
		s.held = slices.Delete(s.held, i, i+1)
		close(let)
	}
}

// stepped is the transport of a Chat whose requests wait to be drawn. It records the server's last response.
type stepped struct {
	http.RoundTripper

	*steps

	told []byte
}

func (s *stepped) RoundTrip(req *http.Request) (*http.Response, error) {
	s.hold()
	resp, err := s.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	s.told, err = io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(s.told))
	return resp, err
}

// labels returns the labels in the server's last response.
func (s *stepped) labels(t *testing.T) []string {
	t.Helper()
	var answer cfchat.LabelNames
	if err := json.Unmarshal(s.told, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Payload
}

// program returns an account and the transport of its Chat, whose requests wait to be drawn.
func (s *steps) program(t *testing.T, server *cfchattest.Server) (*cfchat.Account, *stepped) {
	over := &stepped{RoundTripper: server.Transport(), steps: s}
	chat, err := cfchat.New(cfchat.Config{
		Server: "http://localhost", HTTPClient: &http.Client{Transport: over}, Keys: auth.Keys{User: auth.NewKey(server.AdminKey())},
	})
	if err != nil {
		t.Fatal(err)
	}
	return chat.Account(server.AccountID()), over
}

// labelled has the label methods of conversations or contacts.
type labelled interface {
	Labels(ctx context.Context, id int64, opts ...cfchat.CallOption) ([]string, error)
	AddLabels(ctx context.Context, id int64, labels []string, opts ...cfchat.CallOption) ([]string, error)
	RemoveLabels(ctx context.Context, id int64, labels []string, opts ...cfchat.CallOption) ([]string, error)
	SetLabels(ctx context.Context, id int64, labels []string, opts ...cfchat.CallOption) ([]string, error)
	ClearLabels(ctx context.Context, id int64, opts ...cfchat.CallOption) error
}

// labelledOf returns the service for conversations or contacts, and adds a conversation or contact with the given labels.
func labelledOf(server *cfchattest.Server, account *cfchat.Account, contacts bool, labels ...string) (labelled, int64) { //nolint:ireturn // it is either of two services
	if contacts {
		return account.Contacts, server.AddContact(cfchattest.Contact{Labels: labels})
	}
	return account.Conversations, server.AddConversation(cfchattest.Conversation{Labels: labels})
}

// labelChange is one call that adds or removes a label.
type labelChange struct {
	label string
	add   bool
}

// drawChange draws a change to a label that no other change touches.
func drawChange(drawn *rand.Rand, i int) labelChange {
	if add := drawn.IntN(2) == 0; add {
		return labelChange{fmt.Sprint("new", i), true}
	}
	return labelChange{fmt.Sprint("old", i), false}
}

func (c labelChange) make(ctx context.Context, of labelled, id int64) error {
	change := of.RemoveLabels
	if c.add {
		change = of.AddLabels
	}
	_, err := change(ctx, id, []string{c.label})
	return err
}

// isIn reports whether labels reflect the change.
func (c labelChange) isIn(labels []string) bool { return slices.Contains(labels, c.label) == c.add }

// TestLabelsWithinAChat checks, in 1,000 orders of requests, that no change is lost when goroutines that share a Chat change
// the labels of a conversation or a contact concurrently.
func TestLabelsWithinAChat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, version := range []string{"2.16.0", "4.16.2"} {
			server := cfchattest.New(t, cfchattest.Version(version))
			s := &steps{drawn: rand.New(rand.NewPCG(1, 2))}
			account, _ := s.program(t, server)
			for round := range part(500) {
				of, id := labelledOf(server, account, round%2 == 0, "old0", "old1", "old2", "kept")
				changes, programs := make([]labelChange, 3), make([]func(), 3)
				for i := range changes {
					changes[i] = drawChange(s.drawn, i)
					programs[i] = func() {
						if err := changes[i].make(t.Context(), of, id); err != nil {
							t.Error(err)
						}
					}
				}
				s.run(programs...)
				var labels []string
				s.run(func() { labels, _ = of.Labels(t.Context(), id) })
				for _, c := range slices.Concat(changes, []labelChange{{"kept", true}}) {
					if !c.isIn(labels) {
						t.Fatalf("%s, round %d: after %+v the labels are %q", version, round, changes, labels)
					}
				}
			}
		}
	})
}

// TestLabelsOfTwoChats has two programs, each with its own Chat, change the labels of a conversation concurrently, in 1,000
// orders of requests. A program gets an error if and only if its change is missing from the server's last response to it. A
// change that is overwritten after that is lost without an error, which nobody can prevent; the test logs how often that
// happens.
func TestLabelsOfTwoChats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rounds, own, others := part(1000), 0, 0
		server := cfchattest.New(t)
		s := &steps{drawn: rand.New(rand.NewPCG(3, 4))}
		var accounts [2]*cfchat.Account
		var over [2]*stepped
		for i := range accounts {
			accounts[i], over[i] = s.program(t, server)
		}
		for round := range rounds {
			_, id := labelledOf(server, accounts[0], false, "old0", "old1", "kept")
			var changes [2]labelChange
			var errs [2]error
			var programs []func()
			for i := range changes {
				changes[i] = drawChange(s.drawn, i)
				programs = append(programs, func() { errs[i] = changes[i].make(t.Context(), accounts[i].Conversations, id) })
			}
			s.run(programs...)
			now, _ := server.Conversation(id)
			if !slices.Contains(now.Labels, "kept") {
				t.Errorf("round %d: a label that nobody changed is lost: %q", round, now.Labels)
			}
			for i, c := range changes {
				told := over[i].labels(t)
				switch seen := c.isIn(told); {
				case seen != (errs[i] == nil) || !seen && !errors.Is(errs[i], cfchat.ErrOverwritten):
					t.Errorf("round %d, %+v: the last response has %q: %v", round, c, told, errs[i])
				case !seen:
					own++
				case !c.isIn(now.Labels):
					others++
				}
			}
		}
		t.Logf("of %d concurrent changes by two programs, %d were overwritten and got an error, and %d were overwritten later", 2*rounds, own, others)
		if own == 0 || others == 0 {
			t.Error("no order of requests overwrote a change")
		}
	})
}
