// Package discard is a person's word that a dead job is not to be done any more.
package discard

import (
	"context"
	"strings"
	"unicode/utf8"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
)

// Errors.
var (
	ErrNotFound = fail.New(fail.NotFound, "platform.job_not_found", "There is no such job in this studio. Check both ids.", "אין עבודה כזו בסטודיו זה. בדקו את שני המזהים.")
	ErrNotDead  = fail.New(fail.Conflict, "platform.job_not_dead", "Only a dead job can be discarded; this one waits, runs or is done. GET /v1/admin/jobs/dead lists the dead ones.",
		"ניתן לוותר רק על עבודה מתה; עבודה זו ממתינה, רצה או הסתיימה. העבודות המתות מופיעות ב-GET /v1/admin/jobs/dead.")
	ErrInFlight = fail.New(fail.Conflict, "platform.job_charge_in_flight",
		"Money may have been taken for this job. Wait for the provider's answer, or settle the attempt once GET /v1/admin/money shows it; then discard the job.",
		"ייתכן שנגבה כסף עבור עבודה זו. המתינו לתשובת חברת הסליקה, או קבעו את תוצאת הניסיון כאשר הוא מופיע ב-GET /v1/admin/money, ואז ותרו על העבודה.")
	ErrOwed = fail.New(fail.Conflict, "platform.job_charge_owed",
		"The charge of this job is still owed, and nobody would come for it. Give the job another try, or void the charge and then discard the job.",
		"החיוב של עבודה זו עדיין לא שולם, ואיש לא יגבה אותו. הריצו את העבודה שוב, או בטלו את החיוב ואז ותרו על העבודה.")
	ErrReason = fail.New(fail.Invalid, "platform.discard_reason", "Say in a few words why the work is not to be done; it stays in the record.",
		"כתבו בכמה מילים מדוע אין לבצע את העבודה; הדבר נשמר ברישומים.")
)

const (
	// Of the queues that move money one comes back only through its dead job: a charge that is due (billing's Revive). Look-ups,
	// rungs of dunning and proofs are asked for anew by their schedules. A payload that nobody can read names no charge.
	sqlToDiscard = `
select j.queue, j.state, j.last_error, coalesce(c.state in ('due', 'in_flight'), false),
  exists (select from payment_attempts a
    where a.org_id = j.org_id and a.state in ('claimed', 'sent', 'unknown') and (a.charge_id = c.id
      or a.id = case when pg_input_is_valid(j.payload->>'attempt_id', 'uuid') then (j.payload->>'attempt_id')::uuid end))
from jobs j left join charges c on c.org_id = j.org_id and j.queue = 'billing-execute-charge'
  and c.id = case when pg_input_is_valid(j.payload->>'charge_id', 'uuid') then (j.payload->>'charge_id')::uuid end
where j.id = $1 and j.org_id is not distinct from $2::uuid for update of j`
	// sqlDiscard ends the job now: the word is kept for as long as that of work that was done now.
	sqlDiscard      = `update jobs set state = 'discarded', finished_at = now(), discarded_at = now(), discarded_by = $2, discard_reason = $3 where id = $1`
	sqlAuditDiscard = `
insert into audit_log (org_id, actor, action, object_kind, object_id, reason, data)
values ($1, $2, 'job.discarded', 'job', $3, $4, jsonb_build_object('queue', $5::text, 'last_error', $6::text))`
)

// Store keeps the word.
type Store struct{ db *postgres.SystemDB }

// NewStore is the store on db.
func NewStore(db *postgres.SystemDB) *Store { return &Store{db} }

// Discard says that a dead job is not to be done any more, by whom and why: in the job's row, and in its studio's trail if it has a
// studio; org is zero for work of none. A repeat finds it discarded. A job whose charge is in flight or still owed is refused.
func (s *Store) Discard(ctx context.Context, org id.Org, job id.Job, by, reason string) error {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 3 || n > 500 {
		return ErrReason
	}
	err := s.db.Across(ctx, func(tx postgres.Tx) error {
		var name queue.Name
		var state, lastError string
		var owed, inFlight bool
		err := tx.QueryRow(ctx, sqlToDiscard, job, org).Scan(&name, &state, &lastError, &owed, &inFlight)
		switch {
		case postgres.NoRows(err):
			return ErrNotFound
		case err != nil:
			return err
		case state == "discarded":
			return nil
		case state != "dead":
			return ErrNotDead
		case inFlight:
			return ErrInFlight
		case owed:
			return ErrOwed
		}
		if _, err := tx.Exec(ctx, sqlDiscard, job, by, reason); err != nil || org.IsZero() {
			return err
		}
		_, err = tx.Exec(ctx, sqlAuditDiscard, org, by, job, reason, string(name), lastError)
		return err
	})
	return fail.Wrap(err, "discard job %s", job)
}
