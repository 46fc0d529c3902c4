package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"fitkit/infra/tools/generate/stack"
	"fitkit/shared/catalog"
)

// Kind is what was measured of one kind of trigger.
type Kind struct {
	Invocations int
	Millis      float64 // of all of them, as billed
	GBSeconds   float64 // the same by the memory that each function declares
	Bytes       int     // of their events, which are their metrics too
}

// Mean is the milliseconds, gigabyte-milliseconds and bytes of one invocation.
func (k Kind) Mean() (millis, gbMillis, bytes float64) {
	n := float64(max(k.Invocations, 1))
	return k.Millis / n, k.GBSeconds * 1000 / n, float64(k.Bytes) / n
}

// report is the platform's line at an invocation's end, event the function's own. Both files of logs begin a line with the
// function's name, one of them after the time.
var (
	report = regexp.MustCompile(`(?:^| )((?:api|hook|job|cron|socket)-[a-z-]+) .*"type":"platform\.report".*"durationMs":([0-9.]+)`)
	event  = regexp.MustCompile(`(?:^| )((?:api|hook|job|cron|socket)-[a-z-]+) [^{]*(\{.*"msg":"invocation".*)`)
)

// Measure reads a log. Functions of the test clock are left out: no studio that pays has one.
func Measure(log io.Reader) (map[string]Kind, error) {
	memory := map[string]float64{}
	for _, s := range catalog.All() {
		memory[s.Name] = float64(s.Memory) / 1024
	}
	out := map[string]Kind{}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if m := report.FindStringSubmatch(lines.Text()); m != nil && !strings.Contains(m[1], "test-clock") {
			ms, _ := strconv.ParseFloat(m[2], 64) // digits, by the expression
			k := out[kindOf(m[1])]
			k.Invocations, k.Millis, k.GBSeconds = k.Invocations+1, k.Millis+ms, k.GBSeconds+ms/1000*memory[m[1]]
			out[kindOf(m[1])] = k
		} else if m := event.FindStringSubmatch(lines.Text()); m != nil && !strings.Contains(m[1], "test-clock") {
			k := out[kindOf(m[1])]
			k.Bytes += len(m[2])
			out[kindOf(m[1])] = k
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	for _, kind := range []string{"api", "hook", "job", "cron"} {
		if out[kind].Invocations == 0 {
			return nil, errors.New("the log holds no " + kind + ": run make demo MEMBERS=20 MONTHS=1 first, then make cost")
		}
	}
	return out, nil
}

func kindOf(function string) string {
	kind, _, _ := strings.Cut(function, "-")
	return kind
}

// Fixed is what a stage costs without a single studio.
type Fixed struct {
	Alarms  int // metrics that alarms listen to: that is what is paid for
	Metrics int // our own
	Queues  int // that functions wait at
	Runs    int // of all schedules in a month
	Opened  int // secrets that processes read from the parameter store in a month: KMS opens each
}

const month = 730 * time.Hour

// measures are the metrics of each kind of trigger: Failed, ColdStarts, ms and db_ms; jobs have waited_ms too.
const measures = 5*4 + 1

// Count reads the templates and the catalogue.
func Count(root string) (Fixed, error) {
	f := Fixed{Metrics: measures}
	for _, s := range catalog.All() {
		if s.Queue != nil {
			f.Queues++
		}
		secrets := stack.Secrets(s)
		if s.Schedule == nil {
			f.Opened += secrets * rereads * int(month/time.Hour) // as if it were awake in one process around the clock
			continue
		}
		gap, err := stack.LongestGap(s.Schedule.Expression)
		if err != nil {
			return f, err
		}
		f.Runs += int(month / gap)
		f.Opened += secrets * int(month/max(gap, time.Hour/rereads))
		f.Metrics += 1 + len(s.Alarms) // CronSuccess and the gauges
	}
	files, err := filepath.Glob(filepath.Join(root, "infra/stacks/*.yaml"))
	if err != nil {
		return f, err
	}
	files = slices.DeleteFunc(files, func(file string) bool { return filepath.Base(file) == "testhooks.yaml" }) // a preview's alone
	for _, file := range append(files, filepath.Join(root, "template.yaml")) {
		text, err := os.ReadFile(file)
		if err != nil {
			return f, err
		}
		var t struct {
			Resources map[string]struct {
				Type       string `yaml:"Type"`
				Properties struct {
					Metrics []map[string]yaml.Node `yaml:"Metrics"`
				} `yaml:"Properties"`
			} `yaml:"Resources"`
		}
		if err := yaml.Unmarshal(text, &t); err != nil && len(t.Resources) == 0 {
			return f, err // other resources' Properties of other shapes are nothing to this count
		}
		for _, r := range t.Resources {
			if r.Type == "AWS::CloudWatch::Alarm" {
				f.Alarms += max(1, len(r.Properties.Metrics)-1) // an expression is free, its metrics are not
			}
		}
	}
	return f, nil
}
