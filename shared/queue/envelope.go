package queue

import (
	"encoding/json"

	"fitkit/shared/id"
)

// Version is the envelope's format; a consumer dead-letters a version it does not know.
const Version = 1

// Envelope is a message's body. The organisation travels here because not every SQS server returns group ids.
type Envelope struct {
	Version     int             `json:"v"`
	Job         id.Job          `json:"job"`
	Org         id.Org          `json:"org"`
	Queue       string          `json:"queue"`
	Correlation string          `json:"correlation,omitempty"`
	Payload     json.RawMessage `json:"payload"`
}
