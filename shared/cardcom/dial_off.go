//go:build !fitkit_testhooks

package cardcom

import "net"

func dialer(d *net.Dialer) dialFunc { return d.DialContext }
