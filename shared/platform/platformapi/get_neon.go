package platformapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/platform"
)

// NeonReader is what GetNeon needs.
type NeonReader interface {
	Usage(ctx context.Context) (*platform.NeonUsage, error)
}

// GetNeonOp declares GET /v1/admin/neon.
var GetNeonOp = api.Op{
	Name: "api-platform-get-neon", Method: api.GET, Path: "/v1/admin/neon",
	Summary: "What the databases have used since their billing period began",
	Roles:   admins,
	Errors:  []*fail.Error{platform.ErrVendor, platform.ErrVendorKey},
	Needs:   []need.Need{need.Neon},
}

type neonOutput struct {
	Configured bool             `json:"configured" doc:"false without NEON_API_KEY or NEON_PROJECT_ID: show no panel"`
	Usage      *neonUsageOutput `json:"usage,omitempty"`
}

type neonUsageOutput struct {
	Project        string    `json:"project"`
	ComputeSeconds int64     `json:"compute_seconds" doc:"Seconds of one compute unit"`
	ActiveSeconds  int64     `json:"active_seconds"`
	WrittenBytes   int64     `json:"written_bytes"`
	TransferBytes  int64     `json:"transfer_bytes"`
	StorageBytes   int64     `json:"storage_bytes" doc:"Data and history together"`
	HistorySeconds int64     `json:"history_seconds" doc:"How far back a restore can go"`
	PeriodStart    time.Time `json:"period_start"`
	PeriodEnd      time.Time `json:"period_end"`
}

// GetNeon asks Neon's API.
func GetNeon(r NeonReader) api.Endpoint {
	return api.New(GetNeonOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*neonOutput, error) {
		u, err := r.Usage(ctx)
		if err != nil || u == nil {
			return &neonOutput{}, err
		}
		return &neonOutput{true, &neonUsageOutput{u.Name, u.ComputeSeconds, u.ActiveSeconds, u.WrittenBytes, u.TransferBytes, u.StorageBytes,
			u.HistorySeconds, u.PeriodStart.UTC(), u.PeriodEnd.UTC()}}, nil
	})
}
