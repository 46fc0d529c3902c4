package billing

import (
	"encoding/json"
	"errors"
	"strconv"

	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/payment"
	"fitkit/shared/seal"
	"fitkit/shared/secret"
)

// gateway is a studio's connection to its provider, still sealed.
type gateway struct {
	Org         id.Org
	ID          id.Gateway
	Terminal    string
	SealedCreds []byte
	Settings    gatewaySettings
}

type gatewaySettings struct {
	Recurring bool `json:"recurring_terminal"`
}

// sealedCreds is what is inside the envelope.
type sealedCreds struct {
	Name     string `json:"api_name"`
	Password string `json:"api_password"`
}

func (g gateway) credentials(ring *seal.Ring) (payment.Credentials, error) {
	plain, err := ring.Open(g.SealedCreds, seal.GatewayCredentials.At(g.Org, g.ID))
	if err != nil {
		return payment.Credentials{}, fail.Wrap(err, "open the credentials of gateway %s", g.ID)
	}
	var c sealedCreds
	if err := json.Unmarshal(plain, &c); err != nil {
		return payment.Credentials{}, errCredentialsShape
	}
	terminal, err := strconv.Atoi(g.Terminal)
	if err != nil {
		return payment.Credentials{}, errCredentialsShape
	}
	return payment.Credentials{Terminal: terminal, Name: secret.Secret(c.Name), Password: secret.Secret(c.Password), Recurring: g.Settings.Recurring}, nil
}

var errCredentialsShape = errors.New("the gateway's sealed credentials have another shape")

func secretOf(b []byte) secret.Secret { return secret.Secret(b) }
