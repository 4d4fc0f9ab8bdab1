package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/cfchat/cfchat-go"
)

// store keeps filters by name, in a file. It is safe for concurrent use within one program.
type store struct {
	file string
	mu   sync.Mutex // for writing
}

// all reads the filters; there are none if the file does not exist.
func (s *store) all() (map[string]cfchat.Filter, error) {
	filters := map[string]cfchat.Filter{}
	data, err := os.ReadFile(s.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return filters, nil
	case err != nil:
		return nil, err
	}
	if err := json.Unmarshal(data, &filters); err != nil {
		return nil, fmt.Errorf("%s: %w", s.file, err)
	}
	return filters, nil
}

// put adds a filter, or replaces the one with that name. The file is complete at every moment, either the old or the new
// one.
func (s *store) put(name string, filter cfchat.Filter) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	filters, err := s.all()
	if err != nil {
		return err
	}
	filters[name] = filter
	data, err := json.MarshalIndent(filters, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.file+".new", append(data, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(s.file+".new", s.file)
}
