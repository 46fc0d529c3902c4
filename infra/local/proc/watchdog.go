package proc

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// watchdogScript waits for the end of its input, which comes when we die however we die,
// and then kills its whole group, itself included. Signals meant for the group pass it by.
const watchdogScript = `trap '' HUP INT QUIT TERM USR1 USR2; read -r _; kill -KILL 0`

// watchdog leads the group that a child is started into. It must be there before the child:
// one started afterwards would leave a moment in which our death goes unnoticed.
type watchdog struct {
	cmd  *exec.Cmd
	held *os.File // the writing end of its input; nobody ever writes
}

func startWatchdog(as *syscall.Credential) (*watchdog, error) {
	input, held, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("watchdog: %w", err)
	}
	defer input.Close()
	dog := exec.Command("/bin/sh", "-c", watchdogScript)
	dog.Stdin = input
	dog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
	if err := dog.Start(); err != nil {
		held.Close()
		return nil, fmt.Errorf("watchdog: %w", err)
	}
	return &watchdog{cmd: dog, held: held}, nil
}

// end kills the watchdog and with it whatever is left of the group.
func (w *watchdog) end() {
	_ = syscall.Kill(-w.cmd.Process.Pid, syscall.SIGKILL)
	_ = w.cmd.Wait()
	_ = w.held.Close()
}
