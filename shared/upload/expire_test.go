package upload_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"fitkit/infra/tools/generate/stack"
	"fitkit/shared/blob"
	"fitkit/shared/blob/blobtest"
	"fitkit/shared/id"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/tenancy"
	"fitkit/shared/upload"
	"fitkit/shared/upload/uploadcron"
)

var photo = []byte("\x89PNG\r\n\x1a\n....")

// arrange makes an upload of a new studio, with its file in the store, and sets its age in hours.
func arrange(t *testing.T, d *postgrestest.Database, files *blob.Store, state string, hours int) (id.Org, upload.Upload) {
	t.Helper()
	org, clerk := id.New[id.Org](), id.New[id.Event]().String()
	d.Exec(t, "insert into orgs (id, clerk_org_id, name, slug) values ($1, $2, 'סטודיו', $2)", org, clerk)
	u, _, err := upload.NewStore(d.DB, files).Create(t.Context(), tenancy.Caller{UserID: "user_a", ClerkOrg: clerk, ClerkRole: "admin", Allowed: tenancy.Staff},
		upload.File{Purpose: upload.MemberPhoto, Name: "photo.png", ContentType: "image/png", Size: int64(len(photo)), SHA256: blob.SumOf(photo)})
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Put(t.Context(), u.Key, "image/png", photo); err != nil {
		t.Fatal(err)
	}
	d.Exec(t, `update uploads set state = $2, completed_at = case when $2 = 'ready' then now() end,
  created_at = now() - make_interval(hours => $3), expires_at = now() - make_interval(hours => $3 - 22) where id = $1`, u.ID, state, hours)
	return org, u
}

// S11: an upload without completion is gone within 24 hours, however far it had come; others stay.
func TestUploadsThatNobodyCompletedAreRemoved(t *testing.T) {
	t.Parallel()
	d, files := postgrestest.New(t), blob.New(blobtest.General(t))
	for name, tc := range map[string]struct {
		state string
		hours int
		stays bool
	}{
		"one that waits for its file stays":                    {"pending", 21, true},
		"one that waited for 23 hours goes":                    {"pending", 23, false},
		"a ready one stays for good":                           {"ready", 1000, true},
		"a refused one stays while its address may still work": {"expired", 0, true},
		"a refused one goes after":                             {"expired", 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			_, u := arrange(t, d, files, tc.state, tc.hours)
			if _, err := upload.NewExpirer(d.System, d.DB, files).Expire(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err := files.Head(t.Context(), u.Key)
			rows := postgrestest.Get[int](t, d, "select count(*) from uploads where id = $1", u.ID)
			if stays := err == nil; stays != tc.stays || (rows == 1) != tc.stays || err != nil && !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("its file: %v, its rows: %d", err, rows)
			}
		})
	}
}

// failing is a store that cannot delete the one key.
type failing struct {
	*blob.Store
	key blob.Key
}

func (f failing) Delete(ctx context.Context, key blob.Key) error {
	if key == f.key {
		return blob.ErrUnavailable
	}
	return f.Store.Delete(ctx, key)
}

// The row waits some hours and the schedule comes after them, a run of it lost: both together stay within the day. Red with the schedule
// every two hours.
func TestTheScheduleComesInTimeForTheDay(t *testing.T) {
	t.Parallel()
	d, files := postgrestest.New(t), blob.New(blobtest.General(t))
	_, u := arrange(t, d, files, "pending", 0)
	waits := postgrestest.Get[float64](t, d, "select extract(epoch from expires_at - created_at)::float8 from uploads where id = $1", u.ID)
	gap, err := stack.LongestGap(uploadcron.ExpireOp.Schedule)
	if err != nil {
		t.Fatal(err)
	}
	if worst := time.Duration(waits)*time.Second + 2*gap; worst > 24*time.Hour {
		t.Errorf("an upload waits %s before it is over, and the schedule %s: it may be there for %s", time.Duration(waits)*time.Second, gap, worst)
	}
}

func TestAFileThatCannotBeRemovedIsFoundAgainAndStopsNoOther(t *testing.T) {
	t.Parallel()
	d, files := postgrestest.New(t), blob.New(blobtest.General(t))
	_, stuck := arrange(t, d, files, "pending", 30)
	_, other := arrange(t, d, files, "pending", 30)
	removed, err := upload.NewExpirer(d.System, d.DB, failing{files, stuck.Key}).Expire(t.Context())
	if removed != 1 || !errors.Is(err, blob.ErrUnavailable) {
		t.Errorf("removed %d, said %v", removed, err)
	}
	if _, err := files.Head(t.Context(), other.Key); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("the other file: %v", err)
	}
	if removed, err := upload.NewExpirer(d.System, d.DB, files).Expire(t.Context()); removed != 1 || err != nil {
		t.Errorf("the next run removed %d, said %v", removed, err)
	}
}
