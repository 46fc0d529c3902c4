// Command pack lays out what go build -o made, one file per function, as Lambda wants it: <to>/<function>/bootstrap. A
// binary that has not changed keeps its file, so an unchanged function keeps its hash and is not deployed again.
//
// With -zips it also writes <zips>/<function>.zip for deployment, where the same binary always makes the same bytes.
//
//	pack -from .local/build/arm64 -to bin -functions functions
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	from := flag.String("from", "", "folder with one binary per function")
	to := flag.String("to", "bin", "folder that templates take code from")
	sources := flag.String("functions", "functions", "folder that says which functions there are")
	zips := flag.String("zips", "", "folder for deployment packages; none are made without it")
	flag.Parse()
	packed, err := pack(*from, *to, *sources)
	if err == nil && *zips != "" {
		err = zipAll(*to, *zips)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d functions are in %s.\n", packed, *to)
}

// pack links the binary of every function to its place and removes the folders of functions that are no more.
func pack(from, to, functions string) (int, error) {
	sources, err := os.ReadDir(functions)
	if err != nil {
		return 0, err
	}
	wanted := map[string]bool{}
	for _, source := range sources {
		name := source.Name()
		if out, err := leftOut(filepath.Join(from, name), filepath.Join(functions, name)); err != nil {
			return 0, err
		} else if out {
			continue
		}
		wanted[name] = true
		if err := place(filepath.Join(from, name), filepath.Join(to, name, "bootstrap")); err != nil {
			return 0, err
		}
	}
	present, err := os.ReadDir(to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, folder := range present {
		if !wanted[folder.Name()] {
			if err := os.RemoveAll(filepath.Join(to, folder.Name())); err != nil {
				return 0, err
			}
		}
	}
	return len(wanted), nil
}

// leftOut says that a function was not built because its build tag keeps it out of this build, as the test hooks are of all but previews.
func leftOut(binary, source string) (bool, error) {
	if _, err := os.Stat(binary); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	code, err := os.ReadFile(filepath.Join(source, "main.go"))
	return bytes.HasPrefix(code, []byte("//go:build ")), err
}

// place links binary as bootstrap through a temporary name, since the old one may be running.
func place(binary, bootstrap string) error {
	have, err := os.Stat(bootstrap)
	made, err2 := os.Stat(binary)
	if err2 != nil {
		return err2
	}
	if err == nil && os.SameFile(have, made) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(bootstrap), 0o755); err != nil {
		return err
	}
	next := bootstrap + ".next"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Link(binary, next); err != nil {
		return err
	}
	return os.Rename(next, bootstrap)
}
