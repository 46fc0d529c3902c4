package host

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"fitkit/infra/local/template"
)

// watch marks functions whose sources changed, once a second; they are built when they are next needed.
func (h *Host) watch() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.Rescan()
		case <-h.ctx.Done():
			return
		}
	}
}

// Rescan looks for changed sources now rather than at the next second.
func (h *Host) Rescan() {
	if h.opt.Builder == nil {
		return
	}
	var built []template.Function
	prints := map[string]string{}
	for _, name := range h.Functions() {
		f := h.functions[name]
		f.build.mu.Lock()
		if f.build.fresh {
			built = append(built, f.Function)
			prints[name] = f.build.print
		}
		f.build.mu.Unlock()
	}
	now, err := h.opt.Builder.Fingerprints(h.ctx, built)
	if err != nil {
		if h.ctx.Err() == nil {
			slog.Warn("look for changed sources", "error", err)
		}
		return
	}
	for name, old := range prints {
		if b := &h.functions[name].build; now[name] != old {
			b.mu.Lock()
			b.fresh = b.fresh && b.print != old
			b.mu.Unlock()
		}
	}
}

// depCache remembers which folders a function is made from until something in them changes, which may add
// or drop an import.
type depCache struct {
	mu    sync.Mutex
	known map[string]folderSet
}

type folderSet struct {
	dirs []string
	hash uint64
}

// Fingerprints hashes names, sizes and times of the files in all folders that a function is made from, go.mod
// and go.sum included. A folder that several functions share is looked at once.
func (b *GoBuilder) Fingerprints(ctx context.Context, functions []template.Function) (map[string]string, error) {
	b.deps.mu.Lock()
	defer b.deps.mu.Unlock()
	if b.deps.known == nil {
		b.deps.known = map[string]folderSet{}
	}
	seen := map[string]uint64{}
	prints := map[string]string{}
	for _, f := range functions {
		set, known := b.deps.known[f.Name]
		if hash := b.hash(set.dirs, seen); !known || hash != set.hash {
			dirs, err := b.listFolders(ctx, f.Name)
			if err != nil {
				return nil, err
			}
			set = folderSet{dirs, b.hash(dirs, seen)}
			b.deps.known[f.Name] = set
		}
		prints[f.Name] = strconv.FormatUint(set.hash, 16)
	}
	return prints, nil
}

func (b *GoBuilder) hash(dirs []string, seen map[string]uint64) uint64 {
	sum := fnv.New64a()
	for _, dir := range dirs {
		hash, ok := seen[dir]
		if !ok {
			hash = hashFolder(dir)
			seen[dir] = hash
		}
		fmt.Fprintf(sum, "%s %x\n", dir, hash)
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		describe(sum, filepath.Join(b.Root, file))
	}
	return sum.Sum64()
}

// hashFolder hashes a folder's files; tests do not count. A folder that is gone has a hash too.
func hashFolder(dir string) uint64 {
	sum := fnv.New64a()
	entries, err := os.ReadDir(dir)
	if err != nil {
		fmt.Fprint(sum, err)
	}
	for _, e := range entries {
		if !e.IsDir() && !strings.HasSuffix(e.Name(), "_test.go") {
			describe(sum, filepath.Join(dir, e.Name()))
		}
	}
	return sum.Sum64()
}

// describe writes what changes about a file when it is saved.
func describe(w io.Writer, file string) {
	if info, err := os.Stat(file); err == nil {
		fmt.Fprintf(w, "%s %d %d\n", file, info.Size(), info.ModTime().UnixNano())
	}
}

// listFolders asks go list for the packages of this module that a function links, with their embedded files.
// A function that does not compile still has its own folder, so that the next save is noticed.
func (b *GoBuilder) listFolders(ctx context.Context, name string) ([]string, error) {
	root, err := filepath.Abs(b.Root)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-tags", strings.Join(append([]string{"lambda.norpc"}, b.Tags...), ","),
		"-f", `{{if not .Standard}}{{.Dir}}{{range .EmbedFiles}}{{"\n"}}{{$.Dir}}/{{.}}/..{{end}}{{end}}`, "./functions/"+name)
	cmd.Dir = root
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w: %s", name, err, complaint.Bytes())
	}
	folders := []string{filepath.Join(root, "functions", name)}
	for line := range strings.Lines(string(out)) {
		dir := filepath.Clean(strings.TrimSpace(line))
		if strings.HasPrefix(dir, root+string(filepath.Separator)) && !slices.Contains(folders, dir) {
			folders = append(folders, dir)
		}
	}
	slices.Sort(folders)
	return folders, nil
}
