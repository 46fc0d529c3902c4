package main

import (
	"compress/flate"
	"io"
	"os"
)

// zippedMB is the size that a file has in a zip archive, in millions of bytes: deflate at the level that zip uses, without
// the archive's few hundred bytes of directory.
func zippedMB(path string) (float64, error) {
	in, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	var size counter
	w, err := flate.NewWriter(&size, flate.DefaultCompression)
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(w, in); err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	return float64(size) / 1e6, nil
}

type counter int64

// Write implements io.Writer.
func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
