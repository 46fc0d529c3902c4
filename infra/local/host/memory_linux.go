package host

import (
	"bytes"
	"os"
	"strconv"
)

// heldMemory is what a process holds and the kernel cannot take back, in bytes: resident pages without those of files. It is
// 0 for a process that is gone.
func heldMemory(pid int) int {
	statm, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	fields := bytes.Fields(statm)
	if err != nil || len(fields) < 3 {
		return 0
	}
	resident, err := strconv.Atoi(string(fields[1]))
	shared, err2 := strconv.Atoi(string(fields[2]))
	if err != nil || err2 != nil {
		return 0
	}
	return (resident - shared) * os.Getpagesize()
}
