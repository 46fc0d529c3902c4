package platformapi

import (
	"context"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/platform"
)

// DeploymentReader is what GetFormerSystem needs.
type DeploymentReader interface {
	Newest(ctx context.Context) (*platform.Deployment, error)
}

// GetFormerSystemOp declares GET /v1/admin/former-system.
var GetFormerSystemOp = api.Op{
	Name: "api-platform-get-former-system", Method: api.GET, Path: "/v1/admin/former-system",
	Summary: "How the system that this one replaces does, while both run",
	Roles:   admins,
	Errors:  []*fail.Error{platform.ErrVendor, platform.ErrVendorKey},
	Needs:   []need.Need{need.Railway},
}

type formerOutput struct {
	Configured bool              `json:"configured" doc:"false without RAILWAY_API_TOKEN or RAILWAY_PROJECT_ID, or when nothing was deployed: show no panel"`
	Deployment *deploymentOutput `json:"deployment,omitempty" doc:"The newest one"`
}

type deploymentOutput struct {
	ID        string    `json:"id"`
	Status    string    `json:"status" doc:"In Railway's words" example:"SUCCESS"`
	CreatedAt time.Time `json:"created_at"`
}

// GetFormerSystem asks Railway's API.
func GetFormerSystem(r DeploymentReader) api.Endpoint {
	return api.New(GetFormerSystemOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*formerOutput, error) {
		d, err := r.Newest(ctx)
		if err != nil || d == nil {
			return &formerOutput{}, err
		}
		return &formerOutput{true, &deploymentOutput{d.ID, d.Status, d.CreatedAt.UTC()}}, nil
	})
}
