package stores

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const stateFile = "stores.json"

// state is what a folder remembers between starts.
type state struct {
	Database bool           `json:"database"` // whether a database was made for this folder
	Ports    map[string]int `json:"ports"`    // last used, by the store's name
}

func readState(dir string) (state, error) {
	st := state{Ports: map[string]int{}}
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, fmt.Errorf("read what the stores remember: %w", err)
	}
	if err := json.Unmarshal(raw, &st); err != nil {
		return st, fmt.Errorf("%s cannot be read (%w). Delete it to start with empty stores", filepath.Join(dir, stateFile), err)
	}
	if st.Ports == nil {
		st.Ports = map[string]int{}
	}
	return st, nil
}

// writeState replaces the file in one step, so that a kill leaves the old one or the new one.
func writeState(dir string, st state) error {
	raw, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("write what the stores remember: %w", err)
	}
	path := filepath.Join(dir, stateFile)
	if err := os.WriteFile(path+".new", raw, 0o600); err != nil {
		return fmt.Errorf("write what the stores remember: %w", err)
	}
	return os.Rename(path+".new", path)
}
