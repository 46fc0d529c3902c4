package stores

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os/exec"
	"strconv"

	"fitkit/infra/local/proc"
)

const sqsName = "SQS"

var errNoNode = errors.New("Node.js is missing; the local SQS needs version 20 or newer (Debian: apt-get install nodejs npm)")

// fauxqs is pinned with everything it depends on by its lock file. 2.x needs Node 22.
//
//go:embed fauxqs/package.json fauxqs/package-lock.json fauxqs/serve.mjs
var fauxqs embed.FS

// sqs keeps its queues in memory only: what a stop loses, the jobs table sends again.
func (r *runner) sqs(ctx context.Context, s *Stores) error {
	node, err := exec.LookPath("node")
	if err != nil {
		return errNoNode
	}
	folder, err := r.installFauxqs(ctx)
	if err != nil {
		return err
	}
	port, err := r.launch(ctx, s, definition{name: sqsName, file: "sqs", ping: pingSQS, options: func(port int) proc.Options {
		return proc.Options{Path: node, Dir: folder, Args: []string{"serve.mjs", strconv.Itoa(port), Region, Account}}
	}})
	if err != nil {
		return err
	}
	s.SQSEndpoint = fmt.Sprintf("http://127.0.0.1:%d", port)
	return nil
}

func (r *runner) installFauxqs(ctx context.Context) (string, error) {
	return InstallNode(ctx, r.cache, fauxqs, "fauxqs", func() { r.say("%s is being downloaded (9 MB, once).", sqsName) })
}

func pingSQS(ctx context.Context, port int) error {
	return pingHTTP(ctx, fmt.Sprintf("http://127.0.0.1:%d/health", port))
}
