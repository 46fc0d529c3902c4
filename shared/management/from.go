package management

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"fitkit/shared/config"
	"fitkit/shared/run"
)

// From is the function's client, with the keys of its role.
func From(app *run.App) *Client {
	return run.Once(app, "management", func() *Client {
		s := run.Section[config.Connections](app)
		return New(s.URL, app.Core.Region, aws.Credentials{AccessKeyID: s.KeyID, SecretAccessKey: s.KeySecret.Reveal(), SessionToken: s.KeyToken.Reveal()})
	})
}
