package migrate_test

import (
	"context"
	"testing"

	"fitkit/infra/migrate"
	"fitkit/shared/postgres/postgrestest"
)

func TestTheOwnerOfTheSchemaMakesAdmins(t *testing.T) {
	t.Parallel()
	db, ctx := postgrestest.New(t), context.Background()
	is := func() bool {
		yes, err := db.System.IsPlatformAdmin(ctx, "user_1")
		if err != nil {
			t.Fatal(err)
		}
		return yes
	}
	if is() {
		t.Fatal("an admin before anybody said so")
	}
	for range 2 { // again, after it was taken away
		if err := migrate.Appoint(ctx, db.OwnerURL, "user_1", "Dana"); err != nil || !is() {
			t.Fatalf("not an admin: %v", err)
		}
		if err := migrate.Dismiss(ctx, db.OwnerURL, "user_1"); err != nil || is() {
			t.Fatalf("still an admin: %v", err)
		}
	}
	if err := migrate.Dismiss(ctx, db.OwnerURL, "user_1"); err == nil {
		t.Error("whoever is no admin is taken away without a word")
	}
	if err := migrate.Appoint(ctx, db.AppURL, "user_1", "Dana"); err == nil {
		t.Error("the functions' login can make admins")
	}
	if err := migrate.Appoint(ctx, db.SystemURL, "user_1", "Dana"); err == nil {
		t.Error("the crons' login can make admins")
	}
}
