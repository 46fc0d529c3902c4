package obs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"fitkit/shared/obs"
)

// line is an event as CloudWatch reads it: which of its values are metrics, and by what.
type line struct {
	AWS struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
}

// published is every metric of the log as name{dimension}: CloudWatch takes a number of the line's first level for each.
func published(t *testing.T, log string) []string {
	t.Helper()
	var out []string
	for text := range strings.Lines(log) {
		var l line
		var values map[string]any
		if err := errors.Join(json.Unmarshal([]byte(text), &l), json.Unmarshal([]byte(text), &values)); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if strings.Count(text, `"_aws"`) != 1 || l.AWS.Timestamp < time.Now().Add(-time.Minute).UnixMilli() {
			t.Errorf("not metrics of now: %s", text)
		}
		for _, d := range l.AWS.CloudWatchMetrics {
			for _, dimension := range slices.Concat(d.Dimensions...) {
				if _, ok := values[dimension].(string); !ok || d.Namespace != "FitKit" {
					t.Errorf("the dimension %s has no value in %s", dimension, text)
				}
			}
			for _, m := range d.Metrics {
				if _, ok := values[m.Name].(float64); !ok {
					t.Errorf("the metric %s has no number in %s", m.Name, text)
				}
				out = append(out, m.Name+"{"+strings.Join(slices.Concat(d.Dimensions...), ",")+"}")
			}
		}
	}
	slices.Sort(out)
	return out
}

// A metric is paid for by its dimensions: none may be an organisation's or a request's. The test went red when org became a
// dimension, when the failure lost its function, and when the two times of one name were not added up.
func TestAnEventIsItsOwnMetrics(t *testing.T) {
	var out bytes.Buffer
	obs.Redirect(&out)
	t.Cleanup(func() { obs.Redirect(os.Stdout) })
	const every = "ColdStarts{Service,Trigger} Failed{Service,Trigger} db_ms{Service,Trigger} ms{Service,Trigger}"
	for _, tc := range []struct {
		failed bool
		want   string
	}{{false, every}, {true, strings.Replace(every, " Failed", " Failed{Function} Failed", 1)}} {
		out.Reset()
		ctx, event := obs.Start(context.Background(), "job-example-settle", "1")
		obs.Add(ctx, "org", "one")
		obs.Add(ctx, "org", "another")
		obs.Took(ctx, "db_ms", 2*time.Millisecond)
		obs.Took(ctx, "db_ms", 3*time.Millisecond)
		if tc.failed {
			obs.Failed(ctx, errors.New("the provider does not answer"))
		}
		event.End(ctx)
		if got := strings.Join(published(t, out.String()), " "); got != tc.want {
			t.Errorf("failed %v: published %s, want %s", tc.failed, got, tc.want)
		}
		for _, part := range []string{`"Trigger":"job"`, `"db_ms":5,`, `"org":"another"`} {
			if !strings.Contains(out.String(), part) || strings.Contains(out.String(), `"one"`) {
				t.Errorf("lacks %s, or tells a fact twice: %s", part, out.String())
			}
		}
	}
}

func TestAGaugeIsALineOfItsFunction(t *testing.T) {
	var out bytes.Buffer
	obs.Redirect(&out)
	t.Cleanup(func() { obs.Redirect(os.Stdout) })
	obs.Count("cron-example-sweep", "OldestSeconds", 61)
	if got := published(t, out.String()); len(got) != 1 || got[0] != "OldestSeconds{Function}" || !strings.Contains(out.String(), `"OldestSeconds":61`) {
		t.Errorf("published %v: %s", got, out.String())
	}
}
