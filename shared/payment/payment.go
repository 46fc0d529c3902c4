// Package payment is the port to card providers: the words in which FitKit speaks of money with any of them. Adapters
// translate; nothing here knows a provider's codes.
package payment

import (
	"context"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/money"
	"fitkit/shared/secret"
)

// ErrCredentials is a provider's refusal of the studio's own name or password.
var ErrCredentials = fail.New(fail.Invalid, "gateway.credentials_refused", "The card provider refuses these credentials. Check terminal number, API name and password in its settings.",
	"ספק הסליקה דוחה את הפרטים. בדקו את מספר המסוף, שם ה-API והסיסמה בהגדרות שלו.")

// State is what a provider's answer proves. The zero State is Unknown: whatever is not understood is not known.
type State uint8

// What an answer can prove.
const (
	Unknown  State = iota // it may have been charged; ask, never repeat
	Paid                  // captured, and amount and currency are ours
	Saved                 // a card was saved, no money moved
	Pending               // the payer is not done
	Declined              // refused, nothing charged
	NotFound              // the provider has no successful transaction by that key, as of now
)

// Class is what a refusal means for what happens next (docs/ARCHITECTURE.md, "Dunning").
type Class string

// The classes.
const (
	HardDecline     Class = "hard_decline"      // this card will not work again
	SoftDecline     Class = "soft_decline"      // may work later
	PayerAction     Class = "payer_action"      // the payer must do something
	TermsNotAllowed Class = "terms_not_allowed" // instalments or credit type refused for this card
	ConfigError     Class = "config_error"      // the studio's terminal or credentials are wrong
	ProviderRefusal Class = "provider_refusal"  // a refusal of the provider's own, for the card or for the terminal
	Duplicate       Class = "duplicate"         // the key was used before: look it up
	Transient       Class = "transient"         // provably nothing was processed
	InvalidRequest  Class = "invalid_request"   // our bug
	Ambiguous       Class = "unknown"           // no readable verdict
)

// Outcome is a provider's answer. Class is set by the adapter only where the provider's protocol itself tells;
// an issuer's code is classified by the result_codes table.
type Outcome struct {
	State       State
	Class       Class
	Code        string // as the provider wrote it
	ProviderTxn string
	Amount      money.Agorot // of a captured transaction
	Card        *SavedCard
}

// SavedCard is a card that can be charged without its holder.
type SavedCard struct {
	Token    secret.Secret
	ExpMonth int
	ExpYear  int // four digits
	Last4    string
	Brand    string
}

// Credentials are a studio's at its provider, opened at the last moment.
type Credentials struct {
	Terminal  int           `json:"-"`
	Name      secret.Secret `json:"-"`
	Password  secret.Secret `json:"-"`
	Recurring bool          `json:"-"` // the terminal is defined for standing orders
}

// ChargeRequest charges a saved card once. Key is ours, made from the attempt; the provider is asked about it later.
type ChargeRequest struct {
	Key          string
	Amount       money.Agorot
	Installments int
	Token        secret.Secret
	ExpMonth     int
	ExpYear      int
	PayerName    string
}

// CheckoutRequest opens the provider's hosted page on which a payer saves a card.
type CheckoutRequest struct {
	Reference  string       // ours; echoed by the provider
	Amount     money.Agorot // checked, not charged
	SuccessURL string
	FailURL    string
	NotifyURL  string
	Language   string
	PayerName  string
	PayerPhone string
	PayerEmail string
}

// Checkout is an opened hosted page.
type Checkout struct{ Ref, URL string }

// Transaction is one line of the provider's own list.
type Transaction struct {
	ProviderTxn string
	Amount      money.Agorot
	Refund      bool
	Foreign     bool // in another currency than the shekel; Amount is then in its hundredths
}

// Provider is what FitKit asks of a card provider.
type Provider interface {
	// Charge sends the request once and never again, whatever happens.
	Charge(ctx context.Context, c Credentials, r ChargeRequest) Outcome
	// Lookup asks whether a successful transaction exists for key.
	Lookup(ctx context.Context, c Credentials, key string) Outcome
	// OpenCheckout makes a hosted page; opening two is harmless.
	OpenCheckout(ctx context.Context, c Credentials, r CheckoutRequest) (Checkout, error)
	// FetchCheckout is the authoritative reading of a hosted page.
	FetchCheckout(ctx context.Context, c Credentials, ref, reference string) (Outcome, error)
	// MovesMoney says whether the terminal takes real money: whoever connects it cannot decide that.
	MovesMoney(terminal int) bool
	// Shared says whether the terminal is everybody's, so that its list holds what strangers took too.
	Shared(terminal int) bool
	// Probe proves the credentials without moving money.
	Probe(ctx context.Context, c Credentials) error
	// List is the provider's successful transactions of the days from first to last.
	List(ctx context.Context, c Credentials, first, last time.Time) ([]Transaction, error)
}
