package outbox

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

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

func (s *Sender) count(ctx context.Context, name string) (waiting, delayed, working int, err error) {
	attributes := []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages,
		types.QueueAttributeNameApproximateNumberOfMessagesDelayed, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible}
	out, err := s.client().GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: aws.String(s.prefix + name), AttributeNames: attributes})
	if err != nil {
		return 0, 0, 0, fail.Wrap(err, "count the messages of %s", name)
	}
	var counts [3]int
	for i, a := range attributes {
		if counts[i], err = strconv.Atoi(out.Attributes[string(a)]); err != nil {
			return 0, 0, 0, fail.Wrap(err, "read %s of %s", a, name)
		}
	}
	return counts[0], counts[1], counts[2], nil
}
