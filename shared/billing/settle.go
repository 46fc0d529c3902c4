package billing

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/money"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Errors of settling an attempt by hand.
var (
	ErrAttemptNotFound = fail.New(fail.NotFound, "billing.attempt_not_found", "There is no such attempt in this studio. Check both ids.",
		"אין ניסיון חיוב כזה בסטודיו זה. בדקו את שני המזהים.")
	ErrAttemptAsked = fail.New(fail.Conflict, "billing.attempt_being_asked", "The provider is still being asked about this attempt. Wait until it is a person's question (GET /v1/admin/money).",
		"עדיין בודקים את הניסיון הזה מול חברת הסליקה. המתינו עד שיופיע כשאלה פתוחה (GET /v1/admin/money).")
	ErrAttemptSettled = fail.New(fail.Conflict, "billing.attempt_settled", "This attempt has another outcome already. Read the charge.",
		"לניסיון הזה כבר נקבעה תוצאה אחרת. קראו את החיוב.")
	ErrTxnOwned = fail.New(fail.Conflict, "billing.transaction_owned", "This transaction of the provider's belongs to another attempt. Look again in its back office.",
		"העסקה הזו של חברת הסליקה שייכת לניסיון אחר. בדקו שוב במערכת שלה.")
	ErrSettleReason = fail.New(fail.Invalid, "billing.settle_reason", "Say in a few words what the provider's back office shows; it stays in the studio's record.",
		"כתבו בכמה מילים מה מופיע במערכת של חברת הסליקה; הדבר נשמר ברישומי הסטודיו.")
)

// Verdict is what a person found in the provider's own back office about an attempt that no look-up could settle.
type Verdict struct {
	Attempt  id.Attempt
	Captured bool
	Txn      string // the provider's number of the transaction, when it was captured
	Reason   string // kept in the studio's trail
}

// settledByPerson is the code of an attempt whose outcome a person found.
const settledByPerson = "settled_by_person"

const (
	sqlToSettle = `
select a.state, a.amount, a.next_lookup_at is null from payment_attempts a where a.org_id = app.org() and a.id = $1 for update`
	// The word is written before what follows from it, which may fail; when the person says the same again, it stands already.
	sqlAuditSettle = `
with word (reason, data) as (
  select $2::text, jsonb_build_object('captured', $3::boolean, 'provider_txn', $4::text)
)
insert into audit_log (org_id, action, object_kind, object_id, reason, data)
select app.org(), 'attempt.settled', 'payment_attempt', $1, w.reason, w.data from word w
where ($5::boolean or exists (select from money_cases where org_id = app.org() and attempt_id = $1 and state = 'open'))
  and not exists (select from audit_log a where a.org_id = app.org() and a.action = 'attempt.settled' and a.object_id = $1
    and a.actor = app.actor() and a.reason = w.reason and a.data = w.data)`
	sqlCloseCases = `update money_cases set state = 'closed', closed_at = now() where org_id = app.org() and attempt_id = $1 and state = 'open'
  and kind in ('unknown_attempt', 'amount_mismatch', 'partial_approval', 'provider_duplicate')`
)

// Settle ends an attempt by what a person found: captured, and the charge is paid like any other, or not, and it is tried again.
// Each of its steps commits; a repeat goes on where the last one stopped. c is the attempt's studio, with the person as actor.
func (s *Collector) Settle(ctx context.Context, c tenancy.Caller, v Verdict) error {
	v.Reason = strings.TrimSpace(v.Reason)
	if n := utf8.RuneCountInString(v.Reason); n < 3 || n > 500 {
		return ErrSettleReason
	}
	amount, open, err := s.judge(ctx, c, v)
	if errors.Is(err, postgres.ErrOrgNotFound) {
		return ErrAttemptNotFound
	}
	if err != nil {
		return fail.Wrap(err, "settle attempt %s", v.Attempt)
	}
	if open {
		o := payment.Outcome{State: payment.Declined, Class: payment.Transient, Code: settledByPerson}
		if v.Captured {
			o = payment.Outcome{State: payment.Paid, ProviderTxn: v.Txn, Code: settledByPerson, Amount: amount}
		}
		if err := s.record(ctx, c, v.Attempt, o); postgres.Violates(err, "payment_attempts_txn_once") {
			return ErrTxnOwned
		} else if err != nil {
			return fail.Wrap(err, "settle attempt %s", v.Attempt)
		}
	}
	b := &postgres.Batch{}
	b.Queue(sqlCloseCases, v.Attempt)
	_, err = s.db.WriteInOrg(ctx, c, b)
	return fail.Wrap(err, "close the cases of attempt %s", v.Attempt)
}

// judge writes the person's word down and says whether the attempt is still open. An attempt that has this outcome already is
// a repeat, one that has another is refused.
func (s *Collector) judge(ctx context.Context, c tenancy.Caller, v Verdict) (amount money.Agorot, open bool, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		var state string
		var stopped bool
		err := tx.QueryRow(ctx, sqlToSettle, v.Attempt).Scan(&state, &amount, &stopped)
		switch open = state == "unknown"; {
		case postgres.NoRows(err):
			return ErrAttemptNotFound
		case err != nil:
			return err
		case open && !stopped, state == "claimed", state == "sent":
			return ErrAttemptAsked
		case !open && (state == "approved") != v.Captured:
			return ErrAttemptSettled
		}
		_, err = tx.Exec(ctx, sqlAuditSettle, v.Attempt, v.Reason, v.Captured, v.Txn, open) // a repeat has neither, and says nothing new
		return err
	})
	return amount, open, err
}
