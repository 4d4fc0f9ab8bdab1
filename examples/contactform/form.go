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
	"sync"

	"github.com/cfchat/cfchat-go"
)

// submission is what a visitor sends.
type submission struct{ ID, Name, Email, Text string }

// form shows the form, and takes submissions.
type form struct {
	account *cfchat.Account
	inbox   int64
	out     io.Writer

	mu    sync.Mutex
	sent  map[string]int64 // the conversation of each submission
	pages *template.Template
}

func newForm(account *cfchat.Account, inbox int64, out io.Writer) *form {
	return &form{account: account, inbox: inbox, out: out, sent: map[string]int64{}, pages: template.Must(template.New("form").Parse(page))}
}

// page is the form, with what was sent before and what is wrong with it.
const page = `<!DOCTYPE html><title>Contact</title>
<form method="post">{{with .Problem}}<p role="alert">{{.}}</p>{{end}}
<input type="hidden" name="id" value="{{.ID}}">
<p><label>Name <input name="name" value="{{.Name}}"></label>
<p><label>E-mail <input name="email" type="email" required value="{{.Email}}"></label>
<p><label>Message <textarea name="text" required>{{.Text}}</textarea></label>
<p><button>Send</button></form>
`

func (f *form) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		f.show(w, http.StatusOK, submission{ID: rand.Text()}, "")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	s := submission{r.PostFormValue("id"), r.PostFormValue("name"), r.PostFormValue("email"), r.PostFormValue("text")}
	s.ID = cmp.Or(s.ID, rand.Text())
	message, err := f.submit(context.WithoutCancel(r.Context()), s) // also when the visitor has gone
	switch {
	case err == nil:
		_, _ = fmt.Fprintf(f.out, "%s: message %d in conversation %d\n", s.ID, message.ID, message.ConversationID)
		_, _ = io.WriteString(w, "<!DOCTYPE html><title>Contact</title><p>Thank you. We will write back to you.\n")
	case errors.Is(err, cfchat.ErrInvalidInput):
		_, _ = fmt.Fprintf(f.out, "%s: %v\n", s.ID, err)
		f.show(w, http.StatusUnprocessableEntity, s, "Please check the e-mail address, and write something.")
	default:
		_, _ = fmt.Fprintf(f.out, "%s: %v\n", s.ID, err)
		f.show(w, http.StatusServiceUnavailable, s, "We do not know whether this has arrived. Please send it again in a minute; it will not come twice.")
	}
}

func (f *form) show(w http.ResponseWriter, status int, s submission, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = f.pages.Execute(w, struct {
		submission

		Problem string
	}{s, problem})
}

// submit makes of a submission one person, one conversation and one message, however often it is called with it.
func (f *form) submit(ctx context.Context, s submission) (*cfchat.Message, error) {
	message := cfchat.MessageCreate{Content: s.Text, MessageType: cfchat.MessageKindIncoming, Mark: s.ID}
	conversation, err := f.conversationOf(ctx, s)
	if err != nil {
		return nil, err
	}
	sent, _, err := f.account.Messages.SendOnce(ctx, conversation, message)
	return sent, err
}

// conversationOf returns the conversation to which a submission goes. Sent again, it goes to the same.
func (f *form) conversationOf(ctx context.Context, s submission) (id int64, err error) {
	f.mu.Lock()
	id = f.sent[s.ID]
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
	f.sent[s.ID] = opened.Conversation.ID
	return opened.Conversation.ID, nil
}
