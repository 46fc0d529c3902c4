package poller

import (
	"context"
	"log/slog"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// deleteLoop deletes in batches: what came while the last call was under way goes with the next.
func (s *source) deleteLoop() {
	for m := range s.deletes {
		batch := []types.Message{m}
		for len(batch) < deleteLimit && len(s.deletes) > 0 {
			batch = append(batch, <-s.deletes)
		}
		s.deleteBatch(batch)
		s.p.inFlight.Add(int64(-len(batch)))
	}
}

// deleteBatch reports what could not be deleted; such a message comes again, which every job allows.
func (s *source) deleteBatch(batch []types.Message) {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(batch))
	for i, m := range batch {
		id := strconv.Itoa(i)
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: m.ReceiptHandle}
	}
	out, err := s.p.opt.Client.DeleteMessageBatch(context.Background(), &sqs.DeleteMessageBatchInput{QueueUrl: &s.url, Entries: entries})
	if err != nil {
		slog.Warn("delete from SQS", "queue", s.queue.Name, "messages", len(batch), "error", err)
		return
	}
	if len(out.Failed) > 0 {
		slog.Warn("delete from SQS", "queue", s.queue.Name, "failed", len(out.Failed))
	}
}
