package orgapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/fail"
	"fitkit/shared/need"
	"fitkit/shared/org"
	"fitkit/shared/tenancy"
)

// Updater is what Update needs.
type Updater interface {
	Update(ctx context.Context, c tenancy.Caller, version int, ch org.Change) (org.Org, error)
}

// UpdateOp declares PATCH /v1/org.
var UpdateOp = api.Op{
	Name: "api-org-update", Method: api.PATCH, Path: "/v1/org",
	Summary: "Change the studio's profile and policies; what is left out stays as it is",
	Roles:   []tenancy.Role{tenancy.Owner, tenancy.Manager},
	Errors:  []*fail.Error{org.ErrVersionConflict, org.ErrName, org.ErrTaxID},
	Needs:   []need.Need{need.Postgres},
}

type updateInput struct {
	Body struct {
		Version          int     `json:"version" minimum:"1" maximum:"2147483647" doc:"The version that was read"`
		Name             *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Language         *string `json:"language,omitempty" enum:"he,en"`
		TaxID            *string `json:"tax_id,omitempty" pattern:"^([0-9]{9})?$" patternDescription:"nine digits, or empty to remove it"`
		LegalKind        *string `json:"legal_kind,omitempty" enum:"patur,murshe,company"`
		ChargeOnRestDays *bool   `json:"charge_on_rest_days,omitempty"`
		DunningEnd       *string `json:"dunning_end,omitempty" enum:"suspend,keep"`
		GraceDays        *int    `json:"grace_days,omitempty" minimum:"0" maximum:"60"`
	}
}

// Update changes the studio.
func Update(orgs Updater) api.Endpoint {
	return api.New(UpdateOp, func(ctx context.Context, c api.Caller, in *updateInput) (*orgOutput, error) {
		b := in.Body
		o, err := orgs.Update(ctx, c, b.Version, org.Change{Name: b.Name, Language: b.Language, TaxID: b.TaxID, LegalKind: b.LegalKind,
			ChargeOnRestDays: b.ChargeOnRestDays, DunningEnd: b.DunningEnd, GraceDays: b.GraceDays})
		if err != nil {
			return nil, err
		}
		return orgOut(o), nil
	})
}
