package outbox

import (
	"context"
	"strconv"

	"fitkit/shared/fail"
	"fitkit/shared/queue"
)

// deadLetters is what a dead-letter queue's name ends in.
const deadLetters = "-dlq"

// Depth asks SQS how many messages a queue and its dead-letter queue hold.
func (s *Sender) Depth(ctx context.Context, name queue.Name) (d queue.Depth, err error) {
	if d.Waiting, d.Delayed, d.Working, err = s.count(ctx, string(name)); err != nil {
		return d, err
	}
	waiting, _, working, err := s.count(ctx, string(name)+deadLetters)
	d.Dead = waiting + working
	return d, err
}

// attributes is SQS's GetQueueAttributes.
type attributes struct {
	QueueURL       string `json:"QueueUrl"`
	AttributeNames []string
}

func (s *Sender) count(ctx context.Context, name string) (waiting, delayed, working int, err error) {
	in := attributes{s.prefix + name, []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible"}}
	var out struct{ Attributes map[string]string }
	if err := s.client.Call(ctx, "GetQueueAttributes", in, &out); err != nil {
		return 0, 0, 0, fail.Wrap(err, "count the messages of %s", name)
	}
	var counts [3]int
	for i, a := range in.AttributeNames {
		if counts[i], err = strconv.Atoi(out.Attributes[a]); err != nil {
			return 0, 0, 0, fail.Wrap(err, "read %s of %s", a, name)
		}
	}
	return counts[0], counts[1], counts[2], nil
}
