package seal

import "fmt"

// RingName names a key ring: the values that rotate together.
type RingName string

// The rings, as the admin endpoints and key_rotations name them.
const (
	PaymentCredentials RingName = "payment_credentials"
	NationalIDs        RingName = "national_id"
)

// Column is a column of envelopes. Its table has org_id, a row id that with it is the primary key, and key_id, which
// repeats the envelope's.
type Column struct {
	Table, Name string
	RowID       string // the column that holds the row's id
	Ring        RingName
}

// Every column that holds envelopes. A test compares them with the schema, so that a rotation leaves none out.
var (
	GatewayCredentials = Column{"gateways", "creds_ct", "id", PaymentCredentials}
	CardToken          = Column{"payment_methods", "token_ct", "id", PaymentCredentials}
	NationalID         = Column{"member_secrets", "national_id_ct", "member_id", NationalIDs}
)

// Columns lists them, by ring.
func Columns(ring RingName) []Column {
	switch ring {
	case PaymentCredentials:
		return []Column{GatewayCredentials, CardToken}
	case NationalIDs:
		return []Column{NationalID}
	}
	return nil
}

// Rings lists the rings.
func Rings() []RingName { return []RingName{PaymentCredentials, NationalIDs} }

// At is the place of one row's value: moved anywhere else it does not open.
func (c Column) At(org, row fmt.Stringer) Place {
	return Place{Org: org.String(), Table: c.Table, Column: c.Name, Row: row.String()}
}

// String is the column as people write it.
func (c Column) String() string { return c.Table + "." + c.Name }
