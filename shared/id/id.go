// Package id is FitKit's typed identifiers: UUIDv7 (RFC 9562), so they sort by time of making, and a member's id
// cannot be passed where a charge's is wanted.
package id

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/uuid"
)

// Of is an id of the things marked K.
type Of[K any] [16]byte

type (
	orgKind           struct{}
	staffKind         struct{}
	memberKind        struct{}
	planKind          struct{}
	planVersionKind   struct{}
	membershipKind    struct{}
	gatewayKind       struct{}
	cardSessionKind   struct{}
	paymentMethodKind struct{}
	chargeKind        struct{}
	attemptKind       struct{}
	paymentKind       struct{}
	caseKind          struct{}
	eventKind         struct{}
	jobKind           struct{}
	rotationKind      struct{}
	documentKind      struct{}
	uploadKind        struct{}
)

// The kinds of things that have an id.
type (
	Org           = Of[orgKind]
	Staff         = Of[staffKind]
	Member        = Of[memberKind]
	Plan          = Of[planKind]
	PlanVersion   = Of[planVersionKind]
	Membership    = Of[membershipKind]
	Gateway       = Of[gatewayKind]
	CardSession   = Of[cardSessionKind]
	PaymentMethod = Of[paymentMethodKind]
	Charge        = Of[chargeKind]
	Attempt       = Of[attemptKind]
	Payment       = Of[paymentKind]
	DunningCase   = Of[caseKind]
	Event         = Of[eventKind]
	Job           = Of[jobKind]
	Rotation      = Of[rotationKind]
	Document      = Of[documentKind]
	Upload        = Of[uploadKind]
)

// ErrMalformed means the text is no UUID in its canonical form.
var ErrMalformed = errors.New("not an id")

// New makes an id that sorts after all ids made before it on this machine.
func New[T ~[16]byte]() T { return T(uuid.Must(uuid.NewV7())) }

// Parse reads the canonical form, 36 lower-case characters with dashes; any other form is ErrMalformed,
// so that one thing never has two spellings.
func Parse[T ~[16]byte](s string) (T, error) {
	u, err := uuid.Parse(s)
	if err != nil || u.String() != s {
		return T{}, ErrMalformed
	}
	return T(u), nil
}

func (i Of[K]) String() string { return uuid.UUID(i).String() }

// IsZero says whether the id was never set.
func (i Of[K]) IsZero() bool { return i == Of[K]{} }

// MarshalText writes the canonical form.
func (i Of[K]) MarshalText() ([]byte, error) { return uuid.UUID(i).MarshalText() }

// UnmarshalText reads the canonical form.
func (i *Of[K]) UnmarshalText(b []byte) (err error) {
	*i, err = Parse[Of[K]](string(b))
	return err
}

// Value stores the id as uuid; the zero id is null.
func (i Of[K]) Value() (driver.Value, error) {
	if i.IsZero() {
		return nil, nil
	}
	return i.String(), nil
}

// Scan reads a uuid column; null is the zero id.
func (i *Of[K]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*i = Of[K]{}
		return nil
	case string:
		return i.UnmarshalText([]byte(v))
	case []byte:
		if len(v) == 16 {
			copy(i[:], v)
			return nil
		}
		return i.UnmarshalText(v)
	case [16]byte:
		*i = v
		return nil
	}
	return fmt.Errorf("cannot read %s into an id", reflect.TypeOf(src))
}
