// Package journal keeps a sandbox's memory in an append-only file of JSON lines.
//
// Lines that arrive together are written together (group commit): an answer waits for its own
// line, not for a write of its own. A written line survives kill -9 of the process; with sync it
// survives a loss of power too. A line that was cut by a crash is dropped at the next start,
// which is right, since nobody was answered before it was whole.
package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Journal appends lines to one file. It is safe for concurrent use.
type Journal struct {
	file *os.File
	sync bool

	mu     sync.Mutex
	wake   sync.Cond
	batch  *Commit
	closed bool
	failed error
	ended  chan struct{}
}

// Commit is the promise that a line reaches the file. A nil Commit is already kept.
type Commit struct {
	lines []byte
	done  chan struct{}
	err   error
}

// Open reads the lines of path through replay, oldest first, and then accepts new ones. The
// folder is created when it is missing. With sync every group of lines is flushed to the device.
func Open(path string, sync bool, replay func(line []byte) error) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := replayLines(file, replay); err != nil {
		return nil, errors.Join(fmt.Errorf("replay %s: %w", path, err), file.Close())
	}
	j := &Journal{file: file, sync: sync, batch: newCommit(), ended: make(chan struct{})}
	j.wake.L = &j.mu
	go j.write()
	return j, nil
}

// replayLines leaves the file's offset after the last whole line and cuts the rest away.
func replayLines(file *os.File, replay func([]byte) error) error {
	in := bufio.NewReader(file)
	var whole int64
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := replay(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
			return fmt.Errorf("line at byte %d: %w", whole, err)
		}
		whole += int64(len(line))
	}
	if err := file.Truncate(whole); err != nil {
		return err
	}
	_, err := file.Seek(whole, io.SeekStart)
	return err
}

func newCommit() *Commit { return &Commit{done: make(chan struct{})} }

// Append takes one line without its line break. Lines keep the order of the calls. After a
// failed write every later Append fails too: memory would be ahead of the file for good.
func (j *Journal) Append(line []byte) *Commit {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := j.batch
	c.lines = append(append(c.lines, line...), '\n')
	j.wake.Signal()
	return c
}

// Wait blocks until the line is in the file, or says why it never will be.
func (c *Commit) Wait() error {
	if c == nil {
		return nil
	}
	<-c.done
	return c.err
}

// Truncate forgets every line. The caller sees to it that nobody appends meanwhile.
func (j *Journal) Truncate() error {
	if err := j.Append(nil).Wait(); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.file.Truncate(0); err != nil {
		return fmt.Errorf("truncate journal: %w", err)
	}
	_, err := j.file.Seek(0, io.SeekStart)
	return err
}

// Close writes what was accepted and closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	j.closed = true
	j.wake.Signal()
	j.mu.Unlock()
	<-j.ended
	return j.file.Close()
}

// write is the one writer: it takes all that gathered while the last group was written.
func (j *Journal) write() {
	defer close(j.ended)
	for {
		j.mu.Lock()
		for len(j.batch.lines) == 0 && !j.closed {
			j.wake.Wait()
		}
		group := j.batch
		if len(group.lines) == 0 {
			group.err = os.ErrClosed // stays in place for whoever comes late
			close(group.done)
			j.mu.Unlock()
			return
		}
		j.batch = newCommit()
		j.mu.Unlock()
		group.err = j.flush(group.lines)
		close(group.done)
	}
}

func (j *Journal) flush(lines []byte) error {
	if j.failed != nil {
		return j.failed
	}
	_, err := j.file.Write(lines)
	if err == nil && j.sync {
		err = j.file.Sync()
	}
	if err != nil {
		j.failed = fmt.Errorf("write journal: %w", err)
	}
	return j.failed
}
