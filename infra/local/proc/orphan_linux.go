package proc

import "syscall"

// kernelEndsChild says that the system itself ends a child whose parent was killed.
const kernelEndsChild = true

func dieWithParent(a *syscall.SysProcAttr, sig syscall.Signal) { a.Pdeathsig = sig }
