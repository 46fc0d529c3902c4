package rotationcron_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"fitkit/shared/cron"
	"fitkit/shared/obs"
	"fitkit/shared/postgres/postgrestest"
	"fitkit/shared/rotation"
	"fitkit/shared/rotation/rotationcron"
	"fitkit/shared/rotation/rotationtest"
	"fitkit/shared/run"
	"fitkit/shared/seal"
)

// counted are uses as a large installation would have them.
type counted []rotation.Use

func (c counted) Usage(context.Context) ([]rotation.Use, error) { return c, nil }

// A key is counted over all columns of its ring, and rings at 2^30 values (S8). Red with columns counted each by itself, with
// keys counted together, and with a limit of twice as much. Not parallel: the metrics go where the whole process writes them.
func TestAKeyThatSealedTooMuchRings(t *testing.T) {
	db := postgrestest.New(t)
	rotationtest.Studio(t, db, rotationtest.Ring(t, rotationtest.Old), 4)                             // 4 cards, 4 national IDs, a gateway
	rotationtest.Studio(t, db, rotationtest.Ring(t, rotationtest.New), 2)                             // and half as many under the new key
	stored := rotation.NewStore(db.System, rotationtest.Rings(t, rotationtest.New, rotationtest.Old)) // which are both deployed
	forgotten := rotation.NewStore(db.System, rotationtest.Rings(t, rotationtest.New))                // or the former one is not
	card, gateway, person := seal.CardToken, seal.GatewayCredentials, seal.NationalID
	old, fresh := rotationtest.Ring(t, rotationtest.Old).ActiveKey(), rotationtest.Ring(t, rotationtest.New).ActiveKey()
	of := func(c seal.Column, key seal.KeyID, n int64) rotation.Use {
		return rotation.Use{Column: c, Key: key, Values: n, Held: true}
	}
	const half = rotation.NearLimit / 2
	for name, tc := range map[string]struct {
		counter    rotationcron.Counter
		most, lost int64
		rings      bool
	}{
		"a few values":                 {stored, 9, 0, false},
		"a key that is not deployed":   {forgotten, 9, 9, true},
		"one key, two columns":         {counted{of(card, old, half), of(gateway, old, half)}, 2 * half, 0, true},
		"one key, a value less":        {counted{of(card, old, half), of(gateway, old, half-1)}, 2*half - 1, 0, false},
		"two keys of a ring":           {counted{of(card, old, half), of(gateway, fresh, half)}, half, 0, false},
		"one key's text in both rings": {counted{of(card, old, half), of(person, old, half)}, 2 * half, 0, true},
		"nothing is sealed yet":        {counted{}, 0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			obs.Redirect(&log)
			t.Cleanup(func() { obs.Redirect(os.Stdout) })
			app, err := run.New(rotationcron.WatchKeysOp, func(name string) string {
				key := rotationtest.New.Reveal()
				return map[string]string{"STAGE": "test", "SYSTEM_DATABASE_URL": db.SystemURL, "PAYMENT_CREDENTIALS_ENCRYPTION_KEY": key,
					"NATIONAL_ID_ENCRYPTION_KEY": key, "NATIONAL_ID_INDEX_KEY": key}[name]
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := cron.Lambda(app, rotationcron.WatchKeys(tc.counter))(t.Context(), cron.Event{}); err != nil {
				t.Fatal(err)
			}
			for metric, n := range map[string]int64{"SealedUnderOneKey": tc.most, "SealedUnderNoKey": tc.lost} {
				if want := fmt.Sprintf(`"%s":%d,`, metric, n); !strings.Contains(log.String(), want) {
					t.Errorf("no %s in %s", want, log.String())
				}
			}
			most, lost := rotationcron.WatchKeysOp.Alarms[0], rotationcron.WatchKeysOp.Alarms[1]
			if rings := tc.most > int64(most.Above) || tc.lost > int64(lost.Above); rings != tc.rings {
				t.Errorf("an alarm rings: %t", rings)
			}
		})
	}
}
