package main

import (
	"bytes"
	"strings"
	"testing"

	"fitkit/infra/migrate"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/secret"
)

func TestAKeyInUseCannotBeDropped(t *testing.T) {
	t.Parallel()
	db := postgrestest.New(t)
	old, fresh := rotationtest.Old.Reveal(), rotationtest.New.Reveal()
	rotationtest.Studio(t, db, rotationtest.Ring(t, rotationtest.Old), 3)
	for name, tc := range map[string]struct {
		payment, paymentPrevious, national, nationalPrevious string
		refused                                              []string // what the refusal names
	}{
		"nothing changes":                           {payment: old, national: old},
		"new keys come, and the former ones stay":   {fresh, old, fresh, old, nil},
		"the former payment key is dropped":         {fresh, "", old, "", []string{"1 values of gateways.creds_ct", "3 values of payment_methods.token_ct", "PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS"}},
		"the former key of national IDs is dropped": {old, "", fresh, "", []string{"3 values of member_secrets.national_id_ct", "NATIONAL_ID_ENCRYPTION_KEY_PREVIOUS"}},
		"no former key is told by the word":         {old, "none", old, "none", nil},
		"the last former key goes by the word":      {fresh, "none", fresh, old, []string{"3 values of payment_methods.token_ct"}},
		"another former key is kept":                {fresh, rotationtest.Unknown.Reveal(), old, "", []string{"PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS"}},
		"the active key is listed as former":        {old, old, old, "", []string{"must not hold the active key"}},
		"a key is cut":                              {old[:60], "", old, "", []string{"PAYMENT_CREDENTIALS_ENCRYPTION_KEY", "64 hexadecimal"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := check(t.Context(), &out, func(v string) string {
				return map[string]string{"STAGE": "production", "SYSTEM_DATABASE_URL": db.SystemURL, "NATIONAL_ID_INDEX_KEY": rotationtest.Index.Reveal(),
					"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": tc.payment, "PAYMENT_CREDENTIALS_ENCRYPTION_KEY_PREVIOUS": tc.paymentPrevious,
					"NATIONAL_ID_ENCRYPTION_KEY": tc.national, "NATIONAL_ID_ENCRYPTION_KEY_PREVIOUS": tc.nationalPrevious}[v]
			})
			if (err != nil) != (len(tc.refused) > 0) {
				t.Fatalf("got %v after\n%s", err, &out)
			}
			for _, part := range tc.refused {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
			for _, key := range []secret.Secret{rotationtest.Old, rotationtest.New} {
				if strings.Contains(out.String(), key.Reveal()) || err != nil && strings.Contains(err.Error(), key.Reveal()) {
					t.Error("a key is shown")
				}
			}
		})
	}
}

// Before the migrations a database may not be there to be asked, and what it can say it refuses by. Red with every failure let
// pass, and with none.
func TestBeforeTheMigrationsOnlyWhatTheyBringIsLeftForLater(t *testing.T) {
	t.Parallel()
	db, bare := postgrestest.New(t), postgrestest.New(t)
	rotationtest.Studio(t, db, rotationtest.Ring(t, rotationtest.Old), 3)
	bare.Exec(t, "drop table gateways cascade")
	address := func(user, password string) string {
		url, err := migrate.WithUser(db.SystemURL, user, password, "")
		if err != nil {
			t.Fatal(err)
		}
		return url
	}
	for name, tc := range map[string]struct {
		url  string
		key  secret.Secret
		says string // and lets the deployment go on
		want string
	}{
		"keys that open everything":        {url: db.SystemURL, key: rotationtest.Old, says: "active"},
		"a key that opens nothing":         {url: db.SystemURL, key: rotationtest.New, want: "Do not deploy"},
		"a login that is not made yet":     {url: address("checkkeys_nobody", "x"), key: rotationtest.New, says: "it is asked afterwards"},
		"a password that is not set yet":   {url: address("fitkit_system", "another"), key: rotationtest.New, says: "it is asked afterwards"},
		"a table that is not made yet":     {url: bare.SystemURL, key: rotationtest.New, says: "it is asked afterwards"},
		"a database that nobody can reach": {url: "postgres://fitkit_system:x@127.0.0.1:1/x", key: rotationtest.Old, want: "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			err := checkBefore(t.Context(), &out, func(v string) string {
				return map[string]string{"STAGE": "production", "SYSTEM_DATABASE_URL": tc.url, "NATIONAL_ID_INDEX_KEY": rotationtest.Index.Reveal(),
					"PAYMENT_CREDENTIALS_ENCRYPTION_KEY": tc.key.Reveal(), "NATIONAL_ID_ENCRYPTION_KEY": tc.key.Reveal()}[v]
			})
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) || !strings.Contains(out.String(), tc.says) {
				t.Errorf("%v after\n%s", err, &out)
			}
		})
	}
}
