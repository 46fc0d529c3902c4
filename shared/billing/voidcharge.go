package billing

import (
	"context"
	"strings"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/name"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// ErrVoidReason asks for a reason that can be kept.
var ErrVoidReason = fail.New(fail.Invalid, "billing.void_reason", "Say in a few words, without control characters, why the charge is void; it stays in the studio's record.",
	"כתבו בכמה מילים וללא תווי בקרה מדוע החיוב מבוטל; הסיבה נשמרת ברישומי הסטודיו.").WithFields(fail.At("body.reason", "must be plain text", "חייב להיות טקסט פשוט"))

const (
	sqlChargeForDecision = `
select c.state, exists (select from payment_attempts a where a.org_id = c.org_id and a.charge_id = c.id
    and a.state in ('claimed', 'sent', 'unknown', 'approved')), c.due_at <= app.business_now()
from charges c where c.org_id = app.org() and c.id = $1 for update of c`
	sqlVoidCharge = `select app.void_charge(app.org(), $1, $2)`
)

// VoidCharge takes a charge back that nobody has paid and that no attempt may still collect.
// Errors: ErrChargeNotFound, ErrChargeInFlight, ErrChargeSettled, ErrVoidReason.
func (s *Store) VoidCharge(ctx context.Context, c tenancy.Caller, charge id.Charge, reason string) (v Charge, err error) {
	if reason, err = name.Clean(strings.TrimSpace(reason)); err != nil || reason == voidCancellation { // which brings it back
		return v, ErrVoidReason
	}
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		if _, err := undecided(ctx, tx, charge); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlVoidCharge, charge, reason); err != nil {
			return err
		}
		v, err = readCharge(ctx, tx, charge)
		return err
	})
	return v, fail.Wrap(err, "void charge %s", charge)
}

// undecided locks a charge that is neither settled nor under way; whatever may have been sent counts as under way.
func undecided(ctx context.Context, tx postgres.Tx, charge id.Charge) (isDue bool, err error) {
	var state string
	var live bool
	err = tx.QueryRow(ctx, sqlChargeForDecision, charge).Scan(&state, &live, &isDue)
	switch {
	case postgres.NoRows(err):
		return false, ErrChargeNotFound
	case err != nil:
		return false, err
	case state == "paid" || state == "void" || state == "written_off":
		return false, ErrChargeSettled
	case live || state == "in_flight":
		return false, ErrChargeInFlight
	}
	return isDue, nil
}
