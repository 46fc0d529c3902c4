package platform

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"fitkit/shared/config"
)

// Neon reads what the databases' project uses, from Neon's API.
type Neon struct {
	vendor
	address string // of the project; empty when there is no key or no project
}

// NewNeon is Neon by its settings.
func NewNeon(c *config.Neon) *Neon {
	n := &Neon{vendor: newVendor(c.APIKey)}
	if c.APIKey.Reveal() != "" && c.Project != "" {
		n.address = c.APIURL + "/projects/" + url.PathEscape(c.Project)
	}
	return n
}

// NeonUsage is a project's use since its billing period began.
type NeonUsage struct {
	Name           string    `json:"name"`
	ComputeSeconds int64     `json:"compute_time_seconds"` // CU-seconds, what is billed
	ActiveSeconds  int64     `json:"active_time_seconds"`
	WrittenBytes   int64     `json:"written_data_bytes"`
	TransferBytes  int64     `json:"data_transfer_bytes"`
	StorageBytes   int64     `json:"synthetic_storage_size"`    // data and history together
	HistorySeconds int64     `json:"history_retention_seconds"` // how far back a restore can go
	PeriodStart    time.Time `json:"consumption_period_start"`
	PeriodEnd      time.Time `json:"consumption_period_end"`
}

// Usage asks Neon. It is nil without a key or a project. Errors: ErrVendor, ErrVendorKey.
func (n *Neon) Usage(ctx context.Context) (*NeonUsage, error) {
	if n.address == "" {
		return nil, nil
	}
	var out struct {
		Project NeonUsage `json:"project"`
	}
	if err := n.ask(ctx, http.MethodGet, n.address, nil, &out); err != nil {
		return nil, err
	}
	return &out.Project, nil
}
