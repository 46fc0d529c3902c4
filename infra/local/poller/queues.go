package poller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"fitkit/infra/local/template"
)

// CreateQueues makes the queues of the templates with their attributes. It may be repeated, as it must be when the server
// has lost them.
func (p *Poller) CreateQueues(ctx context.Context) error {
	_, err := p.createQueues(ctx)
	return err
}

// createQueues answers the queues' URLs by name.
func (p *Poller) createQueues(ctx context.Context) (map[string]string, error) {
	queues, urls := slices.Clone(p.opt.Platform.Queues), map[string]string{}
	// A queue can name its dead-letter queue only when that exists.
	slices.SortStableFunc(queues, func(a, b template.Queue) int { return cmp.Compare(len(a.DLQ), len(b.DLQ)) })
	for _, q := range queues {
		if err := p.createQueue(ctx, q, urls); err != nil {
			return nil, fmt.Errorf("create queue %s: %w", q.Name, err)
		}
	}
	return urls, nil
}

func (p *Poller) createQueue(ctx context.Context, q template.Queue, urls map[string]string) error {
	in := sqs.CreateQueueInput{QueueName: &q.Name}
	if q.FIFO {
		in.Attributes = map[string]string{"FifoQueue": "true"}
	}
	created, err := p.opt.Client.CreateQueue(ctx, &in)
	if err != nil {
		return err
	}
	urls[q.Name] = *created.QueueUrl
	set := map[string]string{
		"VisibilityTimeout":      seconds(q.Visibility.Seconds()),
		"MessageRetentionPeriod": seconds(q.Retention.Seconds()),
		"DelaySeconds":           seconds(q.Delay.Seconds()),
	}
	if q.DLQ != "" {
		arn, err := p.serverARN(ctx, urls[q.DLQ])
		if err != nil {
			return err
		}
		set["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"%d"}`, arn, q.MaxReceive)
	}
	_, err = p.opt.Client.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: created.QueueUrl, Attributes: set})
	return err
}

func seconds(s float64) string { return strconv.Itoa(int(s)) }

// serverARN asks the server: its region and account need not be the template's.
func (p *Poller) serverARN(ctx context.Context, url string) (string, error) {
	out, err := p.opt.Client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		return "", err
	}
	return out.Attributes["QueueArn"], nil
}

// Depth is how many messages a queue holds.
type Depth struct {
	Queue   string `json:"queue"`
	URL     string `json:"url"`
	Visible int    `json:"visible"`
	Hidden  int    `json:"hidden"`  // received and not deleted
	Delayed int    `json:"delayed"` // not to be received yet
	DLQ     string `json:"dlq,omitempty"`
	// Dead is how many messages wait in the dead-letter queue.
	Dead int `json:"dead"`
}

// Depths counts every queue that is not a dead-letter queue, sorted by name.
func (p *Poller) Depths(ctx context.Context) ([]Depth, error) {
	dead := map[string]bool{}
	for _, q := range p.queues {
		dead[q.DLQ] = true
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(p.queues)) {
		if !dead[name] {
			names = append(names, name)
		}
	}
	depths, errs := make([]Depth, len(names)), make([]error, len(names))
	var asked sync.WaitGroup
	for i, name := range names {
		asked.Go(func() { depths[i], errs[i] = p.depth(ctx, name) })
	}
	asked.Wait()
	return depths, errors.Join(errs...)
}

func (p *Poller) depth(ctx context.Context, name string) (Depth, error) {
	d := Depth{Queue: name, URL: p.urls[name], DLQ: p.queues[name].DLQ}
	var err error
	if d.Visible, d.Hidden, d.Delayed, err = p.count(ctx, name); err != nil || d.DLQ == "" {
		return d, err
	}
	visible, hidden, _, err := p.count(ctx, d.DLQ)
	d.Dead = visible + hidden
	return d, err
}

func (p *Poller) count(ctx context.Context, name string) (visible, hidden, delayed int, err error) {
	url := p.urls[name]
	out, err := p.opt.Client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("count queue %s: %w", name, err)
	}
	number := func(attribute string) int {
		n, e := strconv.Atoi(out.Attributes[attribute])
		err = errors.Join(err, e)
		return n
	}
	visible = number("ApproximateNumberOfMessages")
	hidden = number("ApproximateNumberOfMessagesNotVisible")
	delayed = number("ApproximateNumberOfMessagesDelayed")
	return visible, hidden, delayed, err
}

// Idle says that no message waits, is hidden, is delayed or is with a function. Dead letters do not count.
func (p *Poller) Idle(ctx context.Context) (bool, error) {
	if p.InFlight() > 0 {
		return false, nil
	}
	depths, err := p.Depths(ctx)
	if err != nil {
		return false, err
	}
	for _, d := range depths {
		if d.Visible+d.Hidden+d.Delayed > 0 {
			return false, nil
		}
	}
	return p.InFlight() == 0, nil
}
