package billing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Errors of closing a case by hand.
var (
	ErrCaseNotFound = fail.New(fail.NotFound, "billing.case_not_found", "There is no such question in this studio. Check both ids.",
		"אין שאלה כזו בסטודיו זה. בדקו את שני המזהים.")
	ErrCaseHasItsOwnEnd = fail.New(fail.Conflict, "billing.case_has_its_own_end",
		"This question closes when its attempt is settled, or its gateway connected again. Do that instead.",
		"השאלה הזו נסגרת כאשר נקבעת תוצאת הניסיון, או כאשר המסוף מחובר מחדש. עשו זאת במקום.")
	ErrCaseReason = fail.New(fail.Invalid, "billing.case_reason", "Say in a few words what was found; it stays in the studio's record.",
		"כתבו בכמה מילים מה נמצא; הדבר נשמר ברישומי הסטודיו.")
)

// endsByItself are the kinds of questions that close with what they ask about: an attempt that is settled, a gateway that is connected.
var endsByItself = []string{"unknown_attempt", "amount_mismatch", "partial_approval", "provider_duplicate", "charges_paused"}

const (
	sqlMoneyCase  = `select kind, state from money_cases where org_id = app.org() and id = $1 for update`
	sqlCloseCase  = `update money_cases set state = 'closed', closed_at = now() where org_id = app.org() and id = $1`
	sqlAuditClose = `
insert into audit_log (org_id, action, object_kind, object_id, reason, data)
select app.org(), 'case.closed', 'money_case', $1, $2, jsonb_build_object('kind', $3::text)`
)

// CloseCase writes down why a person closes a question about money, and closes it. A repeat finds it closed. c is the case's studio,
// with the person as actor.
func (s *Store) CloseCase(ctx context.Context, c tenancy.Caller, caseID id.Event, reason string) error {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 3 || n > 500 {
		return ErrCaseReason
	}
	err := s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		var kind, state string
		err := tx.QueryRow(ctx, sqlMoneyCase, caseID).Scan(&kind, &state)
		switch {
		case postgres.NoRows(err):
			return ErrCaseNotFound
		case err != nil:
			return err
		case state == "closed":
			return nil
		case slices.Contains(endsByItself, kind):
			return ErrCaseHasItsOwnEnd
		}
		if _, err := tx.Exec(ctx, sqlCloseCase, caseID); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlAuditClose, caseID, reason, kind)
		return err
	})
	if errors.Is(err, postgres.ErrOrgNotFound) {
		return ErrCaseNotFound
	}
	return fail.Wrap(err, "close case %s", caseID)
}
