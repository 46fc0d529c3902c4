package poller

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"fitkit/infra/local/host"
)

// verdict gives the ids of the messages that failed. An answer that names a message which is not in the batch,
// or that cannot be read, fails the whole batch; without reportFailures only the invocation's own fate counts.
func verdict(batch []types.Message, r host.Result, reportFailures bool) map[string]bool {
	if r.FunctionError != "" {
		return all(batch)
	}
	if !reportFailures || len(r.Payload) == 0 {
		return nil
	}
	var answer *struct {
		BatchItemFailures []struct {
			ItemIdentifier *string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(r.Payload, &answer); err != nil {
		return all(batch)
	}
	if answer == nil {
		return nil
	}
	known := all(batch)
	failed := map[string]bool{}
	for _, f := range answer.BatchItemFailures {
		if f.ItemIdentifier == nil || !known[*f.ItemIdentifier] {
			return known
		}
		failed[*f.ItemIdentifier] = true
	}
	return failed
}

func all(batch []types.Message) map[string]bool {
	ids := make(map[string]bool, len(batch))
	for _, m := range batch {
		ids[*m.MessageId] = true
	}
	return ids
}
