package e2e

import (
	"encoding/json"
	"slices"
	"testing"
)

// TestEveryStoreIsAskedWhetherItAnswers has been seen red with a bucket left out of the function's list, and with a bucket that is not there.
func TestEveryStoreIsAskedWhetherItAnswers(t *testing.T) {
	op := operations(t)[slices.IndexFunc(operations(t), func(op *operation) bool { return op.ID == "api-platform-list-stores" })]
	got := request{op: op}.as(a, platformAdmin).send(t)
	var told struct {
		Stores []struct{ Name, Status string }
	}
	if err := json.Unmarshal(got.body, &told); err != nil || got.status != 200 {
		t.Fatalf("answered %d %s (%v)", got.status, got.body, err)
	}
	var up []string
	for _, s := range told.Stores {
		if s.Status == "up" {
			up = append(up, s.Name)
		}
	}
	if want := []string{"postgres", "redis", "sqs", "files", "documents"}; !slices.Equal(up, want) {
		t.Errorf("%v answer, want %v", up, want)
	}
}
