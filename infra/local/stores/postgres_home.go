package stores

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// home is where one checkout's database lives.
type home struct {
	path     string
	socket   string // folder of the Unix socket
	owner    *syscall.Credential
	password string // the superuser's
}

func (h home) data() string { return filepath.Join(h.path, "data") }

// homePath is under dir, but for root outside of it: root's checkout may lie in a home
// that the server's user cannot enter.
func homePath(dir string) string {
	if os.Geteuid() == 0 {
		return filepath.Join(systemState, digest(dir))
	}
	return filepath.Join(dir, postgresFolder)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])[:16]
}

// dataOwner is the user that PostgreSQL runs as: nobody when we are root, else ourselves (nil).
func dataOwner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root, and there is no user nobody to run it as: %w", err)
	}
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user nobody: %w", err)
	}
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user nobody: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// openHome makes the home ready. A home that the checkout's folder does not remember was
// left by a folder that someone deleted to start afresh, and is deleted too.
func (r *runner) openHome() (home, error) {
	h := home{path: homePath(r.dir)}
	var err error
	if h.owner, err = dataOwner(); err != nil {
		return h, err
	}
	if !r.state.Database {
		if err := os.RemoveAll(h.path); err != nil {
			return h, fmt.Errorf("delete the old database: %w", err)
		}
	}
	if err := makeOwned(h.path, h.owner); err != nil {
		return h, err
	}
	if h.socket, err = h.socketDir(); err != nil {
		return h, err
	}
	h.password, err = h.readPassword()
	return h, err
}

// socketDir is the home itself while its path fits into a socket's address (104 bytes on
// macOS), else a private folder with a short name.
func (h home) socketDir() (string, error) {
	const longest = 104 - len("/.s.PGSQL.65535.lock") - 1
	if len(h.path) <= longest {
		return h.path, nil
	}
	short := filepath.Join(os.TempDir(), "fitkit-"+digest(h.path))
	if err := os.Mkdir(short, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the socket's folder: %w", err)
	}
	info, err := os.Lstat(short)
	if err != nil {
		return "", fmt.Errorf("open the socket's folder: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(stat.Uid) != os.Geteuid() || info.Mode().Perm() != 0o700 {
		return "", fmt.Errorf("%s is not a private folder of yours. Delete it", short)
	}
	return short, nil
}

// readPassword reads the superuser's password, or makes one for a new database.
func (h home) readPassword() (string, error) {
	path := h.passwordFile()
	raw, err := os.ReadFile(path)
	if err == nil && len(raw) > 0 {
		return string(bytes.TrimSpace(raw)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the database's password: %w", err)
	}
	password := rand.Text()
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write the database's password: %w", err)
	}
	if h.owner == nil {
		return password, nil
	}
	return password, os.Chown(path, int(h.owner.Uid), int(h.owner.Gid))
}

func (h home) passwordFile() string { return filepath.Join(h.path, "password") }

// initialise makes an empty database where there is none. It works beside the final folder
// and renames at the end, so that a kill leaves nothing half-made.
func (r *runner) initialise(ctx context.Context, pg installation, h home) error {
	made, err := os.ReadFile(filepath.Join(h.data(), "PG_VERSION"))
	if err == nil {
		if version := string(bytes.TrimSpace(made)); version != strconv.Itoa(pg.major) {
			return fmt.Errorf("the local database was made by PostgreSQL %s, and %d is installed now. Start with an empty one: make dev-reset", version, pg.major)
		}
		return nil
	}
	r.say("%s makes a new database.", postgresName)
	fresh := h.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("delete a half-made database: %w", err)
	}
	args := append([]string{"-D", fresh, "-U", superuser, "--pwfile", h.passwordFile(), "--auth", "scram-sha-256", "--encoding", "UTF8"}, pg.locale()...)
	if r.fast {
		args = append(args, "--no-sync")
	}
	if err := runTool(ctx, pg.program(h, "initdb", args...)); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	if err := os.Rename(fresh, h.data()); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return r.remember(func(st *state) { st.Database = true })
}

// locale knows all of Unicode's letters, Hebrew among them, and sorts by code point, which
// no update of the operating system can change under an index.
func (pg installation) locale() []string {
	if pg.major < 17 {
		return []string{"--locale", "C.UTF-8"}
	}
	return []string{"--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"}
}
