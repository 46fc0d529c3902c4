//go:build !linux

package proc

import "syscall"

// kernelEndsChild is false where only the watchdog can end a child whose parent was killed.
const kernelEndsChild = false

func dieWithParent(*syscall.SysProcAttr, syscall.Signal) {}
