package poller

import (
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"fitkit/infra/local/host"
)

// TestVerdict is the table of contracts/platform/aws-runtime.md §5, row by row.
func TestVerdict(t *testing.T) {
	batch := []types.Message{{MessageId: aws.String("a")}, {MessageId: aws.String("b")}}
	none, both := []string{}, []string{"a", "b"}
	for name, tc := range map[string]struct {
		answer string
		fails  bool
		ignore bool // the mapping does not ask for partial failures
		want   []string
	}{
		"an empty list deletes all":              {answer: `{"batchItemFailures":[]}`, want: none},
		"a list that is null deletes all":        {answer: `{"batchItemFailures":null}`, want: none},
		"null deletes all":                       {answer: `null`, want: none},
		"nothing at all deletes all":             {answer: ``, want: none},
		"an empty object deletes all":            {answer: `{}`, want: none},
		"a named message stays, the others go":   {answer: `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, want: []string{"b"}},
		"an unknown id fails the batch":          {answer: `{"batchItemFailures":[{"itemIdentifier":"z"}]}`, want: both},
		"an empty id fails the batch":            {answer: `{"batchItemFailures":[{"itemIdentifier":""}]}`, want: both},
		"a null id fails the batch":              {answer: `{"batchItemFailures":[{"itemIdentifier":null}]}`, want: both},
		"an item without an id fails the batch":  {answer: `{"batchItemFailures":[{}]}`, want: both},
		"broken JSON fails the batch":            {answer: `{"batchItem`, want: both},
		"an answer of another kind fails it":     {answer: `"done"`, want: both},
		"an error, timeout or kill fails it":     {answer: `{"errorType":"x"}`, fails: true, want: both},
		"without the setting the answer is moot": {answer: `{"batchItemFailures":[{"itemIdentifier":"b"}]}`, ignore: true, want: none},
		"without the setting an error counts":    {fails: true, ignore: true, want: both},
	} {
		t.Run(name, func(t *testing.T) {
			r := host.Result{Payload: []byte(tc.answer)}
			if tc.fails {
				r.FunctionError = "Unhandled"
			}
			got := slices.Sorted(maps.Keys(verdict(batch, r, !tc.ignore)))
			if !slices.Equal(got, tc.want) {
				t.Errorf("failed messages: %v, want %v", got, tc.want)
			}
		})
	}
}
