package billing

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/obs"
	"fitkit/shared/payment"
	"fitkit/shared/postgres"
	"fitkit/shared/queue"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
	"fitkit/shared/tenancy"
)

// Connection is a studio's own terminal at its provider, as its owner types it.
type Connection struct {
	Provider  string
	Terminal  int
	Name      secret.Secret
	Password  secret.Secret
	Mode      string // live or test
	Recurring bool
	NewHook   bool // the provider shall post notices to another address
}

// Gateway is a connection as it may be shown.
type Gateway struct {
	ID         id.Gateway
	Provider   string
	Mode       string
	State      string
	Terminal   string
	HookToken  string
	VerifiedAt time.Time
	FormerHook *time.Time // until when notices at the former address are taken
	Resumed    int        // due charges that were waiting for it
}

// ErrLiveInTest refuses a live terminal to a test organisation.
var ErrLiveInTest = fail.New(fail.Conflict, "billing.test_org_not_live", "A test studio cannot connect a live terminal. Connect a test terminal, or use a live studio.",
	"סטודיו לבדיקות אינו יכול לחבר מסוף אמיתי. חברו מסוף בדיקות או השתמשו בסטודיו אמיתי.")

// ErrTakesMoney refuses to call a terminal a test that is none: a studio on a test clock would charge real cards.
var ErrTakesMoney = fail.New(fail.Conflict, "billing.terminal_takes_money", "This terminal takes real money. Connect it as live, or connect the provider's test terminal.",
	"המסוף הזה גובה כסף אמיתי. חברו אותו כמסוף חי, או חברו את מסוף הבדיקות של חברת הסליקה.")

// ErrTerminalInUse refuses another terminal while the connected one has not answered for a charge.
var ErrTerminalInUse = fail.New(fail.Conflict, "billing.terminal_in_use", "A charge on the connected terminal is still being checked with the card company. Connect another terminal once it is settled.",
	"חיוב במסוף המחובר עדיין נבדק מול חברת האשראי. חברו מסוף אחר לאחר שהבדיקה תסתיים.")

const (
	sqlGatewayID = `select id, hook_token from gateways where org_id = app.org() and provider = $1 for update`
	// One address is renewed at a time, so that a request which is sent again does not end the address that pages still have.
	sqlRenewHook = `
update gateways set former_hook_token = hook_token, former_hook_until = now() + interval '48 hours', hook_token = $2
where org_id = app.org() and id = $1 and (former_hook_until is null or former_hook_until <= now())`
	sqlConnect = `
insert into gateways as g (org_id, id, provider, mode, terminal, creds_ct, key_id, settings, hook_token, verified_at)
values (app.org(), $1, $2, $3, $4, $5, $6, $7, $8, now())
on conflict on constraint gateways_provider_once do update set mode = excluded.mode, terminal = excluded.terminal, creds_ct = excluded.creds_ct,
  key_id = excluded.key_id, settings = excluded.settings, state = 'active', problem = '', verified_at = now(), updated_at = now()
returning state, verified_at, case when former_hook_until > now() then former_hook_until end`
	sqlResume = `
with o as (
  update orgs set charges_paused_at = null, charges_paused_why = null where id = app.org()
)
select c.id from charges c
where c.org_id = app.org() and c.state = 'due' and c.due_at <= app.business_now()
  and not exists (select from dunning_cases d where d.org_id = c.org_id and d.charge_id = c.id and d.state in ('open', 'waiting_method')
    and d.next_at is not null)`
	// The cards and pages of a terminal are its own. Cards of the terminal that is connected now, from an earlier time, serve again.
	sqlRetireCards = `
update payment_methods set is_default = false where org_id = app.org() and gateway_id = $1 and is_default and terminal <> $2`
	sqlRetirePages = `
update card_sessions set state = 'expired', next_poll_at = null
where org_id = app.org() and gateway_id = $1 and state in ('creating', 'open') and terminal <> $2`
	sqlReviveCards = `
update payment_methods p set is_default = true from (
  select distinct on (member_id) id from payment_methods
  where org_id = app.org() and gateway_id = $1 and status = 'active' and terminal = $2 order by member_id, id desc
) latest
where p.org_id = app.org() and p.id = latest.id
  and not exists (select from payment_methods d where d.org_id = p.org_id and d.member_id = p.member_id and d.is_default)`
	sqlAuditGateway = `
insert into audit_log (org_id, action, object_kind, object_id, data) values (app.org(), 'gateway.connected', 'gateway', $1, jsonb_build_object('provider', $2::text, 'mode', $3::text, 'terminal', $4::text, 'new_hook', $5::boolean))`
)

// Connect proves the credentials with the provider, seals them, and lets charges that waited for the gateway go on.
// It may be run again: the same connection is written over itself.
func (s *Collector) Connect(ctx context.Context, c tenancy.Caller, n Connection) (g Gateway, err error) {
	if err := s.mayConnect(ctx, c, n); err != nil {
		return g, err
	}
	creds := payment.Credentials{Terminal: n.Terminal, Name: n.Name, Password: n.Password, Recurring: n.Recurring}
	if err := s.provider.Probe(ctx, creds); err != nil {
		return g, fail.Wrap(err, "probe the terminal")
	}
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		g, err = s.saveGateway(ctx, tx, n)
		if postgres.Violates(err, "gateways_test_org_not_live") {
			return ErrLiveInTest
		}
		if postgres.Violates(err, "gateways_terminal_has_no_open_attempt") {
			return ErrTerminalInUse
		}
		if err != nil {
			return err
		}
		if g.Resumed, err = resume(ctx, tx); err != nil {
			return err
		}
		g.count(ctx, tx.Entered())
		return nil
	})
	return g, fail.Wrap(err, "connect gateway")
}

// count tells the owner of FitKit that a studio connected a terminal, for the first time or again.
func (g Gateway) count(ctx context.Context, e tenancy.Entered) {
	if e.TestMode {
		return
	}
	obs.Capture(ctx, obs.Product{Event: "gateway_connected", ID: g.ID.String(), Org: e.Org.String(),
		Codes: map[string]string{"provider": g.Provider, "mode": g.Mode}})
}

// mayConnect checks the caller before the provider is bothered with anybody's guesses.
func (s *Collector) mayConnect(ctx context.Context, c tenancy.Caller, n Connection) error {
	return s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		e, err := tx.Enter(ctx)
		switch {
		case err != nil:
			return err
		case e.TestMode && (n.Mode == "live" || s.provider.MovesMoney(n.Terminal)):
			return ErrLiveInTest
		case n.Mode == "test" && s.provider.MovesMoney(n.Terminal):
			return ErrTakesMoney
		}
		return nil
	})
}

func (s *Collector) saveGateway(ctx context.Context, tx postgres.Tx, n Connection) (Gateway, error) {
	g := Gateway{ID: id.New[id.Gateway](), Provider: n.Provider, Mode: n.Mode, Terminal: strconv.Itoa(n.Terminal), HookToken: newToken()}
	err := tx.QueryRow(ctx, sqlGatewayID, n.Provider).Scan(&g.ID, &g.HookToken)
	if err != nil && !postgres.NoRows(err) {
		return g, err
	}
	if n.NewHook && err == nil { // a first connection's is new
		if _, err := tx.Exec(ctx, sqlRenewHook, g.ID, newToken()); err != nil {
			return g, err
		}
	}
	plain, err := json.Marshal(sealedCreds{Name: n.Name.Reveal(), Password: n.Password.Reveal()})
	if err != nil {
		return g, err
	}
	sealed := s.ring.Seal(plain, seal.GatewayCredentials.At(tx.Entered().Org, g.ID))
	key := s.ring.ActiveKey()
	err = tx.QueryRow(ctx, sqlConnect, g.ID, g.Provider, g.Mode, g.Terminal, sealed, key[:], gatewaySettings{n.Recurring}, g.HookToken).
		Scan(&g.State, &g.VerifiedAt, &g.FormerHook)
	if err != nil {
		return g, err
	}
	for _, sql := range []string{sqlRetireCards, sqlRetirePages, sqlReviveCards} {
		if _, err := tx.Exec(ctx, sql, g.ID, g.Terminal); err != nil {
			return g, err
		}
	}
	_, err = tx.Exec(ctx, sqlAuditGateway, g.ID, g.Provider, g.Mode, g.Terminal, n.NewHook)
	return g, err
}

// resume brings back the charges that were due while the studio's charges were paused. Charges in dunning that wait for a
// date of their own keep it; one whose rung was taken while the studio was paused has none, and is tried now.
func resume(ctx context.Context, tx postgres.Tx) (int, error) {
	if _, err := tx.Exec(ctx, sqlEndPause); err != nil {
		return 0, err
	}
	due, err := collectOne[id.Charge](ctx, tx, sqlResume)
	if err != nil {
		return 0, err
	}
	if put, err := putOff(ctx, tx, due); err != nil || put {
		return len(due), err
	}
	again := id.New[id.Event]()
	for _, charge := range due {
		err := queue.Enqueue(ctx, tx, queue.Job{Queue: QueueExecute, Dedupe: fmt.Sprintf("charge:%s:resume:%s", charge, again),
			Payload: ExecuteCharge{ChargeID: charge}})
		if err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

// newToken is an unguessable path segment: 192 random bits.
func newToken() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}
