// Command api-platform-list-stores serves GET /v1/admin/stores: whether Postgres, Redis, SQS and both buckets answer.
package main

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/blob"
	"fitkit/shared/blob/documents"
	"fitkit/shared/outbox"
	"fitkit/shared/platform"
	"fitkit/shared/platform/platformapi"
	"fitkit/shared/platform/redisprobe"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
)

func main() {
	app := run.Start(platformapi.ListStoresOp)
	queues := outbox.From(app)
	api.Serve(app, platformapi.ListStores(platform.NewChecker(
		platform.Store{Name: "postgres", Vital: true, Ping: postgres.SystemFrom(app).Ping},
		platform.Store{Name: "redis", Ping: redisprobe.From(app).Ping},
		platform.Store{Name: "sqs", Ping: func(ctx context.Context) error {
			_, err := queues.Depth(ctx, platformapi.ProbedQueue)
			return err
		}},
		platform.Store{Name: "files", Ping: blob.From(app).Ping},
		platform.Store{Name: "documents", Ping: documents.From(app).Ping})))
}
