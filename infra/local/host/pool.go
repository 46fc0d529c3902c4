package host

import (
	"fmt"
	"slices"
)

// enqueue puts inv in its function's line and finds it a process.
func (h *Host) enqueue(inv *invocation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		inv.fail(ErrClosed)
		return
	}
	inv.function.waiting = append(inv.function.waiting, inv)
	h.dispatch(inv.function)
}

// withdraw takes an invocation that nobody waits for out of the line. One that has begun runs to its end.
func (h *Host) withdraw(inv *invocation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := inv.function
	f.waiting = slices.DeleteFunc(f.waiting, func(i *invocation) bool { return i == inv })
}

// dispatch gives waiting invocations to idle processes and starts processes for the rest. The caller holds mu.
func (h *Host) dispatch(f *function) {
	for len(f.waiting) > 0 && len(f.idle) > 0 {
		p := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		h.begin(p, f.shift())
	}
	for f.unserved() > 0 && !h.closed {
		if h.alive >= h.opt.MaxProcesses {
			h.starve(f)
			return
		}
		h.spawn(f)
	}
}

// shift takes the invocation that waits longest out of the line.
func (f *function) shift() *invocation {
	inv := f.waiting[0]
	f.waiting = slices.Delete(f.waiting, 0, 1)
	return inv
}

// unserved is how many invocations have no process that is starting or about to ask for its next event.
func (f *function) unserved() int { return len(f.waiting) - f.starting - f.returning }

// starve notes that f waits for room and ends the idle processes used longest ago, as many as are wanted.
// Their places are given away when they have been reaped. The caller holds mu.
func (h *Host) starve(f *function) {
	if !slices.Contains(h.starved, f) {
		h.starved = append(h.starved, f)
	}
	for h.wanted() > h.dying {
		oldest := h.leastRecent()
		if oldest == nil {
			return
		}
		h.retire(oldest)
	}
}

// wanted is how many processes the starved functions wait for.
func (h *Host) wanted() int {
	n := 0
	for _, f := range h.starved {
		n += max(0, f.unserved())
	}
	return n
}

func (h *Host) leastRecent() *process {
	var oldest *process
	for _, f := range h.functions {
		if len(f.idle) > 0 && (oldest == nil || f.idle[0].used < oldest.used) {
			oldest = f.idle[0]
		}
	}
	return oldest
}

// retire takes a process that serves nothing out of service. The caller holds mu.
func (h *Host) retire(p *process) {
	f := p.function
	f.idle = slices.DeleteFunc(f.idle, func(other *process) bool { return other == p })
	if !p.dying {
		p.dying = true
		h.dying++
	}
	p.kill()
}

// ready is called when p asks for an event: it has finished what it was given.
func (h *Host) ready(p *process) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := p.function
	again := p.asked
	if !again {
		p.asked = true
		f.starting--
	}
	f.comeBack(p)
	if h.closed || p.version != f.version || again && (h.opt.Cold || h.mustYield(f)) {
		h.retire(p)
		return
	}
	h.clock++
	p.used = h.clock
	f.idle = append(f.idle, p)
	h.dispatch(f)
	switch {
	case p.current.Load() != nil:
	case h.wanted() > h.dying:
		h.retire(h.leastRecent())
	case h.opt.Freeze:
		p.freeze()
	}
}

// comeBack ends the time between a process's answer and its next request. The caller holds mu.
func (f *function) comeBack(p *process) {
	if p.returning {
		p.returning = false
		f.returning--
	}
}

// mustYield says that a process of f gives its place to a function that has none at all, so that one busy
// queue cannot shut out the rest of the system.
func (h *Host) mustYield(f *function) bool {
	if len(f.procs) < 2 || h.dying > 0 {
		return false
	}
	return slices.ContainsFunc(h.starved, func(other *function) bool { return len(other.procs) == 0 && len(other.waiting) > 0 })
}

// gone is called when p has been reaped: its invocation fails, and its place is given to who waits longest.
func (h *Host) gone(p *process, how string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := p.function
	delete(f.procs, p.number)
	f.idle = slices.DeleteFunc(f.idle, func(other *process) bool { return other == p })
	h.alive--
	if p.dying {
		h.dying--
	}
	if !p.asked {
		f.starting--
		h.failedStart(p, how)
	}
	f.comeBack(p)
	h.settle(p, how)
	starved := h.starved
	h.starved = nil
	for _, s := range starved {
		h.dispatch(s)
	}
	h.dispatch(f)
}

// settle ends what p was serving: an event that it never saw goes back to the head of the line, one that it
// did see has failed. The caller holds mu.
func (h *Host) settle(p *process, how string) {
	select {
	case inv := <-p.work:
		inv.timer.Stop()
		if !inv.answered.Load() {
			p.function.waiting = slices.Insert(p.function.waiting, 0, inv)
		}
		return
	default:
	}
	inv := p.current.Load()
	if inv == nil {
		return
	}
	if inv.answer(exitResult(inv.id, how)) {
		inv.timer.Stop()
		h.report(inv, "error")
		return
	}
	h.report(inv, "timeout") // timeOut answered it
}

// failedStart answers the oldest waiting invocation of a function whose process ended before it asked for
// work. A process that was only slow is tried once more. The caller holds mu.
func (h *Host) failedStart(p *process, how string) {
	f := p.function
	if len(f.waiting) == 0 || p.version != f.version {
		return
	}
	inv := f.waiting[0]
	inv.tries++
	slow := p.slow.Load()
	if slow && inv.tries < maxInitTries {
		return
	}
	f.shift()
	if slow {
		message := fmt.Sprintf("RequestId: %s Error: initialisation did not end within %s", inv.id, h.opt.InitLimit)
		inv.answer(errorResult("Sandbox.Timedout", message, true))
		return
	}
	inv.answer(exitResult(inv.id, how))
}

func exitResult(id, how string) Result {
	return errorResult("Runtime.ExitError", "RequestId: "+id+" Error: Runtime exited with error: "+how, true)
}
