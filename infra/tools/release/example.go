package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// copied names the secrets whose value is .env.example's: everybody who reads the repository knows them.
func (r *Release) copied(stored map[string]setting) error {
	text, err := os.ReadFile(filepath.Join(r.Root, ".env.example"))
	if err != nil {
		return err
	}
	takes, _, err := r.parameters()
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range example.FindAllStringSubmatch(string(text), -1) {
		if variable := m[1]; m[2] != "" && takes[variable].NoEcho && r.value(variable, stored) == m[2] {
			errs = append(errs, fmt.Errorf("%s of %s has the value of .env.example, which everybody knows: put a secret of its own there", variable, r.stage))
		}
	}
	return errors.Join(errs...)
}
