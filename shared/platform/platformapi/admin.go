package platformapi

import (
	"fitkit/shared/need"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// admins are who may look across studios.
var admins = []tenancy.Role{tenancy.PlatformAdmin}

// eachQueue is a need for every queue there is.
func eachQueue(of func(string) need.Need) (needs []need.Need) {
	for _, name := range queue.Names {
		needs = append(needs, of(string(name)))
	}
	return needs
}
