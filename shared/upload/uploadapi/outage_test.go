package uploadapi_test

import (
	"testing"

	"fitkit/shared/api"
	"fitkit/shared/api/apitest"
	"fitkit/shared/blob"
	"fitkit/shared/postgres"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/retry"
	"fitkit/shared/retry/outagetest"
	"fitkit/shared/upload"
	"fitkit/shared/upload/uploadapi"
)

// TestAnUploadSurvivesTheStoresFailure (T16): while the store fails an upload is neither ready nor refused, and what was to be
// removed stays to be removed. It was seen red for garbage, which was taken for a file that differs, and the upload refused.
func TestAnUploadSurvivesTheStoresFailure(t *testing.T) {
	t.Parallel()
	outagetest.Each(t, func(t *testing.T, o *outagetest.Outage) {
		files := blob.New(blob.Config{Endpoint: o.URL, Region: "auto", Bucket: "b"})
		e := apitest.New(t, func(db *postgres.DB) []api.Endpoint {
			s := upload.NewStore(db, files)
			return []api.Endpoint{uploadapi.Create(s), uploadapi.Complete(s)}
		})
		desk := e.A.As(t, "front_desk")
		g := create(desk, announce(pdf)) // an address is made without asking the store
		if n := o.Asked(); n != 0 {
			t.Errorf("the store was asked %d times", n)
		}
		got := desk.Until(o.Context(t)).Post(complete(g), nil).Want(503, "blob.unavailable")
		want := "60"
		if o.TooOften() {
			want = outagetest.Asks
		}
		if got.Header.Get("Retry-After") != want || got.Field("title") == "" {
			t.Errorf("Retry-After %q, want %s; %s", got.Header.Get("Retry-After"), want, got.Body)
		}
		if n := o.Asked(); n > retry.Tries || o.TooOften() && n != 1 {
			t.Errorf("the store was asked %d times for one file", n)
		}
		if state := postgrestest.Get[string](t, e.Database, "select state from uploads where id = $1", g.ID); state != "pending" {
			t.Errorf("the upload is %s", state)
		}

		asked := o.Asked()
		e.Exec(t, `insert into uploads (org_id, id, purpose, file_name, content_type, size, sha256, object_key, created_by)
			select org_id, n.id, purpose, file_name, content_type, size, sha256, 'org/' || org_id || '/uploads/' || n.id, created_by
			from uploads, (select app.uuidv7() as id from generate_series(1, 9)) n`)
		e.Exec(t, "update uploads set created_at = now() - interval '2 days', expires_at = now() - interval '1 day'")
		if n, err := upload.NewExpirer(e.System, e.DB, files).Expire(o.Context(t)); n != 0 || err == nil {
			t.Errorf("removed %d of files that nobody can remove: %v", n, err)
		}
		if n := postgrestest.Get[int](t, e.Database, "select count(*) from uploads"); n != 10 {
			t.Errorf("%d of 10 rows are left", n)
		}
		if n := o.Asked() - asked; n > 2*retry.Tries { // for three files, of ten
			t.Errorf("a store that fails was asked %d times", n)
		}
	})
}
