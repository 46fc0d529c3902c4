package seal

import (
	"fitkit/shared/config"
	"fitkit/shared/run"
	"fitkit/shared/secret"
)

// PaymentRing is the function's keys for gateway credentials and card tokens (need.PaymentKeys).
func PaymentRing(app *run.App) *Ring {
	return run.Once(app, "payment_ring", func() *Ring {
		keys := run.Section[config.PaymentKeys](app)
		return mustRing(keys.Active, keys.Previous)
	})
}

// NationalIDRing is the function's keys for national IDs (need.NationalIDKeys).
func NationalIDRing(app *run.App) *Ring {
	return run.Once(app, "national_id_ring", func() *Ring {
		keys := run.Section[config.NationalIDKeys](app)
		return mustRing(keys.Active, keys.Previous)
	})
}

// NationalIDIndex is the function's blind index of national IDs (need.NationalIDIndex).
func NationalIDIndex(app *run.App) *BlindIndex {
	return run.Once(app, "national_id_index", func() *BlindIndex {
		index, err := NewBlindIndex(run.Section[config.NationalIDIndex](app).Key)
		if err != nil {
			run.Fatal(err)
		}
		return index
	})
}

func mustRing(active secret.Secret, previous []secret.Secret) *Ring {
	ring, err := NewRing(active, previous)
	if err != nil {
		run.Fatal(err)
	}
	return ring
}
