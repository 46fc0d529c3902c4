package api

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"fitkit/shared/fail"
	"fitkit/shared/postgres"
)

// Errors that the edge itself answers with.
var (
	ErrMalformed = fail.New(fail.BadRequest, "request.malformed", "The request body is not plain JSON. Send one JSON object with each key once.",
		"גוף הבקשה אינו JSON תקין. שלחו אובייקט JSON אחד שבו כל מפתח מופיע פעם אחת.")
	ErrInvalid = fail.New(fail.Invalid, "request.invalid", "Some fields are missing or wrong; errors lists them. Correct them and send again.",
		"חלק מהשדות חסרים או שגויים; הם מפורטים ב-errors. תקנו ושלחו שוב.")
	ErrTooLarge = fail.New(fail.TooLarge, "request.too_large", "The request is too large. Send less at once.",
		"הבקשה גדולה מדי. שלחו פחות בכל פעם.")
	ErrNotJSON = fail.New(fail.UnsupportedMedia, "request.not_json", "Send the body as application/json.",
		"יש לשלוח את הגוף כ-application/json.")
	ErrSignIn = fail.New(fail.Unauthenticated, "auth.sign_in", "Sign in again: there is no valid session token in the Authorization header.",
		"יש להתחבר מחדש: אין אסימון התחברות תקף בכותרת Authorization.")
	ErrSessionPending = fail.New(fail.Unauthenticated, "auth.session_pending", "Finish signing in: your session still has a step to complete.",
		"יש להשלים את ההתחברות: נותר שלב לא גמור.")
	ErrKeysUnavailable = fail.New(fail.Unavailable, "auth.keys_unavailable", "Sign-in cannot be checked right now. Try again in a few seconds.",
		"לא ניתן לאמת התחברות כרגע. נסו שוב בעוד כמה שניות.").After(5 * time.Second)
	ErrNoOrg = fail.New(fail.BadRequest, "auth.organisation_required", "Choose the studio first: staff by an active organisation, members by the FitKit-Org header.",
		"יש לבחור סטודיו: צוות באמצעות ארגון פעיל, מתאמנים באמצעות הכותרת FitKit-Org.")
	ErrStepUp = fail.New(fail.Forbidden, "auth.step_up", "Confirm your identity again to do this.",
		"יש לאמת שוב את זהותכם כדי לבצע פעולה זו.")
	ErrImpersonated = fail.New(fail.Forbidden, "auth.impersonated", "You act in another person's name, and can look but change nothing. Sign in as yourself.",
		"אתם פועלים בשם אדם אחר: ניתן לצפות אך לא לשנות. התחברו בשמכם.")
	ErrKeyMissing = fail.New(fail.BadRequest, "idempotency.key_missing", "Send an Idempotency-Key header (1 to 255 characters) with every write, a new one for each new action.",
		"יש לשלוח כותרת Idempotency-Key (1 עד 255 תווים) בכל פעולת כתיבה, חדשה לכל פעולה.")
	ErrNotFound = fail.New(fail.NotFound, "not_found", "There is no such thing here. Check the id.",
		"אין כאן פריט כזה. בדקו את המזהה.")
)

var (
	edgeErrors     = []*fail.Error{fail.ErrInternal, postgres.ErrUnavailable, ErrMalformed, ErrInvalid, ErrTooLarge, ErrNotJSON, postgres.ErrText}
	signedInErrors = []*fail.Error{ErrSignIn, ErrSessionPending, ErrKeysUnavailable, ErrNoOrg, postgres.ErrOrgNotFound, postgres.ErrRoleNotAllowed, postgres.ErrOrgSuspended}
	adminErrors    = []*fail.Error{ErrSignIn, ErrSessionPending, ErrKeysUnavailable, ErrNotFound, ErrStepUp}
	keyErrors      = []*fail.Error{ErrImpersonated, ErrKeyMissing, postgres.ErrKeyReused, postgres.ErrInProgress}
)

// Problem is the body of every error answer: RFC 9457 with the code and the Hebrew title as extension members.
type Problem struct {
	Type          string         `json:"type" doc:"Where the error is described" example:"https://docs.fitkit.example/errors#member.phone_taken"`
	Title         string         `json:"title" doc:"What went wrong and what to do, in English"`
	TitleHe       string         `json:"title_he" doc:"The same in Hebrew"`
	Status        int            `json:"status"`
	Code          string         `json:"code" doc:"Stable; clients decide by it"`
	CorrelationID string         `json:"correlation_id,omitempty" doc:"Tell support this id"`
	Errors        []fail.Field   `json:"errors,omitempty" doc:"The refused fields; never their values"`
	ClerkError    map[string]any `json:"clerk_error,omitempty" doc:"For Clerk's front end, when it must ask the user to confirm their identity"`

	retryAfter time.Duration
}

func problem(e *fail.Error, correlation string) *Problem {
	clerk, _ := e.Extra["clerk_error"].(map[string]any)
	return &Problem{Type: e.Type(), Title: e.Detail, TitleHe: e.Hebrew, Status: e.Kind.Status(), Code: e.Code,
		CorrelationID: correlation, Errors: e.Fields, ClerkError: clerk, retryAfter: e.RetryAfter}
}

// Error implements error, so that huma writes a Problem as it is.
func (p *Problem) Error() string { return p.Code }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(p.retryAfter.Seconds())))
	}
	return h
}

// fromHuma is the error constructor that huma keeps in a package variable: its own errors echo the offending body
// and values, a national ID among them, so only location and rule are kept.
func fromHuma(ctx huma.Context, status int, _ string, errs ...error) huma.StatusError {
	e := ErrInvalid
	switch status {
	case http.StatusBadRequest:
		e = ErrMalformed
		if slices.ContainsFunc(errs, saysNull) {
			e = ErrInvalid
		}
	case http.StatusRequestEntityTooLarge:
		e = ErrTooLarge
	case http.StatusUnsupportedMediaType:
		e = ErrNotJSON
	case http.StatusInternalServerError:
		e = fail.ErrInternal
	}
	var fields []fail.Field
	for _, err := range errs {
		if d, ok := err.(huma.ErrorDetailer); ok && d.ErrorDetail().Location != "" {
			fields = append(fields, fail.At(location(d.ErrorDetail().Location), d.ErrorDetail().Message, hebrewOf(d.ErrorDetail().Message)))
		}
	}
	return problem(e.WithFields(fields...), correlationOf(ctx))
}

func saysNull(err error) bool {
	d, ok := err.(huma.ErrorDetailer)
	return ok && d.ErrorDetail().Message == errNull.Error()
}

// location is where a field is, unless a part of it is a name that no field of ours has: a key can be made of anything,
// a card's number too. Then only its first part is told. Headers are all ours.
func location(path string) string {
	first, rest, _ := strings.Cut(path, ".")
	if first == "header" || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789_.[]") == "" && !digitFirst.MatchString(rest) {
		return path
	}
	return first
}

var digitFirst = regexp.MustCompile(`(^|\.)[0-9]`)

func init() {
	huma.ValidateStrictCasing = true // or a rule looks at one spelling of a name and the struct gets another's value
	huma.NewErrorWithContext = fromHuma
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return fromHuma(nil, status, msg, errs...)
	}
}
