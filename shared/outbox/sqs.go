package outbox

import (
	"net/url"
	"time"

	"fitkit/shared/retry/awsjson"
)

const (
	// patience bounds one try of a call: SQS answers within milliseconds, or something is wrong and the relay sends later.
	patience = 2 * time.Second
	// maxAnswer is the longest answer that is read, in bytes: that to ten messages has four kB.
	maxAnswer = 64 << 10
)

// newClient asks the server that the queues' URLs name, unless there is a local one.
func newClient(c Config) *awsjson.Client {
	address := c.Endpoint
	if u, err := url.Parse(c.URLPrefix); err == nil && address == "" {
		address = u.Scheme + "://" + u.Host
	}
	return awsjson.New(awsjson.Config{Address: address, Region: c.Region, Service: "sqs", Target: "AmazonSQS", Credentials: c.Credentials,
		Patience: patience, MaxAnswer: maxAnswer})
}
