package seed

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Record is what seeding has made so far. It is kept in a file, so that a second start has nothing to do, an
// interrupted one goes on, and commands find people to sign in as.
type Record struct {
	Studio  Studio   `json:"studio"`
	Org     string   `json:"org"`     // FitKit's id of the studio
	Plans   []Plan   `json:"plans"`   // on sale
	Members []string `json:"members"` // ids
	// MemberUser is the Clerk user of the first member, who can sign in; empty while none can.
	MemberUser string   `json:"member_user"`
	Done       []string `json:"done"` // names of steps

	path string
}

// Plan is a plan on sale.
type Plan struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Price int64  `json:"price_agorot"`
}

// FileName is what the record of make dev's studio is called, in the platform's folder.
const FileName = "seed.json"

// Load reads a record; a missing file is an empty one.
func Load(path string) (*Record, error) {
	r := &Record{path: path}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, r)
	}
	if err != nil {
		return nil, fmt.Errorf("what was seeded cannot be read (%w). make dev-reset starts anew.", err)
	}
	return r, nil
}

func (r *Record) done(step string) bool { return slices.Contains(r.Done, step) }

// finish notes the step and writes all down.
func (r *Record) finish(step string) error {
	r.Done = append(r.Done, step)
	return r.save()
}

// save writes the record in one step, so that a kill leaves the old file or the new one.
func (r *Record) save() error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.path+".new", append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("note what was seeded: %w", err)
	}
	return os.Rename(r.path+".new", r.path)
}
