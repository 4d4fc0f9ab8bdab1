package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cfchat/cfchat-go"
)

// form shows the form with what matches, and keeps filters.
type form struct {
	http.Handler

	account    *cfchat.Account
	store      *store
	attributes []cfchat.Attribute // what there is to pick: the standard ones, and those that the account has defined
	page       *template.Template
}

// newForm asks for the names that do not change while people look for conversations, and reads the store, so that what is wrong
// with it is said at the start.
func newForm(ctx context.Context, account *cfchat.Account, kept *store) (*form, error) {
	if _, err := kept.all(); err != nil {
		return nil, err
	}
	names, err := account.Names(ctx)
	if err != nil {
		return nil, err
	}
	defined, err := account.AttributeDefinitions.List(ctx)
	if err != nil {
		return nil, err
	}
	f := &form{account: account, store: kept, attributes: slices.Clone(standard)}
	for _, d := range defined {
		if d.AttributeModel == cfchat.AttributeModelConversation {
			f.attributes = append(f.attributes, cfchat.Attribute(d.AttributeKey))
		}
	}
	f.page = template.Must(template.New("page").Funcs(template.FuncMap{"inbox": names.Inbox, "owner": owner}).Parse(page))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", f.find)
	mux.HandleFunc("POST /{$}", f.save)
	f.Handler = http.NewCrossOriginProtection().Handler(mux) // no other site keeps filters in the name of who visits it
	return f, nil
}

// owner says whose a conversation is.
func owner(c cfchat.Conversation) string {
	if bot := c.Meta.AssigneeBot; bot != nil {
		return bot.GetName() + " (bot)"
	}
	return c.Meta.Assignee.GetName()
}

// view is what the page shows.
type view struct {
	Name    string
	Rows    []row
	Problem string // with what is in no row
	Found   *cfchat.ConversationPage
	Kept    map[string]cfchat.Filter

	Attributes []cfchat.Attribute
	Operators  []operator
}

// find shows what matches the rows, or the filter of a name. At first there is neither.
func (f *form) find(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	v := view{Name: asked.Get("name"), Rows: rowsIn(asked)}
	if len(v.Rows) == 0 && v.Name != "" {
		kept, err := f.store.all()
		filter, known := kept[v.Name]
		switch {
		case err != nil:
			v.Problem = err.Error()
		case !known:
			v.Problem = "There is no filter of this name."
		}
		v.Rows = rowsOf(filter)
	}
	status := http.StatusOK
	if len(v.Rows) > 0 {
		status = f.match(r.Context(), &v)
	}
	f.show(w, status, v)
}

// save keeps the rows as a filter, if a server can use it, and then shows what matches.
func (f *form) save(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "That was too much, or no form.", http.StatusBadRequest)
		return
	}
	v := view{Name: strings.TrimSpace(r.PostFormValue("name")), Rows: rowsIn(r.PostForm)}
	status := f.match(r.Context(), &v)
	if status == http.StatusOK && v.Name == "" {
		status, v.Problem = http.StatusUnprocessableEntity, "Give the filter a name."
	}
	if status == http.StatusOK {
		err := f.store.put(v.Name, filterOf(v.Rows))
		if err == nil {
			http.Redirect(w, r, "/?"+url.Values{"name": {v.Name}}.Encode(), http.StatusSeeOther)
			return
		}
		status, v.Problem = http.StatusInternalServerError, err.Error()
	}
	f.show(w, status, v)
}

// match finds the latest conversations that match, or says what is wrong, at its row where it is in one. It returns the status of
// the page.
func (f *form) match(ctx context.Context, v *view) (status int) {
	for i, r := range v.Rows {
		if attribute := cfchat.Attribute(r.Attribute); attribute != "" && !slices.Contains(f.attributes, attribute) {
			v.Rows[i].Problem = "the account has no such attribute" // a server before 3.8.0 would leave the rule out
			status = http.StatusUnprocessableEntity
		}
	}
	if status != 0 {
		return status
	}
	found, err := f.account.Conversations.Filter(ctx, filterOf(v.Rows), 1)
	if err == nil {
		v.Found = found
		return http.StatusOK
	}
	e, ok := errors.AsType[*cfchat.Error](err)
	if !ok || len(e.Fields) == 0 {
		v.Problem = err.Error()
		return http.StatusBadGateway
	}
	for _, wrong := range e.Fields {
		if wrong.Rule > 0 {
			v.Rows[wrong.Rule-1].Problem = wrong.Reason
		} else {
			v.Problem = wrong.Reason
		}
	}
	return http.StatusUnprocessableEntity
}

// show writes the page, with an empty row to go on with.
func (f *form) show(w http.ResponseWriter, status int, v view) {
	kept, err := f.store.all()
	if err != nil {
		v.Problem = cmp.Or(v.Problem, err.Error())
	}
	v.Kept, v.Attributes, v.Operators = kept, f.attributes, operators
	v.Rows = append(v.Rows, row{Join: and})
	var whole bytes.Buffer
	if err := f.page.Execute(&whole, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.Copy(w, &whole)
}
