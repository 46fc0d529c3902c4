package template

import (
	"errors"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// events reads the Events of a function: queues that feed it and schedules that start it.
func (c *collector) events(s *stack, r *resource, f Function) error {
	var errs []error
	first := len(c.out.Schedules)
	eachPair(child(r.props, "Events"), func(key, n *yaml.Node) {
		props := children(child(n, "Properties"))
		switch kind := scalar(child(n, "Type")); kind {
		case "SQS":
			errs = append(errs, c.eventSource(s, f, props))
		case "ScheduleV2":
			errs = append(errs, c.schedule(s, f, key.Value, props, len(c.out.Schedules) > first))
		default:
			errs = append(errs, s.errorAt(n, "event %s of %s: type %q is not SQS or ScheduleV2", key.Value, r.id, kind))
		}
	})
	return errors.Join(errs...)
}

func (c *collector) eventSource(s *stack, f Function, props map[string]*yaml.Node) error {
	queue, e1 := s.text(props["Queue"])
	batch, e2 := s.number(props["BatchSize"], 10)
	window, e3 := s.number(props["MaximumBatchingWindowInSeconds"], 0)
	responses, e4 := s.texts(props["FunctionResponseTypes"])
	scaling, e5 := s.mapping(props["ScalingConfig"])
	concurrency, e6 := s.number(scaling["MaximumConcurrency"], 0)
	enabled, e7 := s.flag(props["Enabled"], true)
	if concurrency == 1 {
		e6 = s.errorAt(scaling["MaximumConcurrency"], "MaximumConcurrency of %s must be 2 or more", f.Name)
	}
	c.out.EventSources = append(c.out.EventSources, EventSource{
		Function: f.Name, Queue: queue, BatchSize: batch, Window: seconds(window), MaximumConcurrency: concurrency,
		ReportFailures: slices.Contains(responses, "ReportBatchItemFailures"), Enabled: enabled,
	})
	return errors.Join(e1, e2, e3, e4, e5, e6, e7)
}

func (c *collector) schedule(s *stack, f Function, eventID string, props map[string]*yaml.Node, another bool) error {
	expression, e1 := s.text(props["ScheduleExpression"])
	zone, e2 := s.text(props["ScheduleExpressionTimezone"])
	state, e3 := s.text(props["State"])
	input, e4 := s.text(props["Input"])
	name, e5 := s.text(props["Name"])
	full := name
	switch {
	case name != "":
		name = strings.TrimPrefix(name, c.prefix)
	case another:
		name = strings.TrimPrefix(f.Name, "cron-") + "-" + eventID
	default:
		name = strings.TrimPrefix(f.Name, "cron-")
	}
	if full == "" {
		full = c.prefix + name
	}
	if zone == "" {
		zone = "UTC"
	}
	c.out.Schedules = append(c.out.Schedules, Schedule{
		Name: name, ARN: s.arn("scheduler", "schedule/default/"+full), Function: f.Name,
		Expression: expression, Zone: zone, Enabled: state != "DISABLED", Input: input,
	})
	return errors.Join(e1, e2, e3, e4, e5)
}
