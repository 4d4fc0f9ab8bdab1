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

// form shows the form with the matches, and saves filters.
type form struct {
	http.Handler

	account    *cfchat.Account
	store      *store
	attributes []cfchat.Attribute // to choose from: the standard ones and those of the account
	page       *template.Template
}

// newForm reads the names, which are not expected to change, and the store, so that a problem with it shows at the start.
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
	f.Handler = http.NewCrossOriginProtection().Handler(mux) // no other site can save filters on behalf of its visitors
	return f, nil
}

// owner returns the name of a conversation's owner.
func owner(c cfchat.Conversation) string {
	if bot := c.Meta.AssigneeBot; bot != nil {
		return bot.GetName() + " (bot)"
	}
	return c.Meta.Assignee.GetName()
}

// view is the content of the page.
type view struct {
	Name    string
	Rows    []row
	Problem string // one that belongs to no row
	Found   *cfchat.ConversationPage
	Kept    map[string]cfchat.Filter

	Attributes []cfchat.Attribute
	Operators  []operator
}

// find shows the matches of the rows, or of a named filter. At first there is neither.
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
			v.Problem = "There is no filter with this name."
		}
		v.Rows = rowsOf(filter)
	}
	status := http.StatusOK
	if len(v.Rows) > 0 {
		status = f.match(r.Context(), &v)
	}
	f.show(w, status, v)
}

// save stores the rows as a filter, if a server can use it, and then shows the matches.
func (f *form) save(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form is too large or invalid.", http.StatusBadRequest)
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

// match finds the latest matching conversations, or sets the problem, in its row if it belongs to one. It returns the status
// of the page.
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

// show writes the page, with an empty row to continue in.
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
