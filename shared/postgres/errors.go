package postgres

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fitkit/shared/fail"
)

// What the database's answers mean to a caller.
var (
	ErrOrgNotFound = fail.New(fail.NotFound, "org.not_found", "No such organisation for this sign-in. Check the organisation you are acting for.",
		"אין ארגון כזה עבור משתמש זה. בדקו באיזה ארגון אתם פועלים.")
	ErrRoleNotAllowed = fail.New(fail.Forbidden, "auth.role_not_allowed", "Your role in this studio does not allow this. Ask an owner or manager.",
		"התפקיד שלכם בסטודיו אינו מאפשר פעולה זו. פנו לבעלים או למנהל.")
	ErrOrgSuspended = fail.New(fail.Locked, "org.suspended", "This studio's account is suspended. Contact FitKit support.",
		"החשבון של הסטודיו מושהה. פנו לתמיכה של FitKit.")
	ErrUnavailable = fail.New(fail.Unavailable, "unavailable", "The service is busy or restarting. Send the same request again in a few seconds, with the same Idempotency-Key: it has one effect.",
		"השירות עמוס או עולה מחדש. שלחו את אותה הבקשה שוב בעוד כמה שניות, עם אותו Idempotency-Key: היא תתבצע פעם אחת בלבד.").After(5 * time.Second)
	ErrText = fail.New(fail.Invalid, "request.text_not_storable", "A text holds a character that cannot be stored. Remove it and send again.",
		"אחד הטקסטים מכיל תו שלא ניתן לשמור. הסירו אותו ושלחו שוב.")

	// ErrJobEnded and ErrJobHeld are app.take_job's refusals: nothing of the transaction happened.
	ErrJobEnded = fail.New(fail.Conflict, "job.ended", "This job has ended already.", "עבודה זו כבר הסתיימה.")
	ErrJobHeld  = fail.New(fail.Conflict, "job.held", "Another worker holds this job.", "עובד אחר מחזיק בעבודה זו.")

	errBadURL = errors.New("the database URL cannot be read (its text is withheld, it holds a password)")
)

// Violates says whether err is the violation of the named constraint.
func Violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == constraint
}

// NoRows says whether err means that a query found nothing.
func NoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// mapError gives the database's errors their kind. Errors that a domain answers to (constraints) pass unchanged.
func mapError(err error) error {
	if err == nil {
		return nil
	}
	var known *fail.Error
	if errors.As(err, &known) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return byState(pg)
	}
	if isConnection(err) {
		return errors.Join(ErrUnavailable, err)
	}
	return err
}

func byState(pg *pgconn.PgError) error {
	switch {
	case pg.Code == "FK404":
		return ErrOrgNotFound
	case pg.Code == "FK403":
		return ErrRoleNotAllowed
	case pg.Code == "FK423":
		return ErrOrgSuspended
	case pg.Code == "FK410":
		return ErrJobEnded
	case pg.Code == "FK409":
		return ErrJobHeld
	case pg.Code == "22021" || pg.Code == "22P05": // a byte sequence or character Postgres cannot hold
		return ErrText
	case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "53"), strings.HasPrefix(pg.Code, "57"),
		pg.Code == "40001", pg.Code == "40P01", pg.Code == "55P03", pg.Code == "25P03", pg.Code == "25P02":
		return errors.Join(ErrUnavailable, pg)
	}
	return pg
}

func isConnection(err error) bool {
	var netErr net.Error
	var connErr *pgconn.ConnectError
	return errors.As(err, &netErr) || errors.As(err, &connErr) || pgconn.SafeToRetry(err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "unexpected EOF") ||
		strings.Contains(err.Error(), "conn closed")
}
