package seal

import (
	"fitkit/shared/config"
	"fitkit/shared/run"
)

// PaymentRing seals gateway credentials and card tokens.
func PaymentRing(app *run.App) *Ring {
	return run.Once(app, "payment_ring", func() *Ring {
		c := run.Section[config.PaymentKeys](app)
		ring, err := NewRing(c.Active, c.Previous)
		if err != nil {
			run.Fatal(err)
		}
		return ring
	})
}

// NationalIDRing seals national IDs.
func NationalIDRing(app *run.App) *Ring {
	return run.Once(app, "national_id_ring", func() *Ring {
		c := run.Section[config.NationalIDKeys](app)
		ring, err := NewRing(c.Active, c.Previous)
		if err != nil {
			run.Fatal(err)
		}
		return ring
	})
}

// NationalIDIndex finds a national ID without opening any.
func NationalIDIndex(app *run.App) *BlindIndex {
	return run.Once(app, "national_id_index", func() *BlindIndex {
		index, err := NewBlindIndex(run.Section[config.NationalIDKeys](app).Index)
		if err != nil {
			run.Fatal(err)
		}
		return index
	})
}
