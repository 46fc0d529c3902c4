package platform

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Addresses is where the parts of a running platform are. It is kept in platform.json while the platform runs, for the
// commands beside it; Database holds a password, so the file is its owner's alone.
type Addresses struct {
	PID      int    `json:"pid"` // of the process that runs the platform
	API      string `json:"api"`
	Clerk    string `json:"clerk,omitempty"`   // the sandbox; empty when .env points at the real service
	Cardcom  string `json:"cardcom,omitempty"` // as Clerk
	Database string `json:"database"`          // as the schema's owner
	System   string `json:"system"`            // the same database as the system role
	Redis    string `json:"redis"`
	SQS      string `json:"sqs"`
	S3       string `json:"s3"`
}

const stateFile = "platform.json"

// ErrNotRunning means that no platform answers for this folder.
var ErrNotRunning = errors.New("FitKit does not run from this folder. Start it with make dev.")

func writeState(dir string, a Addresses) error {
	a.PID = os.Getpid()
	return writeFile(filepath.Join(dir, stateFile), a)
}

func removeState(dir string) error {
	err := os.Remove(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Running finds the platform that runs from dir, ErrNotRunning when none does. A file left behind by a killed one
// counts for nothing: the API must answer.
func Running(dir string) (Addresses, error) {
	var a Addresses
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil || json.Unmarshal(raw, &a) != nil {
		return a, ErrNotRunning
	}
	client := http.Client{Timeout: 5 * time.Second}
	res, err := client.Get(a.API + "/_local/functions")
	if err != nil {
		return a, ErrNotRunning
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return a, ErrNotRunning
	}
	return a, nil
}
