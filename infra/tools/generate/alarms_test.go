package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"fitkit/shared/catalog"
)

var (
	namedRunbook = regexp.MustCompile(`See infra/runbooks/([a-z-]+)\.md\.$`)
	tried        = regexp.MustCompile(`(?m)^Tried: .{20,}$`)
)

// alarms is the description of every alarm of all templates, by the alarm's name.
func alarms(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "infra/stacks/*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, file := range append(files, filepath.Join(repository, "template.yaml")) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s stackFile
		if err := yaml.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
		for _, r := range s.Resources {
			if r.Type == "AWS::CloudWatch::Alarm" {
				out[value(&r.Properties, "AlarmName").Value] = value(&r.Properties, "AlarmDescription").Value
			}
		}
	}
	return out
}

// Whoever is woken reads the description first. It went red without the sentence in one template, with the name of a
// runbook that is not there, and with a runbook of no alarm.
func TestEveryAlarmNamesARunbookThatSomebodyHasTried(t *testing.T) {
	found := alarms(t)
	named := map[string]bool{}
	for name, says := range found {
		m := namedRunbook.FindStringSubmatch(says)
		if m == nil {
			t.Errorf("%s names no runbook at its end: %q", name, says)
			continue
		}
		named[m[1]] = true
	}
	files, err := filepath.Glob(filepath.Join(repository, "infra/runbooks/*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no runbooks: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		book := strings.TrimSuffix(filepath.Base(file), ".md")
		if ofAlarm := strings.Contains(string(text), "**Alarm"); ofAlarm != named[book] {
			t.Errorf("%s speaks of an alarm: %t, and an alarm speaks of it: %t", file, ofAlarm, named[book])
		}
		if !tried.Match(text) {
			t.Errorf("%s does not end by saying how it was tried", file)
		}
		delete(named, book)
	}
	for book := range named {
		t.Errorf("an alarm names infra/runbooks/%s.md, which is not there", book)
	}
	t.Logf("%d alarms", len(found))
}

// What must be watched: see docs/ARCHITECTURE.md. A queue by its dead letters, the age of its oldest message and jobs that
// were given up; a schedule by the lack of success; money by every failure; gauges by their limit.
func TestWhatMustBeWatchedIs(t *testing.T) {
	found := alarms(t)
	planned, err := Stacks(catalog.All())
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, s := range planned {
		for _, f := range s.Functions {
			if f.Queue != nil {
				for _, ending := range []string{"dead-letters", "waits", "dead"} {
					want = append(want, f.Queue.Name+"-"+ending)
				}
			}
			if f.Schedule != nil {
				want = append(want, f.ShortName()+"-silent", s.Domain+"-failed-runs")
			}
			if f.MovesMoney() {
				want = append(want, f.Name+"-failed")
			}
			for _, a := range f.Alarms {
				want = append(want, f.ShortName()+"-"+strings.ToLower(a.Metric))
			}
		}
		if len(s.Sockets()) > 0 {
			want = append(want, "realtime-failed")
		}
	}
	slices.Sort(want)
	for _, name := range slices.Compact(want) {
		if found["${Prefix}-"+name] == "" {
			t.Errorf("no alarm is named %s", name)
		}
		delete(found, "${Prefix}-"+name)
	}
	delete(found, "${AWS::StackName}-api-errors")
	delete(found, "${Prefix}-api-testhooks-seed-studio-failed") // of previews alone, which the catalogue does not have
	if len(found) > 0 {
		t.Errorf("nothing asks for %s", fmt.Sprint(found))
	}
}
