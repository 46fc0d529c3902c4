package main

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"
)

// epoch is the earliest time that a zip can hold. Every file is of this time, so that nothing of the build's moment remains.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// zipAll writes the deployment package of every function in from and removes those of functions that are no more.
func zipAll(from, to string) error {
	functions, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, f := range functions {
		if err := zipFile(filepath.Join(from, f.Name(), "bootstrap"), filepath.Join(to, f.Name()+".zip")); err != nil {
			return err
		}
	}
	return nil
}

func zipFile(bootstrap, to string) (err error) {
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return writeZip(out, bootstrap)
}

// writeZip puts the file into a zip as bootstrap, executable, with nothing in it that depends on when, where or by whom it
// was made.
func writeZip(out io.Writer, bootstrap string) error {
	in, err := os.Open(bootstrap)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	w := zip.NewWriter(out)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate, Modified: epoch}
	header.SetMode(0o755)
	file, err := w.CreateHeader(header)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, in); err != nil {
		return err
	}
	return w.Close()
}
