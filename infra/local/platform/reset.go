package platform

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"fitkit/infra/local/stores"
)

// Reset deletes everything that platforms under dir have kept: data, accounts, ledgers, secrets and logs. It refuses
// while one runs.
func Reset(dir string) error {
	if err := stores.Wipe(dir); err != nil {
		return err
	}
	// The lock stays: the next start may be waiting for it already.
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if e.Name() != "lock" {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
