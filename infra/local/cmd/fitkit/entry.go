package main

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fitkit/infra/local/host"
)

const (
	entryTime = "2006-01-02T15:04:05.000Z"
	// noRequest stands for the invocation of a line that was written before the first one.
	noRequest = "-"
	// longestEntry is more than the longest line that is kept of a function's output.
	longestEntry = 1 << 20
)

func logFile(c checkout) string { return filepath.Join(c.dir, "logs", "functions.log") }

// formerLogFile is what came before functions.log.
func formerLogFile(c checkout) string { return filepath.Join(c.dir, "logs", "functions.former.log") }

// formatEntry is a line of functions.log.
func formatEntry(l host.LogLine) string {
	return l.Time.UTC().Format(entryTime) + " " + l.Function + " " + cmp.Or(l.RequestID, noRequest) + " " + l.Line
}

// parseEntry reads what formatEntry wrote. Anything else, such as a line that a killed process left half written, is none.
func parseEntry(text string) (l host.LogLine, ok bool) {
	parts := strings.SplitN(text, " ", 4)
	if len(parts) < 4 {
		return l, false
	}
	at, err := time.Parse(entryTime, parts[0])
	if parts[2] == noRequest {
		parts[2] = ""
	}
	return host.LogLine{Time: at, Function: parts[1], RequestID: parts[2], Line: parts[3]}, err == nil
}

// readEntries gives every line of the log to see, that of the former file first.
func readEntries(c checkout, see func(host.LogLine)) error {
	if f, err := os.Open(formerLogFile(c)); err == nil {
		defer f.Close()
		if err := scanEntries(f, see); err != nil {
			return err
		}
	}
	f, err := os.Open(logFile(c))
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("No function has written anything yet. Start FitKit with make dev.")
	}
	if err != nil {
		return fmt.Errorf("The log cannot be read: %w", err)
	}
	defer f.Close()
	return scanEntries(f, see)
}

func scanEntries(r io.Reader, see func(host.LogLine)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestEntry)
	for lines.Scan() {
		if l, ok := parseEntry(lines.Text()); ok {
			see(l)
		}
	}
	return lines.Err()
}
