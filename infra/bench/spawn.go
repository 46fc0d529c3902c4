package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"fitkit/infra/local/template"
)

const (
	// spawnRounds is how often each function is started: with forty, two runs of the same binary differ by up to a tenth.
	spawnRounds = 80
	// maxStart is the bound of a start, as a multiple of the bare function's.
	maxStart = 1.5
	maxZip   = 6.0 // MB
	// startLimit is when a start counts as failed.
	startLimit = 10 * time.Second
)

// readiness is a Runtime API that only notes when a process asks for its first event.
type readiness struct {
	listener net.Listener
	asked    chan time.Time
}

func listenForReady() (*readiness, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &readiness{l, make(chan time.Time, 1)}
	go func() { // ends when the listener is closed
		_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if strings.HasSuffix(req.URL.Path, "/invocation/next") {
				r.asked <- time.Now()
				<-req.Context().Done() // the process is killed
			}
		}))
	}()
	return r, nil
}

// start runs a function's binary until it asks for its first event, and says how long that took.
func (r *readiness) start(ctx context.Context, f template.Function) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(f.CodeDir, "bootstrap"))
	cmd.Dir = f.CodeDir
	cmd.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + r.listener.Addr().String(), "AWS_LAMBDA_FUNCTION_NAME=" + f.Name, "AWS_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "TZ=:UTC",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(f.MemoryMB)}
	for name, value := range f.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed, or what it said tells more
		close(exited)
	}()
	defer func() {
		_ = cmd.Process.Kill() // it may have ended by itself
		<-exited
	}()
	select {
	case at := <-r.asked:
		return at.Sub(began), nil
	case <-exited:
		return 0, fmt.Errorf("%s ended before it was ready: %s", f.Name, said.String())
	case <-time.After(startLimit):
		return 0, fmt.Errorf("%s was not ready within %s", f.Name, startLimit)
	}
}

// spawnFigures starts every function of the templates, round by round, each start right after one of the bare function's. All starts
// of the bare one are what each function is compared with: they were spread over the same time.
func spawnFigures(ctx context.Context, s *system) ([]figure, error) {
	r, err := listenForReady()
	if err != nil {
		return nil, err
	}
	defer r.listener.Close()
	hello := built(template.Function{Name: "hello"})
	ours, bare := map[string]*sample{}, &sample{}
	for _, f := range s.Template.Functions {
		ours[f.Name] = &sample{}
	}
	for range spawnRounds {
		for _, f := range s.Template.Functions {
			for _, one := range []struct {
				f    template.Function
				into *sample
			}{{hello, bare}, {built(f), ours[f.Name]}} {
				took, err := r.start(ctx, one.f)
				if err != nil {
					return nil, err
				}
				one.into.add(took)
			}
		}
	}
	return startTable(s, ours, *bare)
}

func startTable(s *system, ours map[string]*sample, bare sample) ([]figure, error) {
	figures := []figure{{name: "start of a bare lambda.Start", value: bare.median(), spread: bare, unit: "µs", none: true}}
	for _, f := range s.Template.Functions {
		figures = append(figures, ratio("start of "+f.Name, *ours[f.Name], bare, maxStart))
	}
	for _, f := range s.Template.Functions {
		mb, err := zippedMB(filepath.Join(built(f).CodeDir, "bootstrap"))
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{name: "zip of " + f.Name, value: mb, unit: "MB", atMost: true, bound: maxZip})
	}
	return figures, nil
}
