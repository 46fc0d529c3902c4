package host

import (
	"cmp"
	"fmt"
	"time"
)

// leastMemory is what Lambda gives a function whose template names no memory, in MB.
const leastMemory = 128

// memoryLook is how often the memory of working processes is looked at. What a function takes between two looks it has.
const memoryLook = 50 * time.Millisecond

// watchMemory kills a process that holds more memory than its template gives it, as Lambda does: its invocation fails with
// "signal: killed". Only processes that start or serve an invocation are looked at; an idle one takes nothing. Linux tells how
// much a process holds; elsewhere (macOS) no limit is kept.
func (h *Host) watchMemory() {
	tick := time.NewTicker(memoryLook)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-tick.C:
			h.endGluttons()
		}
	}
}

func (h *Host) endGluttons() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range h.functions {
		for _, p := range f.procs {
			pid := p.pid()
			if pid == 0 || p.wasKilled() || p.asked && p.current.Load() == nil {
				continue
			}
			if held, given := heldMemory(pid)>>20, cmp.Or(f.MemoryMB, leastMemory); held > given {
				h.logs.add(LogLine{Function: f.Name, RequestID: p.requestID(), Time: time.Now(),
					Line: fmt.Sprintf("out of memory: it holds %d MB, its template gives it %d MB; killed", held, given)})
				p.kill()
			}
		}
	}
}
