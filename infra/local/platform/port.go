package platform

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"fitkit/infra/local/stores"
)

// listen takes the API's port on this machine alone. The error for a busy one says who has it.
func listen(ctx context.Context, o Options) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)))
	if !errors.Is(err, syscall.EADDRINUSE) {
		return l, err
	}
	if err := alreadyRuns(ctx, o.Dir); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("Port %d is in use by %s; stop it or set PORT=%d.", o.Port, portHolder(o.Port), o.Port+1)
}

// alreadyRuns gives the stores' own complaint when a platform runs from dir: it is a better answer than that the port
// is busy. Stores that are given every address start nothing and only take the folder's lock.
func alreadyRuns(ctx context.Context, dir string) error {
	s, err := stores.Start(ctx, stores.Options{Dir: dir, AdminURL: "given", RedisURL: "given", SQSEndpoint: "given", S3Endpoint: "given"})
	if err != nil {
		return err
	}
	return s.Stop()
}

// freePort is last when nobody has it, so that addresses stay the same from start to start, or else one that the
// system chooses.
func freePort(last int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(last)))
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
