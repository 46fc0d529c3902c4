// Package backupapi is what FitKit's own people see of backups.
package backupapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/backup"
	"fitkit/shared/tenancy"
)

// Lister is what ListBackups needs.
type Lister interface {
	Latest(ctx context.Context, n int) ([]backup.Report, error)
}

// ListBackupsOp declares GET /v1/admin/backups.
var ListBackupsOp = api.Op{
	Name: "api-platform-list-backups", Method: api.GET, Path: "/v1/admin/backups",
	Summary: "What the weekly proofs of the backups found, the newest first",
	Roles:   []tenancy.Role{tenancy.PlatformAdmin},
}

// shown is half a year of weeks.
const shown = 26

type listOutput struct {
	Latest  *backup.Report  `json:"latest,omitempty" doc:"The newest report, whole; none before the first proof"`
	Reports []summaryOutput `json:"reports" nullable:"false" doc:"At most 26"`
}

type summaryOutput struct {
	ID        string   `json:"id"`
	StartedAt string   `json:"started_at" format:"date-time"`
	CopyAt    string   `json:"copy_at" format:"date-time" doc:"The instant that was copied"`
	Passed    bool     `json:"passed"`
	Codes     []string `json:"codes" nullable:"false" doc:"What was wrong; infra/runbooks/backup-verification.md explains each"`
}

const layout = "2006-01-02T15:04:05Z"

// ListBackups lists reports.
func ListBackups(l Lister) api.Endpoint {
	return api.New(ListBackupsOp, func(ctx context.Context, _ api.Caller, _ *struct{}) (*listOutput, error) {
		reports, err := l.Latest(ctx, shown)
		if err != nil {
			return nil, err
		}
		out := &listOutput{Reports: []summaryOutput{}}
		for i, r := range reports {
			if i == 0 {
				out.Latest = &r
			}
			one := summaryOutput{ID: r.ID.String(), StartedAt: r.StartedAt.UTC().Format(layout), CopyAt: r.CopyAt.UTC().Format(layout), Passed: r.Passed, Codes: []string{}}
			for _, f := range r.Findings {
				one.Codes = append(one.Codes, f.Code)
			}
			out.Reports = append(out.Reports, one)
		}
		return out, nil
	})
}
