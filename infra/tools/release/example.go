package main

import (
	"os"
	"path/filepath"
)

// copied are the secrets whose value is .env.example's: everybody who reads the repository knows them.
func (r *Release) copied(stored map[string]setting) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(r.Root, ".env.example"))
	if err != nil {
		return nil, err
	}
	takes, _, err := r.parameters()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, m := range example.FindAllStringSubmatch(string(text), -1) {
		if variable := m[1]; m[2] != "" && (takes[variable].NoEcho || variable == owner) && r.value(variable, stored) == m[2] {
			out = append(out, variable)
		}
	}
	return out, nil
}
