package stores

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"fitkit/infra/local/proc"
)

const sqsName = "SQS"

var (
	errNoNode = errors.New("Node.js is missing; the local SQS needs version 20 or newer (Debian: apt-get install nodejs npm)")
	errNoNPM  = errors.New("npm is missing; the local SQS is installed with it (Debian: apt-get install npm)")
)

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

// installFauxqs gives the folder with the server, named by what is in it, so that two
// checkouts with different versions do not disturb each other.
func (r *runner) installFauxqs(ctx context.Context) (string, error) {
	files, err := fauxqs.ReadDir("fauxqs")
	if err != nil {
		return "", err
	}
	sum, content := sha256.New(), map[string][]byte{}
	for _, f := range files {
		if content[f.Name()], err = fauxqs.ReadFile("fauxqs/" + f.Name()); err != nil {
			return "", err
		}
		sum.Write(content[f.Name()])
	}
	return install(r.cache, "fauxqs-"+hex.EncodeToString(sum.Sum(nil))[:12], func(tmp string) error {
		r.say("%s is being downloaded (9 MB, once).", sqsName)
		for name, data := range content {
			if err := os.WriteFile(filepath.Join(tmp, name), data, 0o644); err != nil {
				return err
			}
		}
		return npmInstall(ctx, tmp)
	})
}

// npmInstall installs what the lock file in folder says, and runs no package's own scripts.
func npmInstall(ctx context.Context, folder string) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errNoNPM
	}
	return runTool(ctx, proc.Options{Name: "npm", Path: npm, Dir: folder, Tree: true, Args: []string{
		"ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error",
		"--omit-lockfile-registry-resolved",
	}})
}

func pingSQS(ctx context.Context, port int) error {
	return pingHTTP(ctx, fmt.Sprintf("http://127.0.0.1:%d/health", port))
}
