package main

import (
	"context"
	"encoding/json"
	"fmt"

	"fitkit/shared/catalog"
)

// besides is how many functions should find room at once while every queue is worked on at its most: endpoints, webhooks, schedules.
const besides = 50

// room says when the account lets fewer functions run at once than the stage may need. A new account often begins with ten: then a
// full queue alone has requests answered 503, and messages counted as received that no function has seen. It refuses nothing, for a
// repair must not wait until AWS raises a quota.
func (r *Release) room(ctx context.Context) {
	queues := 0
	for _, spec := range catalog.All() {
		if spec.Queue != nil {
			queues += spec.Queue.MaxConcurrency
		}
	}
	var answer struct {
		AccountLimit struct{ ConcurrentExecutions int }
	}
	out, err := r.AWS(ctx, "lambda", "get-account-settings")
	if err == nil {
		err = json.Unmarshal(out, &answer)
	}
	have := answer.AccountLimit.ConcurrentExecutions
	switch {
	case err != nil:
		fmt.Fprintf(r.Out, "Mind: how many functions the account of %s lets run at once cannot be read (%v); the queues take up to %d and the rest should find %d\n", r.stage, err, queues, besides)
	case have < queues+besides:
		fmt.Fprintf(r.Out, "Mind: the account of %s lets %d functions run at once; the queues take up to %d and the rest should find %d: have the quota raised as docs/deploy.md says (the first time, 7)\n",
			r.stage, have, queues, besides)
	}
}
