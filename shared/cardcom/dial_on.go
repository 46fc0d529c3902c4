//go:build fitkit_testhooks

package cardcom

import (
	"context"
	"net"

	"fitkit/shared/crash"
)

// dialer makes connections that can die with half a request on the wire.
func dialer(d *net.Dialer) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return halfway{conn}, nil
	}
}

type halfway struct{ net.Conn }

func (h halfway) Write(b []byte) (int, error) {
	half := len(b) / 2
	n, err := h.Conn.Write(b[:half])
	if err != nil {
		return n, err
	}
	crash.At("request half written")
	m, err := h.Conn.Write(b[half:])
	return n + m, err
}
