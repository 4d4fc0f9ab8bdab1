package database

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cfchat/cfchat-go"
	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// statement is a statement that writes.
type statement struct {
	text string
	args []any
}

// Window collects what is written in one transaction, together with the position that the copy reaches by it.
type Window struct {
	shard      shards.Shard
	walk       int64
	contacts   map[int64][]statement // written first and in order, so that no two shards wait for each other
	statements []statement
	messages   []statement   // written last, many per statement
	places     map[int64]int // of messages, by id
	rows       int
	sweeps     bool
}

// NewWindow begins a window whose rows belong to a walk.
func (db *DB) NewWindow(walk int64) *Window {
	return &Window{shard: db.shard, walk: walk, contacts: map[int64][]statement{}, places: map[int64]int{}}
}

// Rows returns the number of rows in the window.
func (w *Window) Rows() int { return w.rows }

func (w *Window) add(text string, args ...any) {
	w.statements = append(w.statements, statement{text, args})
}

// Conversation writes a conversation, its labels, and the contact embedded in it. A conversation is settled if its messages
// are those that it had when it was last active.
func (w *Window) Conversation(c *cfchat.Conversation, settled bool) error {
	w.rows++
	w.statements = append(w.statements, conversations.row(c, settled, w.walk))
	w.add("delete from conversation_labels where conversation_id = $1", c.ID)
	for _, label := range c.Labels {
		w.add("insert into conversation_labels (conversation_id, label) values ($1, $2) on conflict do nothing", c.ID, label)
	}
	var conversation struct {
		Meta struct{ Sender json.RawMessage }
	}
	if err := json.Unmarshal(c.JSON(), &conversation); err != nil {
		return fmt.Errorf("conversation %d: %w", c.ID, err)
	}
	if sender := &c.Meta.Sender; sender.ID != 0 {
		w.contacts[sender.ID] = []statement{contacts.row(sender, false, received(conversation.Meta.Sender), w.walk)}
	}
	return nil
}

// Message writes a message.
func (w *Window) Message(m *cfchat.Message) {
	row := messages.row(m, w.walk)
	if place, again := w.places[m.ID]; again {
		w.messages[place] = row
		return
	}
	w.rows++
	w.places[m.ID] = len(w.messages)
	w.messages = append(w.messages, row)
}

// Contact writes a contact as the list returns it.
func (w *Window) Contact(c *cfchat.Contact, data json.RawMessage) {
	w.rows++
	w.contacts[c.ID] = []statement{contacts.row(c, true, received(data), w.walk)}
}

// ContactAlone writes a contact that was fetched by its id. If it has none of the fields that contacts are listed by, it is
// in no list, and stays only if a conversation has it.
func (w *Window) ContactAlone(c *cfchat.Contact, data json.RawMessage) {
	if cmp.Or(c.GetEmail(), c.GetPhoneNumber(), c.GetIdentifier()) != "" {
		w.Contact(c, data)
		return
	}
	w.rows++
	w.Gone(c.ID)
	w.contacts[c.ID] = append(w.contacts[c.ID], contacts.row(c, false, received(data), w.walk), statement{nobodys + " and id = $1", []any{c.ID}})
}

// Gone records that a contact is no longer in the list. It stays if a conversation has it.
func (w *Window) Gone(contact int64) {
	w.contacts[contact] = []statement{{"update contacts set listed = false where id = $1", []any{contact}}}
}

// Unreadable records what could not be read, and keeps the rows that the copy has of it.
func (w *Window) Unreadable(what string, conversation, message int64, why string) {
	w.add(`insert into unreadable (what, conversation_id, message_id, why, walk) values ($1, $2, $3, $4, $5)
		on conflict (what, conversation_id, message_id) do update set why = excluded.why, walk = excluded.walk`, what, conversation, message, why, w.walk)
	switch {
	case message != 0:
		w.add("update messages set walk = $1 where id = $2", w.walk, message)
	case conversation != 0:
		w.add("update conversations set walk = $1, settled = false where id = $2", w.walk, conversation)
		w.add("update messages set walk = $1 where conversation_id = $2", w.walk, conversation)
	}
}

// UnreadableContact records a contact that could not be read, and keeps it.
func (w *Window) UnreadableContact(contact int64, why string) {
	w.contacts[contact] = []statement{{"update contacts set walk = $1 where id = $2", []any{w.walk, contact}}}
	w.Unreadable("contact "+strconv.FormatInt(contact, 10), 0, 0, why)
}

// Readable removes the records of what could not be read of a conversation.
func (w *Window) Readable(conversation int64) {
	w.add("delete from unreadable where conversation_id = $1", conversation)
}

// names replaces all rows of a list of names.
func names[T any](w *Window, k *kind[T], list []T) {
	w.add("delete from " + k.name)
	for i := range list {
		w.rows++
		w.statements = append(w.statements, k.row(&list[i]))
	}
}

// Inboxes replaces all inboxes.
func (w *Window) Inboxes(list []cfchat.Inbox) { names(w, &inboxes, list) }

// Agents replaces all people.
func (w *Window) Agents(list []cfchat.Agent) { names(w, &agents, list) }

// AgentBots replaces all bots.
func (w *Window) AgentBots(list []cfchat.AccountBot) { names(w, &agentBots, list) }

// Teams replaces all teams.
func (w *Window) Teams(list []cfchat.Team) { names(w, &teams, list) }

// Labels replaces all labels.
func (w *Window) Labels(list []cfchat.Label) { names(w, &labels, list) }

// AttributeDefinitions replaces all definitions.
func (w *Window) AttributeDefinitions(list []cfchat.AttributeDefinition) {
	names(w, &attributeDefinitions, list)
}

// Sweep deletes this shard's rows that the walk, which must be complete, did not find, and the contacts that neither the
// list nor a conversation has.
func (w *Window) Sweep() { w.sweep("true") }

// SweepInboxes is Sweep for the key of a user who sees only some inboxes. A conversation that was not found is gone if its
// inbox was visible both at the start and at the end of the walk. Otherwise it may be hidden: it stays, with its messages
// and labels.
func (w *Window) SweepInboxes(seen []int64) {
	var ids strings.Builder
	ids.WriteString("0") // which no inbox has
	for _, id := range seen {
		ids.WriteString(", " + strconv.FormatInt(id, 10))
	}
	w.sweep("coalesce(inbox_id, -1) in (select id from inboxes where id in (" + ids.String() + "))")
}

// sweep deletes the conversations that were not found and meet a condition, with their messages, and messages without a
// conversation.
func (w *Window) sweep(isSeen string) {
	w.add("delete from messages where walk < $1 and "+owned(w.shard, "conversation_id")+
		" and conversation_id not in (select id from conversations where walk < $1 and not ("+isSeen+"))", w.walk)
	gone := "walk < $1 and " + owned(w.shard, "id") + " and " + isSeen
	w.add("delete from conversation_labels where conversation_id in (select id from conversations where "+gone+")", w.walk)
	w.add("delete from conversations where "+gone, w.walk)
	w.add("delete from unreadable where walk < $1 and "+owned(w.shard, "conversation_id"), w.walk)
	w.sweeps = true
}

// sweepContacts returns the statements that delete the contacts that neither the list nor a conversation has. Other shards
// may be writing conversations that have them.
func (db *DB) sweepContacts() []statement {
	if lock := db.dialect.lockContacts(); lock != "" {
		return []statement{{text: lock}, {text: nobodys}}
	}
	return []statement{{text: nobodys}}
}

// nobodys deletes the contacts that neither the list nor a conversation has.
const nobodys = "delete from contacts where not listed and not exists (select 1 from conversations where contact_id = contacts.id)"

// Commit writes both a window and the position, or neither.
func (db *DB) Commit(ctx context.Context, w *Window, p Position) error {
	tx, err := db.conn.BeginTx(ctx, nil)
	if err != nil {
		return db.failed(err)
	}
	err = db.write(ctx, tx, w, p)
	if err == nil {
		err = tx.Commit()
	} else {
		err = errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if errors.Is(err, errLaterWalk) {
		return fmt.Errorf("%s: %w", db.Name, errLaterWalk)
	}
	return db.failed(err)
}

// errLaterWalk means that two programs keep the same copy.
var errLaterWalk = errors.New("another program is keeping this copy, and has started to read everything again; run only one of them")

// ignoreDone drops the error that the end of a context has already rolled back the transaction, or closed the connection.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

// write writes the contents of a window, contacts first.
func (db *DB) write(ctx context.Context, tx *sql.Tx, w *Window, p Position) error {
	writer := writer{db.dialect, tx, map[string]*sql.Stmt{}}
	defer writer.close()
	for _, contact := range slices.Sorted(maps.Keys(w.contacts)) {
		for _, s := range w.contacts[contact] {
			if err := writer.exec(ctx, s); err != nil {
				return fmt.Errorf("contact %d: %w", contact, err)
			}
		}
	}
	for _, s := range w.statements {
		if err := writer.exec(ctx, s); err != nil {
			return err
		}
	}
	if err := writer.many(ctx, w.messages); err != nil {
		return err
	}
	if w.sweeps {
		for _, s := range db.sweepContacts() {
			if err := writer.exec(ctx, s); err != nil {
				return err
			}
		}
	}
	written, err := writer.run(ctx, positionOf(w.shard, p))
	if err == nil && written == 0 {
		return errLaterWalk
	}
	return err
}

// writer prepares each statement of a transaction once.
type writer struct {
	dialect  dialect
	tx       *sql.Tx
	prepared map[string]*sql.Stmt
}

func (w *writer) close() {
	for _, s := range w.prepared {
		_ = s.Close() // the transaction closes it too
	}
}

func (w *writer) exec(ctx context.Context, s statement) error {
	_, err := w.run(ctx, s)
	return err
}

// run executes a statement and returns the number of rows that it has written.
func (w *writer) run(ctx context.Context, s statement) (int64, error) {
	prepared := w.prepared[s.text]
	if prepared == nil {
		var err error
		if prepared, err = w.tx.PrepareContext(ctx, w.dialect.words(s.text)); err != nil {
			return 0, err
		}
		w.prepared[s.text] = prepared
	}
	for i := range s.args {
		s.args[i] = w.dialect.value(s.args[i])
	}
	result, err := prepared.ExecContext(ctx, s.args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// many writes messages, as many per statement as suits the database.
func (w *writer) many(ctx context.Context, rows []statement) error {
	for _, size := range w.dialect.batches() {
		for len(rows) >= size {
			all := statement{text: messages.upsertOf(size)}
			for _, row := range rows[:size] {
				all.args = append(all.args, row.args...)
			}
			if err := w.exec(ctx, all); err != nil {
				return err
			}
			rows = rows[size:]
		}
	}
	return nil
}

// positionOf returns the statement that writes a position, unless the stored one is of a later walk, which only another
// program can have begun.
func positionOf(shard shards.Shard, p Position) statement {
	const text = `insert into cfchat_positions (shard, walk, phase, conversation_id, message_id, begun_at, since, walked_at, asked_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (shard) do update set walk = excluded.walk, phase = excluded.phase,
		conversation_id = excluded.conversation_id, message_id = excluded.message_id, begun_at = excluded.begun_at,
		since = excluded.since, walked_at = excluded.walked_at,
		asked_at = excluded.asked_at where cfchat_positions.walk <= excluded.walk`
	args := []any{shard.Index, p.Walk, string(p.Phase), p.ConversationID, p.MessageID, clock(p.BegunAt), clock(p.Since), clock(p.WalkedAt), clock(p.AskedAt)}
	return statement{text, args}
}

// clock returns a time in the form that a position stores.
func clock(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}
