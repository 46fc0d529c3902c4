package rotationapi_test

import (
	"context"
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationapi"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/tenancy"
)

const (
	rotate = "/v1/admin/keys/rotate"
	list   = "/v1/admin/keys"
)

// serve answers with a ring of the new key and the former ones given, over values sealed under the old key.
func serve(t *testing.T, rings rotation.Rings) *apitest.Env {
	t.Helper()
	late := &lazily{}
	e := apitest.New(t, func(*postgres.DB) []api.Endpoint {
		return []api.Endpoint{rotationapi.RotateKeys(late), rotationapi.ListKeys(late)}
	})
	late.Store = rotation.NewStore(e.System, rings)
	rotationtest.Studio(t, e.Database, rotationtest.Ring(t, rotationtest.Old), 4)
	return e
}

// lazily is the store that exists once the environment's database does.
type lazily struct{ *rotation.Store }

var body = map[string]string{"ring": "payment_credentials"}

func TestToEverybodyButFitKitsOwnPeopleTheRoutesAreNotThere(t *testing.T) {
	t.Parallel()
	e := serve(t, rotationtest.Rings(t, rotationtest.New, rotationtest.Old))
	callers := map[string]*apitest.Client{"a person without a studio": e.A.AsMember(t, "user_nobody")}
	for _, role := range tenancy.Staff {
		callers["the studio's "+string(role)] = e.A.As(t, role)
	}
	for name, c := range callers {
		t.Run(name, func(t *testing.T) {
			c.Post(rotate, body).Want(404, "not_found")
			c.Get(list).Want(404, "not_found")
		})
	}
	e.Anonymous(t).Get(list).Want(401, "auth.sign_in")
	e.AsAdmin(t).Stale().Get(list).Want(403, "auth.step_up")
	e.AsAdmin(t).Get(list).Want(200)
	e.Exec(t, "update platform_admins set removed_at = now()")
	e.AsAdmin(t).Get(list).Want(404, "not_found")
	if n := postgrestest.Get[int](t, e.Database, "select count(*)::int from key_rotations"); n != 0 {
		t.Errorf("%d rotations were started", n)
	}
}

type keys struct {
	Keys []struct {
		Ring, Key, State string
		Values           int64
		MayDrop          bool `json:"may_drop"`
		Columns          []struct {
			Column string
			Values int64
		}
	}
	Rotations []struct {
		ID, Ring, Key, State string
		StartedBy            string `json:"started_by"`
		Resealed             int64
	}
}

func TestAnAdminRotatesAndSeesHowFarItIs(t *testing.T) {
	t.Parallel()
	e := serve(t, rotationtest.Rings(t, rotationtest.New, rotationtest.Old))
	admin := e.AsAdmin(t)
	id := admin.Post(rotate, body).Want(202).Field("id")
	if again := admin.Post(rotate, body).Want(202).Field("id"); again != id {
		t.Fatalf("a second rotation: %s, %s", id, again)
	}
	old, fresh := rotationtest.Ring(t, rotationtest.Old).ActiveKey().String(), rotationtest.Ring(t, rotationtest.New).ActiveKey().String()
	var before keys
	admin.Get(list).Want(200).Into(&before)
	if len(before.Keys) != 4 || before.Keys[0].Key != fresh || before.Keys[0].State != "active" || before.Keys[0].Values != 0 || before.Keys[0].MayDrop {
		t.Fatalf("%+v", before.Keys)
	}
	if k := before.Keys[1]; k.Key != old || k.State != "previous" || k.Values != 5 || k.MayDrop || len(k.Columns) != 2 {
		t.Fatalf("%+v", k)
	}
	if r := before.Rotations; len(r) != 1 || r[0].ID != id || r[0].State != "running" || r[0].Key != fresh || r[0].StartedBy != "user_admin" {
		t.Fatalf("%+v", r)
	}
	work(t, e)
	var after keys
	admin.Get(list).Want(200).Into(&after)
	if k := after.Keys; k[0].Values != 5 || k[1].Values != 0 || !k[1].MayDrop || k[3].Values != 4 || k[3].MayDrop {
		t.Fatalf("%+v", k)
	}
	if r := after.Rotations[0]; r.State != "done" || r.Resealed != 5 {
		t.Fatalf("%+v", r)
	}
	admin.Post(rotate, body).Want(409, "keys.nothing_to_rotate")
	admin.Post(rotate, map[string]string{"ring": "all"}).Want(422, "request.invalid")
}

// work does the rotation's first step, which is all of it here.
func work(t *testing.T, e *apitest.Env) {
	t.Helper()
	s := rotation.NewStore(e.System, rotationtest.Rings(t, rotationtest.New, rotationtest.Old))
	list, err := s.Latest(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Reencrypt(context.Background(), rotation.Step{Rotation: list[0].ID}); err != nil {
		t.Fatal(err)
	}
}

func TestAKeyThatValuesNeedAndNobodyDeployedIsNamed(t *testing.T) {
	t.Parallel()
	e := serve(t, rotationtest.Rings(t, rotationtest.New))
	var got keys
	e.AsAdmin(t).Get(list).Want(200).Into(&got)
	old := rotationtest.Ring(t, rotationtest.Old).ActiveKey().String()
	missing := 0
	for _, k := range got.Keys {
		if k.State == "missing" && k.Key == old && k.Values > 0 && !k.MayDrop {
			missing++
		}
	}
	if missing != 2 {
		t.Fatalf("%+v", got.Keys)
	}
	e.AsAdmin(t).Post(rotate, body).Want(409, "keys.key_missing")
}
