package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"

	"fitkit/infra/local/stores"
)

// bullmqFiles are the worker, and the lock file that pins what it depends on.
//
//go:embed bullmq/package.json bullmq/package-lock.json bullmq/charge.mjs bullmq/worker.mjs
var bullmqFiles embed.FS

// oldWorker is a running BullMQ worker, as the old stack had it (docs/decisions/024). One process does all that is measured:
// Node.js compiles what it runs often, and the old one ran for weeks.
type oldWorker struct {
	s    *system
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *json.Decoder
	said bytes.Buffer // what it complained of; read after its end
}

// oldSetup is what the worker is told first: on its stdin, since an environment and arguments are seen by others.
type oldSetup struct {
	Redis      string            `json:"redis"`
	Database   string            `json:"database"`
	Statements map[string]string `json:"statements"`
	Provider   oldProvider       `json:"provider"`
}

type oldProvider struct {
	URL      string `json:"url"`
	Terminal int    `json:"terminal"`
	APIName  string `json:"apiName"`
	Token    string `json:"token"`
}

func (s *system) openOldWorker(ctx context.Context, t *till) (*oldWorker, error) {
	p, err := readProtocol()
	if err != nil {
		return nil, err
	}
	w := &oldWorker{s: s}
	if err := w.start(ctx); err != nil {
		return nil, fmt.Errorf("start the BullMQ worker: %w", err)
	}
	at := s.Secrets.Cardcom
	err = json.NewEncoder(w.in).Encode(oldSetup{Redis: s.Variables["REDIS_URL"], Database: s.Variables["DATABASE_URL"],
		Statements: map[string]string{"enter": p.enter, "claim": p.claim, "approve": p.approve, "too_late": p.tooLate, "is_first": p.isFirst},
		Provider:   oldProvider{s.Addresses.Cardcom + "/api/v11/Transactions/Transaction", at.Number, at.APIName, t.card.Reveal()}})
	if err != nil {
		return nil, w.failed(err)
	}
	return w, nil
}

func (w *oldWorker) start(ctx context.Context) error {
	cache, err := stores.DefaultCacheDir()
	if err != nil {
		return err
	}
	folder, err := stores.InstallNode(ctx, cache, bullmqFiles, "bullmq", func() { say("  BullMQ is being downloaded (3 MB, once).") })
	if err != nil {
		return err
	}
	w.cmd = exec.CommandContext(ctx, "node", "worker.mjs")
	w.cmd.Dir, w.cmd.Env, w.cmd.Stderr = folder, []string{"NODE_ENV=production", "TZ=UTC"}, &w.said
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	w.out = json.NewDecoder(out)
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return err
	}
	return w.cmd.Start()
}

// execute collects the charges, so many at once, fed from Redis, and answers charges a second by the worker's own clock, which
// starts and stops as ours does.
func (w *oldWorker) execute(ctx context.Context, list []due, workers int) (float64, error) {
	charges := make([]map[string]string, len(list))
	for i, d := range list {
		charges[i] = map[string]string{"org": d.org, "charge": d.charge}
	}
	var answer struct{ Rate float64 }
	if err := json.NewEncoder(w.in).Encode(map[string]any{"workers": workers, "charges": charges}); err != nil {
		return 0, w.failed(err)
	}
	if err := w.out.Decode(&answer); err != nil {
		return 0, w.failed(err)
	}
	return answer.Rate, w.s.allPaid(ctx, list)
}

// failed ends a worker that does not answer, and tells in its own words why.
func (w *oldWorker) failed(err error) error {
	_ = w.in.Close() // it may have ended by itself
	if e := w.cmd.Wait(); e != nil {
		err = e
	}
	return fmt.Errorf("the BullMQ worker: %w\n%s", err, w.said.String())
}

// close lets the worker end, by the end of its stdin.
func (w *oldWorker) close() {
	_ = w.in.Close()
	_ = w.cmd.Wait() // the measurement is over
}
