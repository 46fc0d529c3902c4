package host

import (
	"cmp"
	"fmt"
	"slices"
)

// Processes lists the process ids of a function, oldest first.
func (h *Host) Processes(name string) []int { return h.pids(name, false) }

// Busy lists the process ids of a function that are serving an invocation, oldest first.
func (h *Host) Busy(name string) []int { return h.pids(name, true) }

func (h *Host) pids(name string, busyOnly bool) []int {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, ok := h.functions[name]
	if !ok {
		return nil
	}
	var procs []*process
	for _, p := range f.procs {
		if p.pid() != 0 && (!busyOnly || p.current.Load() != nil) {
			procs = append(procs, p)
		}
	}
	slices.SortFunc(procs, func(a, b *process) int { return cmp.Compare(a.number, b.number) })
	pids := make([]int, 0, len(procs))
	for _, p := range procs {
		pids = append(pids, p.pid())
	}
	return pids
}

// Kill ends one of the host's own processes with SIGKILL, for fault runs.
func (h *Host) Kill(pid int) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.functions {
		for _, p := range f.procs {
			if pid != 0 && p.pid() == pid {
				p.kill()
				return nil
			}
		}
	}
	return fmt.Errorf("kill %d: not a process of this host", pid)
}
