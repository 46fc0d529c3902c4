package platform

import "strings"

// Function is a function as its template has it. Functions, in functions_list.go, is all of them: no function may link the
// catalogue, so make generate writes the list from it.
type Function struct {
	Name           string
	MemoryMB       int
	TimeoutSeconds int
}

// Trigger is what starts the function: api, hook, job, cron or socket.
func (f Function) Trigger() string {
	trigger, _, _ := strings.Cut(f.Name, "-")
	return trigger
}

// Stack is the domain whose stack the function is deployed in.
func (f Function) Stack() string {
	_, rest, _ := strings.Cut(f.Name, "-")
	stack, _, _ := strings.Cut(rest, "-")
	return stack
}

// Figures are what a function did in a span of time. They are zeros where it was not called.
type Figures struct {
	Invocations, Errors, Throttles int64
	Failed                         int64 // events that are failures of ours: an answer 5xx, a message given back
	AverageMS, SlowestMS           float64
}
