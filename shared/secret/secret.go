// Package secret keeps keys and passwords out of logs, error texts and answers.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is all that is ever printed of a Secret, whether or not it holds anything.
const redacted = "[redacted]"

// Secret is text that prints as [redacted] through fmt (every verb), slog and encoding/json.
// It decodes from JSON and from the environment as an ordinary string.
//
// Three places are out of reach of its methods: fmt prints unexported struct fields as they
// are, so a type that keeps a Secret in one gives itself a Format method; fmt prints what is
// behind a pointer in a list as it is when the verb is none of a pointer's, so lists are
// printed by %v; encoding/json writes map keys as they are, so a Secret is never a key.
type Secret string

// Reveal returns the text itself. Call it as late as possible, where the key is used.
func (s Secret) Reveal() string { return string(s) }

// String returns [redacted].
func (Secret) String() string { return redacted }

// GoString returns [redacted].
func (Secret) GoString() string { return redacted }

// Format writes [redacted] for every verb and flag, %q, %x and %d included.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue gives slog [redacted].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText encodes as [redacted]: in JSON, in XML and in slog's text form.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
