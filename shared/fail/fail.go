// Package fail is FitKit's errors: facts with a kind, a stable public code, and a sentence in English and Hebrew
// that says what to do. The kind alone decides the HTTP status, whether a job is tried again, and how loud the log is.
package fail

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Kind is what sort of failure it is. The zero Kind is Internal: whatever has no kind is our fault.
type Kind uint8

// The closed list of kinds.
const (
	Internal         Kind = iota // our bug or a broken part: logged whole, answered with a fixed sentence
	BadRequest                   // the request cannot be read
	Invalid                      // readable, but a field or a rule refuses it
	Unauthenticated              // no valid session
	Forbidden                    // the caller's role does not allow it
	NotFound                     // no such thing for this caller; also what is another organisation's
	Conflict                     // the state of things refuses it now
	TooLarge                     // over a size limit
	UnsupportedMedia             // not the content type the route reads
	Locked                       // the organisation is suspended
	RateLimited                  // too often
	Unavailable                  // a part is down; the same request may work later
)

var statuses = [...]int{
	Internal: http.StatusInternalServerError, BadRequest: http.StatusBadRequest, Invalid: http.StatusUnprocessableEntity,
	Unauthenticated: http.StatusUnauthorized, Forbidden: http.StatusForbidden, NotFound: http.StatusNotFound,
	Conflict: http.StatusConflict, TooLarge: http.StatusRequestEntityTooLarge, UnsupportedMedia: http.StatusUnsupportedMediaType,
	Locked: http.StatusLocked, RateLimited: http.StatusTooManyRequests, Unavailable: http.StatusServiceUnavailable,
}

// Status is the HTTP status of the kind.
func (k Kind) Status() int { return statuses[k] }

// Retryable says whether a job that failed so may succeed when it is run again.
func (k Kind) Retryable() bool { return k == Internal || k == Unavailable || k == RateLimited }

// Error is one fact that can go wrong. Declare it once, as a package variable, and return it or a With copy of it.
type Error struct {
	Kind       Kind
	Code       string // domain.snake_case, public, never changes
	Detail     string // English sentence, fit for a member's eyes
	Hebrew     string // the same in Hebrew
	Fields     []Field
	RetryAfter time.Duration  // sent as Retry-After when set
	Extra      map[string]any // further members of the problem document, such as clerk_error
}

// Field points at the part of a request that was refused. It never holds the value. At makes one.
type Field struct {
	Location string `json:"location"`
	Message  string `json:"message" doc:"What is wrong with it, in English"`
	Hebrew   string `json:"message_he" doc:"The same in Hebrew"`
}

// At is a refused field with what is wrong with it, in both languages.
func At(location, english, hebrew string) Field {
	return Field{Location: location, Message: english, Hebrew: hebrew}
}

// New declares an error.
func New(kind Kind, code, english, hebrew string) *Error {
	return &Error{Kind: kind, Code: code, Detail: english, Hebrew: hebrew}
}

// Type is the address that describes the error, the type member of RFC 9457.
func (e *Error) Type() string { return "https://docs.fitkit.example/errors#" + e.Code }

func (e *Error) Error() string { return e.Code + ": " + e.Detail }

// Is makes copies made by With equal to the declared error.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// WithFields is a copy of e that points at the refused fields.
func (e *Error) WithFields(fields ...Field) *Error { c := *e; c.Fields = fields; return &c }

// WithExtra is a copy of e with one more member in the problem document.
func (e *Error) WithExtra(name string, value any) *Error {
	c := *e
	c.Extra = map[string]any{name: value}
	return &c
}

// After is a copy of e that asks the caller to come back after d.
func (e *Error) After(d time.Duration) *Error { c := *e; c.RetryAfter = d; return &c }

// ErrInternal is what a caller sees of an error without a kind.
var ErrInternal = New(Internal, "internal", "Something went wrong on our side. Nothing was half done; try again in a minute.",
	"משהו השתבש אצלנו. דבר לא נשאר באמצע; נסו שוב בעוד דקה.")

// From finds the Error in err's chain; an error without one is ErrInternal.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return ErrInternal
}

// Wrap adds what was being done to err; nil stays nil.
func Wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
