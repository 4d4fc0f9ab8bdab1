package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/cfchat/cfchat-go/cmd/cfchat/internal/shards"
)

// Merge merges the shards of an account into a separate folder, after verifying each. If an earlier run was killed, it
// starts again.
func Merge(ctx context.Context, out string, dirs []string) (Manifest, error) {
	shards, err := readShards(ctx, dirs)
	if err != nil {
		return Manifest{}, err
	}
	head := shards[0].Head
	head.Shard = nil
	from, next, to := shards[0].From, shards[0].NextSince, *shards[0].To
	for _, s := range shards {
		if s.From.Before(from) {
			from, next = s.From, s.NextSince
		}
		if s.To.After(to) {
			to = *s.To
		}
	}
	f, err := Open(out, head, from)
	if err != nil {
		return Manifest{}, err
	}
	m := &merging{Folder: f, shards: shards, contacts: map[int64]bool{}}
	if err = m.merge(ctx); err == nil {
		f.manifest.NextSince = next
		err = f.Complete(to)
	}
	return f.Committed(), errors.Join(err, f.Close())
}

// shard is a folder to merge.
type shard struct {
	*Manifest
	dir string
}

// readShards reads and verifies folders, which must be all the shards of one account, and returns them by their indexes.
func readShards(ctx context.Context, dirs []string) ([]shard, error) {
	if len(dirs) == 0 {
		return nil, errors.New("name the folders of the shards")
	}
	byIndex := map[int]shard{}
	var first *Manifest
	for _, dir := range dirs {
		m, err := Verify(ctx, dir)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = m
		}
		switch same := first.Head; {
		case m.Shard == nil:
			return nil, fmt.Errorf("%s is a whole account, not a shard; there is nothing to merge", dir)
		case byIndex[m.Shard.Index].Manifest != nil:
			return nil, fmt.Errorf("%s and %s are both %s", byIndex[m.Shard.Index].dir, dir, m.Shard)
		default:
			same.Shard = &shards.Shard{Index: m.Shard.Index, Of: same.Shard.Of}
			if err := m.isOf(same); err != nil {
				return nil, fmt.Errorf("%s does not go with %s: it %w", dir, dirs[0], err)
			}
		}
		byIndex[m.Shard.Index] = shard{m, dir}
	}
	for i := range first.Shard.Of {
		if byIndex[i].Manifest == nil {
			return nil, fmt.Errorf("shard %d/%d is missing; name the folders of all %d", i, first.Shard.Of, first.Shard.Of)
		}
	}
	return slices.Collect(func(yield func(shard) bool) {
		for _, i := range slices.Sorted(maps.Keys(byIndex)) {
			if !yield(byIndex[i]) {
				return
			}
		}
	}), nil
}

// merging is one run of Merge.
type merging struct {
	*Folder
	shards   []shard
	contacts map[int64]bool
}

// merge writes the rows of all shards: those of conversations in the order of conversations, and the lists of names of the
// first shard, the only one that has them.
func (m *merging) merge(ctx context.Context) error {
	if m.manifest.Complete {
		return fmt.Errorf("%s is already complete; use another folder", m.Dir)
	}
	if len(m.manifest.Files) > 0 {
		return fmt.Errorf("%s has an incomplete export; use another folder", m.Dir)
	}
	for _, name := range m.names() {
		key := func(r row) int64 { return r.Conversation }
		switch name {
		case Conversation:
			key = func(r row) int64 { return r.ID }
		case Message, StoredFile:
		default: // one shard after another
			key = func(row) int64 { return 0 }
		}
		if err := m.rows(ctx, name, key); err != nil {
			return err
		}
	}
	for _, s := range m.shards {
		for _, u := range s.Unreadable {
			m.Folder.Unreadable(u)
		}
	}
	return nil
}

// names returns the files of rows, in order.
func (m *merging) names() (names []string) {
	for _, s := range m.shards {
		for _, file := range s.Files {
			if filepath.Ext(file.Name) == ".ndjson" && !slices.Contains(names, file.Name) {
				names = append(names, file.Name)
			}
		}
	}
	return names
}

// rows merges a file, smallest key first.
func (m *merging) rows(ctx context.Context, name string, key func(row) int64) error {
	if err := m.Ensure(name); err != nil {
		return err
	}
	var sources []*source
	for _, s := range m.shards {
		from := &source{dir: s.dir}
		for _, file := range s.Files {
			if file.Name == name {
				from.next, from.stop = iter.Pull2(linesOf(filepath.Join(s.dir, name), 0, file.Bytes))
				defer from.stop()
			}
		}
		if from.next == nil {
			continue
		}
		from.name = name
		if err := from.advance(key); err != nil {
			return err
		}
		sources = append(sources, from)
	}
	for {
		sources = slices.DeleteFunc(sources, func(s *source) bool { return s.line == nil })
		if len(sources) == 0 {
			return nil
		}
		s := slices.MinFunc(sources, func(a, b *source) int { return int(min(max(a.key-b.key, -1), 1)) })
		if err := errors.Join(ctx.Err(), m.take(name, s)); err != nil {
			return err
		}
		if err := s.advance(key); err != nil {
			return err
		}
	}
}

// source is a file of a shard.
type source struct {
	dir  string
	name string
	next func() ([]byte, error, bool)
	stop func()
	line []byte // nil after the last
	row  row
	key  int64
}

// advance goes to the next line.
func (s *source) advance(key func(row) int64) error {
	line, err, more := s.next()
	if !more || err != nil {
		s.line = nil
		return err
	}
	s.line = line
	s.row, err = rowOf(s.name, line)
	s.key = key(s.row)
	return err
}

// take writes a row of a shard.
func (m *merging) take(name string, s *source) error {
	switch name {
	case Contact: // a contact may have conversations in several shards
		if m.contacts[s.row.ID] {
			return nil
		}
		m.contacts[s.row.ID] = true
	case StoredFile:
		if err := m.copy(s.dir, s.row.SHA256); err != nil {
			return err
		}
	}
	return m.Append(name, s.line)
}

// copy copies an attachment's file.
func (m *merging) copy(dir, name string) error {
	into := filepath.Join(m.Dir, FilesFolder)
	if err := os.MkdirAll(into, 0o700); err != nil {
		return err
	}
	from, err := os.Open(filepath.Join(dir, FilesFolder, name))
	if err != nil {
		return err
	}
	defer from.Close()
	return Replace(into, name, func(to *os.File) error {
		_, err := io.Copy(to, from)
		return err
	})
}
