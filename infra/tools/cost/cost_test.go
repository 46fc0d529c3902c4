package main

import (
	"bytes"
	"math"
	"os"
	"strings"
	"testing"
)

// The two logs that there are: make dev's begins a line with the time, make demo's with the function.
const sample = `2026-11-25T15:48:06.6Z api-org-get r1 {"time":"x","msg":"invocation","fn":"api-org-get"}
2026-11-25T15:48:06.6Z api-org-get r1 {"type":"platform.report","record":{"metrics":{"durationMs":20}}}
api-org-get {"type":"platform.report","record":{"metrics":{"durationMs":40}}}
api-org-set-test-clock {"type":"platform.report","record":{"metrics":{"durationMs":9000}}}
hook-org-clerk {"type":"platform.report","record":{"metrics":{"durationMs":10}}}
job-billing-execute-charge {"type":"platform.report","record":{"metrics":{"durationMs":100}}}
cron-job-relay {"type":"platform.report","record":{"metrics":{"durationMs":8}}}
api-org-get {"msg":"somebody wrote \"platform.report\" and durationMs"}
`

func TestALogIsMeasured(t *testing.T) {
	got, err := Measure(strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	ms, gb, size := got["api"].Mean()
	if got["api"].Invocations != 2 || ms != 30 || math.Abs(gb-15) > 1e-9 || size == 0 { // 512 MB is half a GB
		t.Errorf("%+v: %g ms, %g GB-ms, %g bytes", got["api"], ms, gb, size)
	}
	if _, err := Measure(strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "run make demo MEMBERS=20 MONTHS=1 first") {
		t.Errorf("an empty log: %v", err)
	}
}

// The document says what the tool counts. Red with a queue, an alarm or a schedule more than it says, and with the alarms of the test
// hooks counted, which no stage with people has.
func TestTheDocumentSaysWhatIsCounted(t *testing.T) {
	measured, err := Measure(strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	fixed, err := Count("../../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../../docs/cost.md")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := Report(&out, measured, fixed); err != nil {
		t.Fatal(err)
	}
	compared, assumed := 0, false
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSpace(strings.Join(strings.Fields(line), " "))
		assumed = line != "" && (assumed || strings.HasPrefix(line, "| a studio's month"))
		counted := strings.HasPrefix(line, "Without a studio: ") || strings.HasPrefix(line, "| CloudWatch alarms") ||
			strings.HasPrefix(line, "| CloudWatch metrics") || strings.HasPrefix(line, "| EventBridge Scheduler") || strings.HasPrefix(line, "| KMS")
		if !assumed && !counted {
			continue
		}
		if compared++; !strings.Contains(string(text), line) {
			t.Errorf("docs/cost.md lacks: %s", line)
		}
	}
	if compared < 15 {
		t.Errorf("%d lines compared", compared)
	}
}

func TestTheBillFollowsFromItsParts(t *testing.T) {
	measured, err := Measure(strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	fixed, err := Count("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if fixed.Alarms < 68 || fixed.Queues < 8 || fixed.Runs < 43_800 {
		t.Errorf("counted %+v", fixed)
	}
	bill := map[string]Line{}
	for _, l := range Bill(measured, fixed) {
		bill[l.Name] = l
	}
	var requests float64
	for _, a := range Studio {
		requests += a.Times
	}
	for name, want := range map[string]float64{
		"Lambda, requests":  (1000*requests + float64(fixed.Runs)) * 0.20 / 1e6,
		"CloudWatch alarms": float64(fixed.Alarms) * 0.10,
	} {
		if got := bill[name].At(1000); math.Abs(got-want) > 1e-6 {
			t.Errorf("%s: %g for a thousand studios, want %g", name, got, want)
		}
	}
	var out bytes.Buffer
	if err := Report(&out, measured, fixed); err != nil || !strings.Contains(out.String(), "| **AWS**") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
