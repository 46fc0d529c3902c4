// Package template reads the SAM templates that deploy FitKit and answers with a plain model of what they
// declare: functions with the environment they are granted, routes, queues, event sources and schedules.
// The local platform runs from this model, so nothing is listed a second time for a developer's machine.
//
// Only what the local platform runs is interpreted; roles, alarms, permissions and log groups are checked for
// dangling references and otherwise left alone.
package template

import "time"

// Platform is everything that the root template and its nested stacks declare, sorted by name.
type Platform struct {
	Functions    []Function
	Routes       []Route
	Queues       []Queue
	EventSources []EventSource
	Schedules    []Schedule
	// Sockets are the routes of the WebSocket API.
	Sockets []SocketRoute
	// CORS is nil when the HTTP API has no CorsConfiguration.
	CORS *CORS
}

// Function is one Lambda function.
type Function struct {
	// Name is the folder in functions/ and in bin/: "api-billing-create-charge".
	Name string
	// LambdaName is the deployed name, with the stage's prefix.
	LambdaName string
	ARN        string
	// CodeDir is the absolute folder that holds the binary named bootstrap.
	CodeDir  string
	MemoryMB int
	Timeout  time.Duration
	// Env is what the template grants and nothing else.
	Env map[string]string
	// URL is nil when the function has no function URL.
	URL *FunctionURL
}

// FunctionURL is a function's own HTTP address.
type FunctionURL struct {
	AuthType   string // NONE or AWS_IAM
	InvokeMode string // BUFFERED or RESPONSE_STREAM
	CORS       *CORS
}

// Route is one line of the HTTP API's routing table.
type Route struct {
	// Method is upper case; ANY takes every method. It is empty for the $default route.
	Method string
	// Path holds {name} and {name+} parameters, or is "$default".
	Path     string
	Function string
	// Timeout is the integration's; at most 30 s.
	Timeout time.Duration
}

// Key is the route key as the API spells it: "POST /v1/charges/{id}/void".
func (r Route) Key() string {
	if r.Method == "" {
		return r.Path
	}
	return r.Method + " " + r.Path
}

// SocketRoute is one route of the WebSocket API.
type SocketRoute struct {
	// Key is $connect, $disconnect, $default or an action.
	Key      string
	Function string
}

// Queue is one SQS queue, dead-letter queues included.
type Queue struct {
	// Name is the deployed name; senders build URLs from it.
	Name       string
	ARN        string
	FIFO       bool
	Visibility time.Duration
	Retention  time.Duration
	Delay      time.Duration
	// DLQ is the name of the dead-letter queue, or empty.
	DLQ        string
	MaxReceive int
}

// EventSource is a function fed by a queue.
type EventSource struct {
	Function  string
	Queue     string // Queue.Name
	BatchSize int
	Window    time.Duration
	// MaximumConcurrency is 0 when the template sets none.
	MaximumConcurrency int
	// ReportFailures says that the function names the failed items of a batch.
	ReportFailures bool
	Enabled        bool
}

// Schedule is one EventBridge schedule.
type Schedule struct {
	// Name is the function's name without "cron-", or the schedule's own Name without the stage's prefix.
	Name     string
	ARN      string
	Function string
	// Expression is cron(...) or rate(...), read in Zone (an IANA name, UTC when the template names none).
	Expression string
	Zone       string
	Enabled    bool
	// Input is the event before its <aws.scheduler.…> tokens are replaced.
	Input string
}

// CORS is an API's or a function URL's own setting.
type CORS struct {
	AllowOrigins     []string
	AllowHeaders     []string
	AllowMethods     []string
	ExposeHeaders    []string
	MaxAge           time.Duration
	AllowCredentials bool
}

// Function finds a function by its Name.
func (p *Platform) Function(name string) (Function, bool) {
	for _, f := range p.Functions {
		if f.Name == name {
			return f, true
		}
	}
	return Function{}, false
}
