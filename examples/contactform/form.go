package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/cfchat/cfchat-go"
)

// submission is a form that a visitor sends.
type submission struct{ ID, Name, Email, Text string }

// problem returns what is wrong with a submission, except for its address, which the client checks. It is called first, so
// that nobody becomes a contact with a message that cannot be sent.
func (s submission) problem() string {
	whole := s.ID + s.Name + s.Email + s.Text
	switch {
	case strings.TrimSpace(s.Text) == "":
		return "Please write something."
	case utf8.RuneCountInString(s.Text) > maxText:
		return "Please write less; we accept up to 10,000 characters."
	case utf8.RuneCountInString(s.Name) > maxName || utf8.RuneCountInString(s.ID) > maxName:
		return "Please enter a shorter name."
	case !utf8.ValidString(whole) || strings.Contains(whole, "\x00"):
		return "Please use plain text."
	}
	return ""
}

const (
	maxText = 10_000
	maxName = 255 // the servers' limit, for a mark as well
)

// form shows the form and accepts submissions.
type form struct {
	account *cfchat.Account
	inbox   int64
	out     io.Writer

	mu    sync.Mutex
	sent  map[place]int64 // the conversation of each submission
	pages *template.Template
}

// place is a submission and its sender; another address is another sender.
type place struct{ id, email string }

func newForm(account *cfchat.Account, inbox int64, out io.Writer) *form {
	return &form{account: account, inbox: inbox, out: out, sent: map[place]int64{}, pages: template.Must(template.New("form").Parse(page))}
}

// page is the form, with the previous input and what is wrong with it.
const page = `<!DOCTYPE html><title>Contact</title>
<form method="post">{{with .Problem}}<p role="alert">{{.}}</p>{{end}}
<input type="hidden" name="id" value="{{.ID}}">
<p><label>Name <input name="name" maxlength="255" value="{{.Name}}"></label>
<p><label>E-mail <input name="email" type="email" required value="{{.Email}}"></label>
<p><label>Message <textarea name="text" maxlength="10000" required>{{.Text}}</textarea></label>
<p><button>Send</button></form>
`

func (f *form) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		f.show(w, http.StatusOK, submission{ID: rand.Text()}, "")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		f.show(w, http.StatusRequestEntityTooLarge, submission{ID: rand.Text()}, "That was too long. Please write less.")
		return
	}
	s := submission{r.PostFormValue("id"), r.PostFormValue("name"), r.PostFormValue("email"), r.PostFormValue("text")}
	s.ID = cmp.Or(s.ID, rand.Text())
	if problem := s.problem(); problem != "" {
		f.show(w, http.StatusUnprocessableEntity, s, problem)
		return
	}
	message, err := f.submit(context.WithoutCancel(r.Context()), s) // even if the visitor has left
	if err != nil {
		_, _ = fmt.Fprintf(f.out, "%s: %v\n", s.ID, err)
		status, problem := said(err)
		f.show(w, status, s, problem)
		return
	}
	_, _ = fmt.Fprintf(f.out, "%s: message %d in conversation %d\n", s.ID, message.ID, message.ConversationID)
	_, _ = io.WriteString(w, "<!DOCTYPE html><title>Contact</title><p>Thank you. We will write back to you.\n")
}

// said returns the status and the text that a visitor gets for an error.
func said(err error) (status int, text string) {
	e, _ := errors.AsType[*cfchat.Error](err)
	switch {
	case errors.Is(err, cfchat.ErrInvalidInput) && len(e.Fields) == 1 && e.Fields[0].Field == "Email", errors.Is(err, cfchat.ErrRejected):
		return http.StatusUnprocessableEntity, "Please check your e-mail address."
	case errors.Is(err, cfchat.ErrUnknownOutcome), errors.Is(err, cfchat.ErrServer), errors.Is(err, cfchat.ErrRateLimited):
		return http.StatusServiceUnavailable, "We do not know whether your message arrived. Please send it again in a minute; we will not get it twice."
	}
	return http.StatusInternalServerError, "Something is wrong on our side. Please contact us in another way."
}

func (f *form) show(w http.ResponseWriter, status int, s submission, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = f.pages.Execute(w, struct {
		submission

		Problem string
	}{s, problem})
}

// submit turns a submission into one contact, one conversation and one message, however often it is called.
func (f *form) submit(ctx context.Context, s submission) (*cfchat.Message, error) {
	message := cfchat.MessageCreate{Content: s.Text, MessageType: cfchat.MessageKindIncoming, Mark: s.ID}
	conversation, err := f.conversationOf(ctx, s)
	if err != nil {
		return nil, err
	}
	sent, _, err := f.account.Messages.SendOnce(ctx, conversation, message)
	return sent, err
}

// conversationOf returns the conversation for a submission, the same one if it is sent again.
func (f *form) conversationOf(ctx context.Context, s submission) (id int64, err error) {
	f.mu.Lock()
	id = f.sent[place{s.ID, s.Email}]
	f.mu.Unlock()
	if id != 0 {
		return id, nil
	}
	found, err := f.account.Contacts.FindOrCreate(ctx, cfchat.ContactCreate{Name: s.Name, Email: s.Email})
	if err != nil {
		return 0, err
	}
	opened, err := f.account.Contacts.OpenConversation(ctx, found.Contact.ID, f.inbox, cfchat.OpenOptions{Reopen: true})
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent[place{s.ID, s.Email}] = opened.Conversation.ID
	return opened.Conversation.ID, nil
}
