package stores

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"fitkit/infra/local/proc"
)

const logFolder = "logs"

// definition is how one store is run.
type definition struct {
	name    string // for people
	file    string // of the log, without its ending
	options func(port int) proc.Options
	ping    func(ctx context.Context, port int) error // nil once the store answers
}

// service is one running store.
type service struct {
	name    string
	process *proc.Process
	log     *os.File
	asked   atomic.Bool

	fall  syscall.Signal                          // ends it as a crash would
	again func(context.Context) (*service, error) // starts it on the same port and data
}

func (d definition) start(ctx context.Context, logs string, port int) (*service, error) {
	log, err := openLog(filepath.Join(logs, d.file+".log"))
	if err != nil {
		return nil, err
	}
	o := d.options(port)
	o.Name, o.Stdout = d.name, log
	process, err := proc.Start(o)
	if err != nil {
		log.Close()
		return nil, err
	}
	svc := &service{name: d.name, process: process, log: log, fall: o.ParentDeath,
		again: func(ctx context.Context) (*service, error) { return d.start(ctx, logs, port) }}
	if err := svc.await(ctx, func(ctx context.Context) error { return d.ping(ctx, port) }); err != nil {
		return nil, errors.Join(err, svc.stop())
	}
	return svc, nil
}

// await returns once ping succeeds, or with the reason why it will not.
func (s *service) await(ctx context.Context, ping func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.process.Done():
			return s.ending()
		case <-ctx.Done():
			return fmt.Errorf("%s did not become ready: %w (%v; its log is %s)", s.name, ctx.Err(), err, s.log.Name())
		case <-tick.C:
		}
	}
}

// ending says how the process ended, which is an error even with exit code 0.
func (s *service) ending() error {
	if err := s.process.Err(); err != nil {
		return err
	}
	return fmt.Errorf("%s ended with exit code %d", s.name, s.process.ExitCode())
}

func (s *service) stopping() bool { return s.asked.Load() }

func (s *service) stop() error {
	s.asked.Store(true)
	return errors.Join(s.process.Stop(), s.log.Close())
}

// openLog starts a new log and keeps the last one, which may tell why a store died.
func openLog(path string) (*os.File, error) {
	if err := os.Rename(path, path+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("keep the last log: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return f, nil
}
