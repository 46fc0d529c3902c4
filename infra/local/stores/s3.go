package stores

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"fitkit/infra/local/buckets"
	"fitkit/infra/local/proc"
)

const (
	s3Name    = "S3"
	s3Folder  = "s3"
	versitygw = "github.com/versity/versitygw/cmd/versitygw@v1.8.0"
)

// The keys of a local S3 server, which listens on this machine only.
const (
	S3KeyID     = "local"
	S3KeySecret = "local-secret"
)

// s3 runs versitygw over a folder, with versions kept beside it and both buckets made. What S3 keeps about an object goes
// into a folder of its own and not into extended attributes, which not every file system has.
func (r *runner) s3(ctx context.Context, s *Stores) error {
	server, err := r.installVersitygw(ctx)
	if err != nil {
		return err
	}
	home := filepath.Join(r.dir, s3Folder)
	data, versions, about := filepath.Join(home, "data"), filepath.Join(home, "versions"), filepath.Join(home, "about")
	for _, folder := range []string{data, versions, about} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("make S3's folder: %w", err)
		}
	}
	port, err := r.launch(ctx, s, definition{name: s3Name, file: "s3", ping: pingS3, options: func(port int) proc.Options {
		return proc.Options{Path: server, Dir: home,
			Env: append(os.Environ(), "ROOT_ACCESS_KEY_ID="+S3KeyID, "ROOT_SECRET_ACCESS_KEY="+S3KeySecret),
			Args: []string{"--port", fmt.Sprintf("127.0.0.1:%d", port), "--region", Region, "--health", "/health", "--quiet",
				"posix", "--versioning-dir", versions, "--sidecar", about, data},
		}
	}})
	if err != nil {
		return err
	}
	s.S3Endpoint = fmt.Sprintf("http://127.0.0.1:%d", port)
	return buckets.Make(ctx, buckets.Client(s.S3Endpoint, Region, S3KeyID, S3KeySecret))
}

// installVersitygw builds the server from its module, whose sum the go command checks, and keeps the binary for all checkouts.
func (r *runner) installVersitygw(ctx context.Context) (string, error) {
	folder, err := install(r.cache, "versitygw-1.8.0", func(tmp string) error {
		goTool, err := exec.LookPath("go")
		if err != nil {
			return fmt.Errorf("Go is missing on the PATH: %w", err)
		}
		r.say("%s is being built (once; about 3 minutes).", s3Name)
		return runTool(ctx, proc.Options{Name: "go install " + versitygw, Path: goTool, Dir: tmp, Tree: true,
			Env:  append(os.Environ(), "GOBIN="+tmp, "GOFLAGS=-mod=mod", "GOWORK=off", "GOOS=", "GOARCH=", "CGO_ENABLED=0"),
			Args: []string{"install", "-trimpath", "-ldflags", "-s -w", versitygw}})
	})
	if err != nil {
		return "", fmt.Errorf("S3 cannot be built: %w", err)
	}
	return filepath.Join(folder, "versitygw"), nil
}

func pingS3(ctx context.Context, port int) error {
	return pingHTTP(ctx, fmt.Sprintf("http://127.0.0.1:%d/health", port))
}

// pingHTTP is nil when url answers 200.
func pingHTTP(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", res.Status)
	}
	return nil
}
