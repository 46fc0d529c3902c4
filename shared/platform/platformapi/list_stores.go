package platformapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/need"
)

// ListStoresOp declares GET /v1/admin/stores: what the public health check says, and the queues and both buckets too.
var ListStoresOp = api.Op{
	Name: "api-platform-list-stores", Method: api.GET, Path: "/v1/admin/stores",
	Summary: "Whether Postgres, Redis, SQS and the buckets of files and of signed documents answer, and how quickly",
	Roles:   admins,
	Needs:   []need.Need{need.Redis, need.Watch(ProbedQueue), need.Blob, need.ComplianceProbe},
}

// ProbedQueue stands for SQS when it is asked whether it answers.
const ProbedQueue = "platform-reencrypt"

type storesOutput struct {
	Stores []storeOutput `json:"stores" nullable:"false"`
}

// ListStores asks every store. One that is down is told of, and is no failure of this request.
func ListStores(health HealthChecker) api.Endpoint {
	return api.New(ListStoresOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*storesOutput, error) {
		h := health.Check(ctx)
		stores, _ := told(ctx, h)
		return &storesOutput{stores}, nil
	})
}
