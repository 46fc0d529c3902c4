package billing

import (
	"time"

	"fitkit/shared/cardcom"
	"fitkit/shared/config"
	"fitkit/shared/postgres"
	"fitkit/shared/run"
	"fitkit/shared/seal"
)

// CollectorFrom is the collector of a function that needs Cardcom and the payment keys. db is outbox.Postgres(app), or
// postgres.From(app) for a function that enqueues nothing.
func CollectorFrom(app *run.App, db *postgres.DB) *Collector {
	timeout := time.Duration(run.Section[config.Cardcom](app).TimeoutSeconds) * time.Second
	return NewCollector(db, cardcom.From(app), seal.PaymentRing(app), timeout)
}

// PagesFrom is where hosted pages send people and notices.
func PagesFrom(app *run.App) Pages {
	web := run.Section[config.Web](app)
	return Pages{AppURL: web.AppURL, APIURL: web.HookURL}
}
