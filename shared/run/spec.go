package run

import (
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
)

// Spec is everything about a function that its template, its documents and the local platform are made from.
type Spec struct {
	Name    string // <trigger>-<domain>-<verb>[-<object>]
	Summary string
	Needs   []need.Need
	Memory  int           // MB
	Timeout time.Duration // whole seconds

	Route    *Route
	Queue    *Queue
	Schedule *Schedule
	Socket   *Socket
	Alarms   []Alarm
}

// Alarm watches a gauge that the function writes under its own name by obs.Count.
type Alarm struct {
	Metric  string // the gauge: CamelCase, with its unit
	Above   int    // rings when five minutes' largest value is over this
	Says    string // one sentence for whoever is woken
	Runbook string // infra/runbooks/<Runbook>.md
}

// Front is the door an endpoint answers at.
type Front string

// The doors.
const (
	Gateway Front = ""    // the HTTP API
	URL     Front = "url" // a function URL of its own, for what takes over 30 s
)

// Route is an HTTP endpoint.
type Route struct {
	Method, Path string
	Aliases      []string // further paths of the same method that this function answers
	Status       int      // of success
	Public       bool
	Roles        []tenancy.Role
	Errors       []*fail.Error
	Front        Front
	Hook         bool // a provider posts here; no sign-in and no Idempotency-Key
}

// Queue is a job's queue. Its dead-letter queue has the same name and "-dlq".
type Queue struct {
	Name           string
	BatchSize      int
	MaxConcurrency int
	MaxReceive     int  // then the message goes to the dead-letter queue
	System         bool // the jobs belong to no organisation
}

// Visibility is how long a received message stays hidden: six times the function's timeout, as Lambda asks.
func (s Spec) Visibility() time.Duration { return 6 * s.Timeout }

// ResendAfter is when the relay takes a sent job that nobody finished for lost: after all receives have passed.
func (s Spec) ResendAfter() time.Duration { return s.Visibility() * time.Duration(s.Queue.MaxReceive) }

// Socket is a route of the WebSocket API.
type Socket struct {
	Route  string // $connect, $disconnect, $default, or the action that a message names
	Errors []*fail.Error
}

// Schedule is a cron's clock.
type Schedule struct {
	Expression string // EventBridge: cron(…) or rate(…)
	Zone       string
}

// JobQueue is the queue of a job function: its name without the trigger.
func JobQueue(function string) string { return function[len("job-"):] }
