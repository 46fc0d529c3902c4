package template

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// collector gathers what the stacks declare before names are joined into a Platform.
type collector struct {
	out      Platform
	byARN    map[string]string // function or queue ARN → name
	routes   []pendingRoute
	httpAPIs map[string]bool // physical id → it is the HTTP API (a WebSocket API is false)
	prefix   string
}

type pendingRoute struct {
	s   *stack
	r   *resource
	api string
}

func newCollector() *collector {
	return &collector{byARN: map[string]string{}, httpAPIs: map[string]bool{}}
}

// walk reads every resource of s whose condition holds, then its nested stacks.
func (c *collector) walk(s *stack) error {
	read := map[string]func(*stack, *resource) error{
		kindFunction: c.function, kindQueue: c.queue, kindHTTPAPI: c.api, kindRoute: c.route,
		kindApplication: c.application, kindWebSocket: c.webSocket,
	}
	var errs []error
	for i := range s.resources {
		r := &s.resources[i]
		fn, ok := read[r.kind]
		if !ok {
			continue
		}
		yes, err := s.holds(child(r.node, "Condition"))
		if err == nil && yes {
			err = fn(s, r)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (c *collector) application(s *stack, r *resource) error {
	nested, err := s.child(r.id)
	if err != nil {
		return err
	}
	return c.walk(nested)
}

// platform joins routes, queues and event sources by ARN and sorts everything.
func (c *collector) platform() (*Platform, error) {
	var errs []error
	for _, p := range c.routes {
		errs = append(errs, c.joinRoute(p))
	}
	for i := range c.out.Queues {
		if q := &c.out.Queues[i]; q.DLQ != "" {
			errs = append(errs, c.join(&q.DLQ, "dead-letter queue of "+q.Name))
		}
	}
	for i := range c.out.EventSources {
		e := &c.out.EventSources[i]
		errs = append(errs, c.join(&e.Queue, "event source of "+e.Function))
	}
	p := &c.out
	slices.SortFunc(p.Sockets, func(a, b SocketRoute) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(p.Functions, func(a, b Function) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(p.Routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	slices.SortFunc(p.Queues, func(a, b Queue) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(p.EventSources, func(a, b EventSource) int { return cmp.Compare(a.Function, b.Function) })
	slices.SortFunc(p.Schedules, func(a, b Schedule) int { return cmp.Compare(a.Name, b.Name) })
	return p, errors.Join(append(errs, c.duplicates()...)...)
}

// join replaces an ARN by the name of the resource that it belongs to.
func (c *collector) join(arn *string, what string) error {
	name, ok := c.byARN[*arn]
	if !ok {
		return fmt.Errorf("%s: no template declares %s", what, *arn)
	}
	*arn = name
	return nil
}

func (c *collector) duplicates() []error {
	var errs []error
	seen := map[string]bool{}
	once := func(what, name string) {
		if seen[what+name] {
			errs = append(errs, fmt.Errorf("%s %s is declared twice", what, name))
		}
		seen[what+name] = true
	}
	for _, f := range c.out.Functions {
		once("function", f.Name)
	}
	for _, r := range c.out.Routes {
		once("route", r.Key())
	}
	for _, r := range c.out.Sockets {
		once("WebSocket route", r.Key)
	}
	for _, q := range c.out.Queues {
		once("queue", q.Name)
	}
	for _, s := range c.out.Schedules {
		once("schedule", s.Name)
	}
	return errs
}

func (c *collector) queue(s *stack, r *resource) error {
	name, err := s.queueName(r)
	if err != nil {
		return err
	}
	q := Queue{Name: name, ARN: s.arn("sqs", name)}
	fifo, e1 := s.flag(child(r.props, "FifoQueue"), false)
	visibility, e2 := s.number(child(r.props, "VisibilityTimeout"), 30)
	retention, e3 := s.number(child(r.props, "MessageRetentionPeriod"), 345600)
	delay, e4 := s.number(child(r.props, "DelaySeconds"), 0)
	redrive, e5 := s.mapping(child(r.props, "RedrivePolicy"))
	dlq, e6 := s.text(redrive["deadLetterTargetArn"])
	receives, e7 := s.number(redrive["maxReceiveCount"], 0)
	q.FIFO, q.DLQ, q.MaxReceive = fifo, dlq, receives
	q.Visibility, q.Retention, q.Delay = seconds(visibility), seconds(retention), seconds(delay)
	if dlq != "" && receives < 1 {
		e7 = errors.Join(e7, s.errorAt(r.node, "queue %s: RedrivePolicy needs maxReceiveCount", name))
	}
	c.byARN[q.ARN] = q.Name
	c.out.Queues = append(c.out.Queues, q)
	return errors.Join(e1, e2, e3, e4, e5, e6, e7)
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// number resolves a node that must be a whole number.
func (s *stack) number(n *yaml.Node, absent int) (int, error) {
	text, err := s.text(n)
	if err != nil || text == "" {
		return absent, err
	}
	i, err := strconv.Atoi(text)
	if err != nil {
		return 0, s.errorAt(n, "expected a whole number, found %q", text)
	}
	return i, nil
}

func (s *stack) flag(n *yaml.Node, absent bool) (bool, error) {
	text, err := s.text(n)
	if err != nil || text == "" {
		return absent, err
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, s.errorAt(n, "expected true or false, found %q", text)
	}
	return b, nil
}

// mapping gives the members of a mapping unresolved, looking through an Fn::If around it.
func (s *stack) mapping(n *yaml.Node) (map[string]*yaml.Node, error) {
	if n == nil {
		return nil, nil
	}
	if name, arg := intrinsic(n); name == "Fn::If" {
		yes, err := s.holds(arg.Content[0])
		if err != nil {
			return nil, err
		}
		if yes {
			return s.mapping(arg.Content[1])
		}
		return s.mapping(arg.Content[2])
	} else if name == "Ref" && arg.Value == "AWS::NoValue" {
		return nil, nil
	}
	if n.Kind != yaml.MappingNode {
		return nil, s.errorAt(n, "expected a mapping")
	}
	return children(n), nil
}

func base(uri string) string { return filepath.Base(strings.TrimRight(uri, "/")) }
