package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// sizes are the numbers of studios that are asked about.
var sizes = []float64{100, 1_000, 10_000}

// Line is one row of the bill: dollars without any studio, and for each.
type Line struct {
	Name       string
	Fixed, Per float64
}

// At is the line for so many studios.
func (l Line) At(studios float64) float64 { return l.Fixed + l.Per*studios }

// Bill is what AWS asks.
func Bill(measured map[string]Kind, f Fixed) []Line {
	lambda, requests := Line{Name: "Lambda, time"}, Line{Name: "Lambda, requests"}
	http, sockets := Line{Name: "HTTP API"}, Line{Name: "WebSocket API", Per: connectionMinutes * socketMinute}
	sqs, logs, out := Line{Name: "SQS"}, Line{Name: "CloudWatch Logs"}, Line{Name: "data out"}
	add := func(kind string, times float64, to func(*Line) *float64) {
		_, gbMillis, bytes := of(measured, kind).Mean()
		*to(&lambda) += times * gbMillis / 1000 * lambdaGBSecond
		*to(&requests) += times * lambdaRequest
		*to(&logs) += times * (bytes + platformLines) / 1e9 * (logGB + logGBMonth)
	}
	per, fixed := func(l *Line) *float64 { return &l.Per }, func(l *Line) *float64 { return &l.Fixed }
	for _, a := range Studio {
		add(a.Kind, a.Times, per)
		switch a.Kind {
		case "api", "hook":
			http.Per += a.Times * httpRequest
			logs.Per += a.Times * accessLine / 1e9 * (logGB + logGBMonth)
			out.Per += a.Times * answerBytes / 1e9 * outGB
		case "job":
			sqs.Per += max(a.Times, a.Messages) * 3 * sqsRequest // send, receive, delete
		case "socket":
			sockets.Per += a.Times * socketMessage
		}
	}
	add("cron", float64(f.Runs), fixed)
	sqs.Fixed = float64(f.Queues) * pollers * month.Seconds() / 20 * sqsRequest
	return []Line{lambda, requests, http, sockets, sqs, logs, out,
		{"CloudWatch alarms", float64(f.Alarms) * alarmMetric, 0}, {"CloudWatch metrics", float64(f.Metrics) * customMetric, 0},
		{"EventBridge Scheduler", float64(f.Runs) * scheduleRun, 0}, {"KMS", float64(f.Opened) * kmsRequest, 0}}
}

// of takes a socket's event for an endpoint's, since a demo opens no WebSocket.
func of(measured map[string]Kind, kind string) Kind {
	if k, ok := measured[kind]; ok {
		return k
	}
	return measured["api"]
}

// Report prints the tables of docs/cost.md.
func Report(out io.Writer, measured map[string]Kind, f Fixed) error {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', 0)
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	p("| kind\t| measured\t| ms each\t| GB-ms each\t| log bytes each\t|")
	p("|---\t|---:\t|---:\t|---:\t|---:\t|")
	for _, kind := range []string{"api", "hook", "job", "cron", "socket"} {
		ms, gb, bytes := of(measured, kind).Mean()
		p("| %s\t| %d\t| %.0f\t| %.1f\t| %.0f\t|", kind, measured[kind].Invocations, ms, gb, bytes)
	}
	p("\n| a studio's month\t| times\t| from\t|")
	p("|---\t|---:\t|---\t|")
	for _, a := range Studio {
		p("| %s\t| %.0f\t| %s\t|", a.Kind, a.Times, a.From)
	}
	p("\nWithout a studio: %d metrics under alarms, %d metrics of our own, %d queues, %d runs of schedules and %d openings of secrets a month.", f.Alarms, f.Metrics, f.Queues, f.Runs, f.Opened)
	p("\n| USD a month\t| fixed\t| a studio\t| 100 studios\t| 1,000\t| 10,000\t|")
	p("|---\t|---:\t|---:\t|---:\t|---:\t|---:\t|")
	var all Line
	for _, l := range Bill(measured, f) {
		all.Fixed, all.Per = all.Fixed+l.Fixed, all.Per+l.Per
		p("| %s\t| %.2f\t| %.4f\t| %.2f\t| %.2f\t| %.2f\t|", l.Name, l.Fixed, l.Per, l.At(sizes[0]), l.At(sizes[1]), l.At(sizes[2]))
	}
	p("| **AWS**\t| %.2f\t| %.4f\t| **%.0f**\t| **%.0f**\t| **%.0f**\t|", all.Fixed, all.Per, all.At(sizes[0]), all.At(sizes[1]), all.At(sizes[2]))
	for _, o := range others {
		p("| %s\t|\t|\t| %.0f\t| %.0f\t| %.0f\t|", o.Name, o.Dollars(sizes[0]), o.Dollars(sizes[1]), o.Dollars(sizes[2]))
	}
	p("| the old single instance\t| %d\t|\t| %d\t| %d\t| does not fit\t|", railway, railway, railway)
	return w.Flush()
}
