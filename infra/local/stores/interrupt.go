package stores

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
)

// The names that Interrupt knows stores by.
const (
	PostgreSQL = postgresName
	Redis      = redisName
	SQS        = sqsName
)

// ErrNotOurs means a store that was not started here, so that it is not ours to end.
var ErrNotOurs = errors.New("it was not started here")

// Interrupt ends a store at once, as a crash does, and answers how to start it again on its port: PostgreSQL with what
// was committed, Redis and SQS empty. It is for tests; Died says nothing of it.
func (s *Stores) Interrupt(store string) (back func(context.Context) error, err error) {
	svc, err := s.release(store)
	if err != nil {
		return nil, err
	}
	svc.asked.Store(true)
	if err := svc.process.Signal(cmp.Or(svc.fall, syscall.SIGKILL)); err != nil {
		return nil, err
	}
	<-svc.process.Done()
	if err := svc.log.Close(); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		fresh, err := svc.again(ctx)
		if err != nil {
			return err
		}
		s.adopt(fresh)
		return nil
	}, nil
}

// release takes a store out of those that run.
func (s *Stores) release(store string) (*service, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.running, func(svc *service) bool { return svc.name == store })
	if i < 0 {
		return nil, fmt.Errorf("%s cannot be interrupted: %w", store, ErrNotOurs)
	}
	svc := s.running[i]
	s.running = slices.Delete(s.running, i, i+1)
	return svc, nil
}
