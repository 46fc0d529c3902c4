package stores

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"fitkit/infra/local/proc"
)

var errNoNPM = errors.New("npm is missing; programs for Node.js are installed with it (Debian: apt-get install npm)")

// InstallNode gives a folder in cache with what is in files' folder, and with the packages that the lock file there pins. It is
// named by what is in it, so that two checkouts with different versions do not disturb each other. download is called before
// anything is fetched, which happens once.
func InstallNode(ctx context.Context, cache string, files embed.FS, folder string, download func()) (string, error) {
	entries, err := files.ReadDir(folder)
	if err != nil {
		return "", err
	}
	sum, content := sha256.New(), map[string][]byte{}
	for _, f := range entries {
		if content[f.Name()], err = files.ReadFile(path.Join(folder, f.Name())); err != nil {
			return "", err
		}
		sum.Write(content[f.Name()])
	}
	return install(cache, folder+"-"+hex.EncodeToString(sum.Sum(nil))[:12], func(tmp string) error {
		download()
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
