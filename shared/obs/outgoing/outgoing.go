// Package outgoing posts to services that only watch: errors to Sentry, product events to PostHog. Such a service never holds an
// answer up for long, never changes one, and is left alone for as long as it asks.
package outgoing

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// patience is the longest that a post holds an invocation up.
	patience = 500 * time.Millisecond
	// quiet is how long nothing is sent after the service said that it is too much, without saying for how long.
	quiet = time.Minute
)

// Service is one that is posted to.
type Service struct {
	http *http.Client

	mu    sync.Mutex
	until time.Time // nothing is sent before
}

// New is a service that has not complained yet.
func New() *Service { return &Service{http: &http.Client{Timeout: patience}} }

// Resting says whether the service is to be left alone now.
func (s *Service) Resting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.until)
}

// Post sends body once, or drops it: the service's troubles are never the caller's.
func (s *Service) Post(ctx context.Context, url string, h http.Header, body []byte) {
	if s.Resting() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience) // the invocation's own time may be over
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header = h
	res, err := s.http.Do(req)
	if err != nil {
		return
	}
	_ = res.Body.Close() // what it says is of no use
	if res.StatusCode == http.StatusTooManyRequests {
		s.rest(res.Header)
	}
}

// rest keeps quiet for as long as the service asks: Retry-After in seconds, or Sentry's own "60:error;transaction:organization".
func (s *Service) rest(h http.Header) {
	wait := quiet
	limit, _, _ := strings.Cut(h.Get("X-Sentry-Rate-Limits"), ":")
	for _, text := range []string{h.Get("Retry-After"), limit} {
		if n, err := strconv.Atoi(text); err == nil && n > 0 {
			wait = time.Duration(n) * time.Second
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = time.Now().Add(wait)
}
