package main

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// limits are enforced when asked for; zero is no limit.
type limits struct {
	PerObject     int `json:"perObject"` // PATCHes of one object per window; the vendor's is 10
	Total         int `json:"total"`     // requests per window; the vendor's is 100 for test keys
	WindowSeconds int `json:"windowSeconds"`
	BadGateway    int `json:"badGateway"` // the next n requests answer 502 in HTML
}

// limiter counts requests in fixed windows.
type limiter struct {
	mu     sync.Mutex
	limits limits
	began  time.Time
	counts map[string]int
}

func newLimiter() *limiter { return &limiter{counts: map[string]int{}} }

func (l *limiter) set(to limits) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if to.WindowSeconds == 0 {
		to.WindowSeconds = 10
	}
	l.limits, l.began, l.counts = to, time.Time{}, map[string]int{}
}

// stop answers a request that the limits refuse and reports whether it did.
func (l *limiter) stop(w http.ResponseWriter, r *http.Request, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limits.BadGateway > 0 {
		l.limits.BadGateway--
		http.Error(w, "<html><body><h1>502 Bad Gateway</h1></body></html>", http.StatusBadGateway)
		return true
	}
	window := time.Duration(l.limits.WindowSeconds) * time.Second
	if now.Sub(l.began) >= window {
		l.began, l.counts = now, map[string]int{}
	}
	// Metadata and membership calls count for the object they change, as the plain PATCH does.
	object := strings.TrimSuffix(r.URL.Path, "/metadata")
	l.counts[""]++
	refused := over(l.counts[""], l.limits.Total)
	if r.Method == http.MethodPatch {
		l.counts[object]++
		refused = refused || over(l.counts[object], l.limits.PerObject)
	}
	if !refused {
		return false
	}
	wait := math.Ceil(l.began.Add(window).Sub(now).Seconds())
	w.Header().Set("Retry-After", strconv.Itoa(int(wait)))
	answer(w, 0, nil, apiError{http.StatusTooManyRequests, "too_many_requests", "too many requests; retry later"})
	return true
}

func over(count, limit int) bool { return limit > 0 && count > limit }
