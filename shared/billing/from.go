package billing

import (
	"time"

	"fitkit/shared/cardcom"
	"fitkit/shared/config"
	"fitkit/shared/queue"
	"fitkit/shared/run"
	"fitkit/shared/seal"
)

// CollectorFrom is the collector of a function that needs Cardcom and the payment keys.
func CollectorFrom(app *run.App) *Collector {
	timeout := time.Duration(run.Section[config.Cardcom](app).TimeoutSeconds) * time.Second
	return NewCollector(queue.Outbox(app), cardcom.From(app), seal.PaymentRing(app), timeout)
}

// PagesFrom is where hosted pages send people and notices.
func PagesFrom(app *run.App) Pages {
	web := run.Section[config.Web](app)
	return Pages{AppURL: web.AppURL, APIURL: web.HookURL}
}
