package platform

import (
	"context"
	"net/http"
	"time"

	"fitkit/shared/config"
	"fitkit/shared/fail"
)

// Railway reads how the former system does, which runs there until everything has moved.
type Railway struct {
	vendor
	address, project string
	known            bool
}

// NewRailway is Railway by its settings.
func NewRailway(c *config.Railway) *Railway {
	return &Railway{vendor: newVendor(c.APIToken), address: c.APIURL, project: c.Project, known: c.APIToken.Reveal() != "" && c.Project != ""}
}

// Deployment is the former system's newest one.
type Deployment struct {
	ID        string    `json:"id"`
	Status    string    `json:"status"` // SUCCESS, FAILED, CRASHED, DEPLOYING … in Railway's words
	CreatedAt time.Time `json:"createdAt"`
}

const deploymentQuery = `query($project: String!) { deployments(first: 1, input: {projectId: $project}) { edges { node { id status createdAt } } } }`

// Newest asks Railway for the project's newest deployment, of whatever environment and service: Railway could name both, and our settings
// name the project alone. The former system is one service in a project of its own; where another one, or a test environment, is
// deployed there too, its deployment may be the one that is told. It is nil without a token or a project, and when nothing was ever deployed. Errors: ErrVendor, ErrVendorKey.
func (r *Railway) Newest(ctx context.Context) (*Deployment, error) {
	if !r.known {
		return nil, nil
	}
	in := map[string]any{"query": deploymentQuery, "variables": map[string]string{"project": r.project}}
	var out struct {
		Data struct {
			Deployments struct {
				Edges []struct{ Node Deployment }
			}
		}
		Errors []struct{ Message string }
	}
	if err := r.ask(ctx, http.MethodPost, r.address, in, &out); err != nil {
		return nil, err
	}
	if len(out.Errors) > 0 { // GraphQL refuses with 200, a wrong token too
		if out.Errors[0].Message == "Not Authorized" {
			return nil, ErrVendorKey
		}
		return nil, fail.Wrap(ErrVendor, "Railway refused the query")
	}
	if len(out.Data.Deployments.Edges) == 0 {
		return nil, nil
	}
	return &out.Data.Deployments.Edges[0].Node, nil
}
