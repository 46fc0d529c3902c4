package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// entry is a line of functions.log.
type entry struct {
	time              time.Time
	function, request string
	text              string
}

const (
	entryTime = "2006-01-02T15:04:05.000Z"
	// noRequest stands for the invocation of a line that was written before the first one.
	noRequest = "-"
	// longestEntry is more than the longest line that is kept of a function's output.
	longestEntry = 1 << 20
)

func logFile(c checkout) string { return filepath.Join(c.dir, "logs", "functions.log") }

func (e entry) String() string {
	return e.time.UTC().Format(entryTime) + " " + e.function + " " + e.request + " " + e.text
}

// parseEntry reads what String wrote. Anything else, such as a line that a killed process left half written, is none.
func parseEntry(line string) (e entry, ok bool) {
	parts := strings.SplitN(line, " ", 4)
	if len(parts) < 4 {
		return e, false
	}
	at, err := time.Parse(entryTime, parts[0])
	return entry{at, parts[1], parts[2], parts[3]}, err == nil
}

// correlation is the id in a line that is an event, or "".
func (e entry) correlation() string {
	var event struct {
		Correlation string `json:"correlation_id"`
	}
	_ = json.Unmarshal([]byte(e.text), &event) // plain text has none
	return event.Correlation
}

// readEntries gives every entry of the log to see.
func readEntries(c checkout, see func(entry)) error {
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

func scanEntries(r io.Reader, see func(entry)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestEntry)
	for lines.Scan() {
		if e, ok := parseEntry(lines.Text()); ok {
			see(e)
		}
	}
	return lines.Err()
}
