package obs

import (
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// namespace is where CloudWatch shows our metrics.
const namespace = "FitKit"

// metadata is what makes a log line metrics: CloudWatch takes the named values out of the same line, by the named dimensions.
type metadata struct {
	Timestamp         int64
	CloudWatchMetrics []directive
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []metric
}

type metric struct{ Name, Unit string }

func measured(directives ...directive) metadata { return metadata{time.Now().UnixMilli(), directives} }

// deployed is the function's name in Lambda, so that the alarms of two stages in one account do not hear each other.
func deployed(function string) string {
	if lambdacontext.FunctionName != "" {
		return lambdacontext.FunctionName
	}
	return function
}

// metrics are the event's figures as CloudWatch reads them: by the stack and the kind of trigger, since every combination of
// a name and dimensions is paid for (docs/decisions/019), and a failure by its function too, for its alarm. Lambda's own
// count of errors knows nothing of an answer 500 or of a message that goes back to its queue.
func (e *Event) metrics() []slog.Attr {
	name, failed, colds := deployed(e.function), 0, 0
	trigger, _, _ := strings.Cut(e.function, "-")
	out := []slog.Attr{slog.String("Service", strings.TrimSuffix(strings.TrimSuffix(name, e.function), "-")), slog.String("Trigger", trigger)}
	all := directive{namespace, [][]string{{"Service", "Trigger"}}, []metric{{"Failed", "Count"}, {"ColdStarts", "Count"}}}
	for _, s := range e.spent {
		all.Metrics = append(all.Metrics, metric{s.name, "Milliseconds"})
	}
	directives := []directive{all}
	if e.cold {
		colds = 1
	}
	if e.level >= slog.LevelError {
		failed = 1
		directives = append(directives, directive{namespace, [][]string{{"Function"}}, []metric{{"Failed", "Count"}}})
		out = append(out, slog.String("Function", name))
	}
	return append(out, slog.Int("Failed", failed), slog.Int("ColdStarts", colds), slog.Any("_aws", measured(directives...)))
}

var metricsOut io.Writer = os.Stdout

// Count publishes a metric under the function's name. Names are few and fixed; no ids.
func Count(function, name string, value float64) {
	line, err := json.Marshal(map[string]any{
		"_aws":     measured(directive{namespace, [][]string{{"Function"}}, []metric{{name, "None"}}}),
		"Function": deployed(function), name: value,
	})
	if err == nil {
		_, _ = metricsOut.Write(append(line, '\n'))
	}
}
