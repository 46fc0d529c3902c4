package platformapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/need"
	"fitkit/shared/obs"
	"fitkit/shared/platform"
	"fitkit/shared/queue"
)

// QueueLister is what ListQueues needs of the database.
type QueueLister interface {
	Queues(ctx context.Context) ([]platform.QueueJobs, error)
}

// Depths is what ListQueues needs of SQS.
type Depths interface {
	Depth(ctx context.Context, name queue.Name) (queue.Depth, error)
}

// ListQueuesOp declares GET /v1/admin/queues.
var ListQueuesOp = api.Op{
	Name: "api-platform-list-queues", Method: api.GET, Path: "/v1/admin/queues",
	Summary: "How many jobs and messages every queue holds, and how many were given up",
	Roles:   admins,
	Needs:   eachQueue(need.Watch),
}

type queuesOutput struct {
	Queues []queueOutput `json:"queues" nullable:"false"`
}

type queueOutput struct {
	Name      string          `json:"name"`
	Ready     int64           `json:"ready" doc:"Jobs that are due and that nobody works on"`
	Later     int64           `json:"later" doc:"Jobs that are not due yet"`
	Running   int64           `json:"running"`
	Dead      int64           `json:"dead" doc:"Jobs that were given up; POST /v1/admin/jobs/redrive gives them another try"`
	OldestDue *time.Time      `json:"oldest_due_at,omitempty" doc:"Since when the oldest ready job is due"`
	Messages  *messagesOutput `json:"messages,omitempty" doc:"Missing when SQS does not answer for the queue"`
}

type messagesOutput struct {
	Waiting int `json:"waiting"`
	Delayed int `json:"delayed"`
	Working int `json:"working" doc:"Received and not yet deleted"`
	Dead    int `json:"dead" doc:"In the dead-letter queue. Messages only name jobs; the jobs are the truth"`
}

// depthPatience is how long the page waits for SQS in all.
const depthPatience = 5 * time.Second

// ListQueues answers from the jobs table, and with SQS's own counts where it gives them: a queue that is down is shown too.
func ListQueues(l QueueLister, d Depths) api.Endpoint {
	return api.New(ListQueuesOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*queuesOutput, error) {
		list, err := l.Queues(ctx)
		if err != nil {
			return nil, err
		}
		asking, cancel := context.WithTimeout(ctx, depthPatience)
		defer cancel()
		out := &queuesOutput{Queues: []queueOutput{}}
		for _, q := range list {
			one := queueOutput{Name: string(q.Queue), Ready: q.Ready, Later: q.Later, Running: q.Running, Dead: q.Dead, OldestDue: q.OldestDue}
			if depth, err := d.Depth(asking, q.Queue); err != nil {
				obs.Add(ctx, "sqs_down", err.Error())
			} else {
				one.Messages = &messagesOutput{depth.Waiting, depth.Delayed, depth.Working, depth.Dead}
			}
			out.Queues = append(out.Queues, one)
		}
		return out, nil
	})
}
