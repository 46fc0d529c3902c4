// Package outbox sends committed jobs to SQS: right after their transaction's commit, by the same function, or later, by
// the relay. It is apart from package queue so that a function that enqueues nothing links no SQS client.
package outbox

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/retry/awsjson"
	"fitkit/shared/retry/awsretry"
)

// Config says where queues are. A queue's URL is URLPrefix + its name.
type Config struct {
	URLPrefix   string // https://sqs.eu-central-1.amazonaws.com/123456789012/fitkit-prod-
	Endpoint    string // a local SQS server; empty in AWS
	Region      string
	Credentials aws.CredentialsProvider
}

// Sender sends messages for jobs whose rows are committed.
type Sender struct {
	client *awsjson.Client
	prefix string
}

// NewSender is a sender.
func NewSender(c Config) *Sender { return &Sender{newClient(c), c.URLPrefix} }

// maxDelay is SQS's own limit; what is due later waits in the table for the relay.
const maxDelay = 15 * time.Minute

// batchSize is SQS's limit of messages in one call.
const batchSize = 10

// Send sends jobs to their queues, ten in a call, and returns the ids of those that SQS took. Jobs due later than
// SQS can delay are left to the relay, and so is everything that follows a call which SQS did not answer: waiting for each
// in turn would hold the caller up for minutes.
func (s *Sender) Send(ctx context.Context, now time.Time, jobs []postgres.Staged) (sent []id.Job, err error) {
	byQueue := map[string][]postgres.Staged{}
	for _, j := range jobs {
		if j.AvailableAt.Sub(now) <= maxDelay {
			byQueue[j.Queue] = append(byQueue[j.Queue], j)
		}
	}
	for name, list := range byQueue {
		for len(list) > 0 {
			n := min(batchSize, len(list))
			ids, e := s.sendBatch(ctx, now, name, list[:n])
			sent, list = append(sent, ids...), list[n:]
			if e != nil && !awsretry.Refused(e) {
				return sent, e
			}
			if e != nil {
				err = e
				break // this queue's trouble; the others may do
			}
		}
	}
	return sent, err
}

// batch is SQS's SendMessageBatch, as far as it is used.
type batch struct {
	QueueURL string `json:"QueueUrl"`
	Entries  []entry
}

type entry struct {
	ID             string `json:"Id"`
	MessageBody    string
	MessageGroupID string `json:"MessageGroupId,omitempty"`
	DelaySeconds   int32  `json:",omitempty"`
}

func (s *Sender) sendBatch(ctx context.Context, now time.Time, name string, jobs []postgres.Staged) ([]id.Job, error) {
	in := batch{QueueURL: s.prefix + name}
	for i, j := range jobs {
		body, err := json.Marshal(queue.Envelope{Version: queue.Version, Job: j.ID, Org: j.Org, Queue: j.Queue, Correlation: j.Correlation, Payload: j.Payload})
		if err != nil {
			return nil, err
		}
		e := entry{ID: strconv.Itoa(i), MessageBody: string(body)}
		if !j.Org.IsZero() {
			e.MessageGroupID = j.Org.String() // fair queues: one studio's rush does not delay the others
		}
		if wait := j.AvailableAt.Sub(now); wait > 0 {
			e.DelaySeconds = int32((wait + time.Second - 1) / time.Second)
		}
		in.Entries = append(in.Entries, e)
	}
	var out struct {
		Successful []struct {
			ID string `json:"Id"`
		}
	}
	if err := s.client.Call(ctx, "SendMessageBatch", in, &out); err != nil {
		return nil, fail.Wrap(err, "send %d messages to %s", len(jobs), name)
	}
	var sent []id.Job
	for _, ok := range out.Successful {
		if i, err := strconv.Atoi(ok.ID); err == nil && i >= 0 && i < len(jobs) {
			sent = append(sent, jobs[i].ID)
		}
	}
	return sent, nil
}
