package neon

import (
	"net/http"
	"time"

	"fitkit/shared/config"
	"fitkit/shared/retry"
	"fitkit/shared/run"
)

// patient bounds one call.
const patient = 30 * time.Second

// From is the function's client of Neon. Without a key or a project every call is refused.
func From(app *run.App) *Client {
	c := run.Section[config.Neon](app)
	return &Client{URL: c.APIURL, Key: c.APIKey.Reveal(), Project: c.Project, Client: &http.Client{Timeout: patient}, Wait: retry.Wait}
}
