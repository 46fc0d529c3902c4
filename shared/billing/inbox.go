package billing

import (
	"context"
	"encoding/json"
	"strings"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/tenancy"
)

// ProcessInboxEvent is the payload of QueueInbox: a hosted page to be read.
type ProcessInboxEvent struct {
	CardSessionID id.CardSession `json:"card_session_id"`
}

func queueJob(ctx context.Context, tx postgres.Tx, q queue.Name, dedupe string, payload any) error {
	return queue.Enqueue(ctx, tx, queue.Job{Queue: q, Dedupe: dedupe, Payload: payload})
}

func enqueuePageCheck(ctx context.Context, tx postgres.Tx, session id.CardSession, because string) error {
	return queueJob(ctx, tx, QueueInbox, "page:"+session.String()+":"+because, ProcessInboxEvent{session})
}

// ErrHookUnreadable refuses a notice that names no page.
var ErrHookUnreadable = fail.New(fail.BadRequest, "billing.hook_unreadable", "The notice names no page.", "ההודעה אינה מציינת דף תשלום.")

// notice is all that is read of a posted result: whom to ask about. The rest is neither believed nor kept.
type notice struct {
	LowProfileID string      `json:"LowProfileId"`
	Tranzaction  json.Number `json:"TranzactionId"`
}

func isGUID(s string) bool {
	_, err := id.Parse[id.Event](strings.ToLower(s))
	return err == nil
}

const sqlReceive = `
with i as (
  insert into inbox (provider, event_key, org_id, payload)
  select 'cardcom', $2, app.org(), jsonb_build_object('low_profile_id', $1::text) from card_sessions where org_id = app.org() and provider_ref = $1
  on conflict on constraint inbox_event_once do nothing
)
update card_sessions s set notices = s.notices + (select count(*)::int from jobs j where j.org_id = s.org_id and j.queue = 'billing-process-inbox-event'
  and j.dedupe_key = 'page:' || s.id || ':notice:' || s.notices and (j.state <> 'ready' or j.attempts > 0))
where s.org_id = app.org() and s.provider_ref = $1 and s.state <> 'saved'
returning s.id, s.correlation, s.notices`

// ReceiveCardcom records a notice of the hosted page once and leaves the reading to a job. A page that only saves a card has no
// transaction, so a refusal and the success after it can look the same: each asks for a reading, unless one is asked for that
// has not begun, until the card is saved. A page that is not ours is
// accepted and dropped: a refusal would make the provider send it for a day.
func (s *Store) ReceiveCardcom(ctx context.Context, token string, body []byte) error {
	var n notice
	if err := json.Unmarshal(body, &n); err != nil || !isGUID(n.LowProfileID) || len(n.Tranzaction) > 20 {
		return ErrHookUnreadable
	}
	eventKey := n.LowProfileID + ":" + n.Tranzaction.String()
	return s.db.InOrg(ctx, tenancy.ForHook(token, "hook:cardcom"), func(tx postgres.Tx) error {
		var session id.CardSession
		var began string
		var notices int
		err := tx.QueryRow(ctx, sqlReceive, n.LowProfileID, eventKey).Scan(&session, &began, &notices)
		if postgres.NoRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if began != "" {
			ctx = obs.WithCorrelation(ctx, began) // the notice belongs to what the page was opened for
		}
		return enqueuePageCheck(ctx, tx, session, "notice:"+itoa(notices))
	})
}
