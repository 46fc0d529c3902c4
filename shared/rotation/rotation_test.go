package rotation_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/jackc/pgx/v5"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/job"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/queue"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationjob"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/run"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
)

const admin = "user_admin"

// chain works on the jobs of rotations as SQS drives them, one after the other, until none is ready or most have run.
func chain(t testing.TB, db *postgrestest.Database, rings rotation.Rings, most int) (ran int) {
	t.Helper()
	app, err := run.New(rotationjob.ReencryptOp, func(name string) string {
		return map[string]string{"STAGE": "test", "SYSTEM_DATABASE_URL": db.SystemURL, "QUEUE_URL_PREFIX": "http://127.0.0.1:1/",
			"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": rotationtest.New.Reveal(), "NATIONAL_ID_ENCRYPTION_KEY": rotationtest.New.Reveal(),
			"NATIONAL_ID_INDEX_KEY": rotationtest.Index.Reveal()}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	call := job.Lambda(app, rotationjob.Reencrypt(rotation.NewStore(db.System, rings)))
	for ; ran < most; ran++ {
		next := postgrestest.Get[string](t, db, "select coalesce((select id::text from jobs where queue = 'platform-reencrypt' and state = 'ready' order by created_at limit 1), '')")
		if next == "" {
			return ran
		}
		one, err := id.Parse[id.Job](next)
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(queue.Envelope{Version: queue.Version, Job: one, Queue: string(rotation.Queue)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := call(context.Background(), events.SQSEvent{Records: []events.SQSMessage{{MessageId: "m", Body: string(body)}}}); err != nil {
			t.Fatal(err)
		}
	}
	return ran
}

func start(t testing.TB, s *rotation.Store, ring seal.RingName) rotation.Rotation {
	t.Helper()
	r, err := s.Start(t.Context(), ring, admin)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func state(t testing.TB, s *rotation.Store, of rotation.Rotation) rotation.Rotation {
	t.Helper()
	list, err := s.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if r.ID == of.ID {
			return r
		}
	}
	t.Fatalf("no rotation %s among %v", of.ID, list)
	return of
}

func TestARotationSealsEveryValueAnew(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	old := rotationtest.Ring(t, rotationtest.Old)
	rotationtest.Studio(t, db, old, 450) // more than two batches
	deleted := rotationtest.Studio(t, db, old, 3)
	db.Exec(t, "update orgs set status = 'deleted' where id = $1", deleted)
	db.Exec(t, `update payment_methods set status = 'removed', token_ct = '', key_id = '', removed_at = now()
		where id = (select id from payment_methods where org_id = $1 limit 1)`, deleted)
	s := rotation.NewStore(db.System, rotationtest.Rings(t, rotationtest.New, rotationtest.Old))
	for _, ring := range seal.Rings() {
		r := start(t, s, ring)
		chain(t, db, rotationtest.Rings(t, rotationtest.New, rotationtest.Old), 10)
		want := map[seal.RingName]int64{seal.PaymentCredentials: 454, seal.NationalIDs: 453}[ring]
		if got := state(t, s, r); got.State != rotation.Done || got.Resealed != want || got.FinishedAt == nil || got.Passes != 1 {
			t.Errorf("%s: %+v, want %d values in one pass", ring, got, want)
		}
	}
	if n := rotationtest.Audit(t, db, rotationtest.Ring(t, rotationtest.New), nil); n != 907 {
		t.Errorf("%d values, want 907", n)
	}
}

// A writer's value stays, whatever moment it comes at: a locked row is passed over, and looked at again in the next pass.
func TestAWritersValueStays(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	old := rotationtest.Ring(t, rotationtest.Old)
	org := rotationtest.Studio(t, db, old, 20)
	gateway, err := id.Parse[id.Gateway](postgrestest.Get[string](t, db, "select id::text from gateways"))
	if err != nil {
		t.Fatal(err)
	}
	rings := rotationtest.Rings(t, rotationtest.New, rotationtest.Old)
	s := rotation.NewStore(db.System, rings)
	r := start(t, s, seal.PaymentCredentials)
	writer, err := pgx.Connect(t.Context(), db.AdminURL)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close(context.Background())
	tx, err := writer.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// This function was not deployed anew yet: it writes under the former key.
	if _, err := tx.Exec(t.Context(), "update gateways set creds_ct = $1", old.Seal([]byte("typed anew"), seal.GatewayCredentials.At(org, gateway))); err != nil {
		t.Fatal(err)
	}
	chain(t, db, rings, 1)
	if got := state(t, s, r); got.State != rotation.Running || got.Resealed != 20 || got.Passes != 1 {
		t.Fatalf("with one row locked: %+v", got)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	chain(t, db, rings, 5)
	if got := state(t, s, r); got.State != rotation.Done || got.Resealed != 21 || got.Passes != 2 {
		t.Fatalf("after the writer: %+v", got)
	}
	start(t, s, seal.NationalIDs)
	chain(t, db, rings, 5)
	rotationtest.Audit(t, db, rotationtest.Ring(t, rotationtest.New), map[string]string{rotationtest.Name(seal.GatewayCredentials, gateway): "typed anew"})
}

func TestStart(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sealed   secret.Secret
		active   secret.Secret
		previous []secret.Secret
		want     *fail.Error
	}{
		"a new key is there: the rotation begins":        {rotationtest.Old, rotationtest.New, []secret.Secret{rotationtest.Old}, nil},
		"no new key was added: there is nothing to do":   {rotationtest.Old, rotationtest.Old, nil, rotation.ErrNothingToRotate},
		"the former key was dropped: put it back first":  {rotationtest.Old, rotationtest.New, nil, rotation.ErrKeyMissing},
		"the wrong former key is kept: put it back, too": {rotationtest.Old, rotationtest.New, []secret.Secret{rotationtest.Unknown}, rotation.ErrKeyMissing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := postgrestest.New(t)
			rotationtest.Studio(t, db, rotationtest.Ring(t, tc.sealed), 1)
			_, err := rotation.NewStore(db.System, rotationtest.Rings(t, tc.active, tc.previous...)).Start(t.Context(), seal.PaymentCredentials, admin)
			if tc.want == nil && err != nil || tc.want != nil && !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			jobs := postgrestest.Get[int](t, db, "select count(*)::int from jobs where queue = 'platform-reencrypt'")
			if want := map[bool]int{true: 1, false: 0}[tc.want == nil]; jobs != want {
				t.Errorf("%d jobs, want %d", jobs, want)
			}
		})
	}
}

func TestARotationIsStartedOnceAndGoesOnAfterItsJobDied(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	rotationtest.Studio(t, db, rotationtest.Ring(t, rotationtest.Old), 1)
	rings := rotationtest.Rings(t, rotationtest.New, rotationtest.Old)
	s := rotation.NewStore(db.System, rings)
	first := start(t, s, seal.PaymentCredentials)
	if again := start(t, s, seal.PaymentCredentials); again.ID != first.ID {
		t.Fatalf("a second rotation %s beside %s", again.ID, first.ID)
	}
	if n := db.Exec(t, "update jobs set state = 'dead', finished_at = now() where queue = 'platform-reencrypt'"); n != 1 {
		t.Fatalf("%d jobs", n)
	}
	if again := start(t, s, seal.PaymentCredentials); again.ID != first.ID {
		t.Fatalf("a second rotation %s beside %s", again.ID, first.ID)
	}
	if chain(t, db, rings, 5); state(t, s, first).State != rotation.Done {
		t.Fatalf("%+v", state(t, s, first))
	}
}

func TestANewerKeySupersedesARunningRotation(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	rotationtest.Studio(t, db, rotationtest.Ring(t, rotationtest.Old), 1)
	first := start(t, rotation.NewStore(db.System, rotationtest.Rings(t, rotationtest.Unknown, rotationtest.Old)), seal.PaymentCredentials)
	rings := rotationtest.Rings(t, rotationtest.New, rotationtest.Unknown, rotationtest.Old)
	s := rotation.NewStore(db.System, rings)
	second := start(t, s, seal.PaymentCredentials)
	if got := postgrestest.Get[string](t, db, "select state from key_rotations where id = $1", first.ID); got != rotation.Superseded || second.ID == first.ID {
		t.Fatalf("the first is %s, the second %s", got, second.ID)
	}
	if chain(t, db, rings, 5); state(t, s, second).State != rotation.Done {
		t.Fatalf("%+v", state(t, s, second))
	}
}

// A job whose settings are not the rotation's would seal back under the former key.
func TestAJobWithOtherKeysThanTheRotationsTouchesNothing(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	rotationtest.Studio(t, db, rotationtest.Ring(t, rotationtest.Old), 2)
	s := rotation.NewStore(db.System, rotationtest.Rings(t, rotationtest.New, rotationtest.Old))
	r := start(t, s, seal.PaymentCredentials)
	stale := rotation.NewStore(db.System, rotationtest.Rings(t, rotationtest.Old))
	err := stale.Reencrypt(t.Context(), rotation.Step{Rotation: r.ID})
	if !errors.Is(err, rotation.ErrNotDeployed) || !fail.From(err).Kind.Retryable() {
		t.Fatalf("got %v", err)
	}
	if got := state(t, s, r); got.State != rotation.Running || got.Resealed != 0 {
		t.Fatalf("%+v", got)
	}
}

// What no key opens does not keep the rest from being sealed anew, and is told.
func TestWhatNoKeyOpensBlocksTheEndAlone(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	old := rotationtest.Ring(t, rotationtest.Old)
	org := rotationtest.Studio(t, db, old, 3)
	rings := rotationtest.Rings(t, rotationtest.New, rotationtest.Old)
	s := rotation.NewStore(db.System, rings)
	r := start(t, s, seal.PaymentCredentials)
	// A value copied from another row, as a careless repair by hand might: it belongs elsewhere, and opens nowhere.
	db.Exec(t, "update payment_methods set token_ct = $1 where id = (select id from payment_methods where org_id = $2 limit 1)",
		old.Seal([]byte("moved"), seal.CardToken.At(org, id.New[id.PaymentMethod]())), org)
	chain(t, db, rings, 5)
	if got := state(t, s, r); got.State != rotation.Blocked || got.Resealed != 3 || got.Unreadable != 1 {
		t.Fatalf("%+v", got)
	}
}

// Should a value ever change between its reading and its replacement, the lock notwithstanding, it is the writer's that stays.
func TestAValueThatChangedSinceItWasReadIsLeftAlone(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	old := rotationtest.Ring(t, rotationtest.Old)
	org := rotationtest.Studio(t, db, old, 2)
	fresh := rotationtest.Ring(t, rotationtest.New, rotationtest.Old)
	s := rotation.NewStore(db.System, nil)
	err := db.System.Across(t.Context(), func(tx postgres.Tx) error {
		rows, err := rotation.Lock(t.Context(), tx, seal.GatewayCredentials, fresh.ActiveKey(), rotation.Cursor{})
		if err != nil {
			return err
		}
		resealed := rotation.Reseal(s, t.Context(), fresh, seal.GatewayCredentials, rows)
		other := old.Seal([]byte("typed anew"), seal.GatewayCredentials.At(org, rows[0].Row))
		if _, err := tx.Exec(t.Context(), "update gateways set creds_ct = $1 where org_id = $2", other, org); err != nil {
			return err
		}
		n, err := rotation.Replace(t.Context(), tx, seal.GatewayCredentials, fresh.ActiveKey(), resealed)
		if len(resealed) != 1 || n != 0 {
			t.Errorf("%d of %d values were replaced, though somebody had written", n, len(resealed))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
