// Package outagetest is an outside service that fails, in every way in which one does (T16). Real clients are pointed at it.
package outagetest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// Asks is the Retry-After of the service that is asked too often, in seconds: longer than anybody may wait for it.
	Asks = "120"
	// silence is how long the slow service takes to answer.
	silence = 30 * time.Second
	// brief stands for the time that a handler has where the service is silent: what was begun ends with it.
	brief = 2 * time.Second
	// ample is that time where the service says or refuses something at once. Nobody comes near it.
	ample = 25 * time.Second
)

// Outage is one way to fail.
type Outage struct {
	Name  string
	URL   string
	Brief time.Duration // how long a handler has where the service is silent; two seconds by default
	asked atomic.Int32
	late  atomic.Bool // somebody was still there after the silence
}

// Asked is how many requests reached the service.
func (o *Outage) Asked() int { return int(o.asked.Load()) }

// TooOften says whether the service answers 429 and asks to be left alone.
func (o *Outage) TooOften() bool { return o.Name == tooOften }

// Garbage says whether the service answers 200 with what is none of its answers.
func (o *Outage) Garbage() bool { return o.Name == garbage }

const garbage = "garbage"

const tooOften = "429 with Retry-After"

// Slow says whether the service is silent.
func (o *Outage) Slow() bool { return o.Name == slow }

const slow = "30 s slow"

// Context ends as a handler's does. Where the service says or refuses something at once, the test fails unless what was
// begun with it is over long before.
func (o *Outage) Context(t *testing.T) context.Context {
	given := ample
	if o.Slow() {
		given = cmp.Or(o.Brief, brief)
	}
	ctx, cancel := context.WithTimeout(t.Context(), given)
	t.Cleanup(func() {
		if !o.Slow() && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("a failure that was told at once held its caller up for %s", given)
		}
		cancel()
	})
	return ctx
}

// Each runs fn once for every way, side by side, and fails the test when somebody waited for the slow service.
func Each(t *testing.T, fn func(t *testing.T, o *Outage)) {
	t.Helper()
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &Outage{Name: name}
			o.serve(t, answer)
			fn(t, o)
			if o.late.Load() {
				t.Errorf("somebody waited %s for an answer", silence)
			}
		})
	}
}

// answers are what the service says; nil says nothing for half a minute.
var answers = map[string]http.HandlerFunc{
	"connection refused": fails(0, ""),
	slow:                 nil,
	tooOften: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", Asks)
		fails(http.StatusTooManyRequests, "slow down")(w, r)
	},
	"500":                       fails(http.StatusInternalServerError, "oops"),
	garbage:                     fails(http.StatusOK, "<html>\x00Welcome to the hotel's network"),
	"a certificate of nobody's": fails(http.StatusOK, "{}"),
}

func fails(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func (o *Outage) serve(t *testing.T, answer http.HandlerFunc) {
	t.Helper()
	if o.Name == "connection refused" {
		o.URL = "http://" + nobody(t)
		return
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		if answer != nil {
			answer(w, r)
			return
		}
		select {
		case <-time.After(silence):
			o.late.Store(true)
		case <-r.Context().Done():
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if o.Name == "a certificate of nobody's" {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	o.URL = server.URL
}

// nobody is an address at which nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
