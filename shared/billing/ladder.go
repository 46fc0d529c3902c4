package billing

import (
	"time"

	"fitkit/shared/payment"
)

// The default ladder (R45): days after the due day, 09:00 local. Rung 0 is the charge's own day. The days on which a debt bars the member
// from something are those of rungs 3 to 5, in app.access_by_debt.
var ladder = [...]int{0, 1, 3, 6, 10, 14}

// lastRung is the ladder's end; after it the charge is given up (R50). salaryRung moves to the days on which salaries come.
const (
	lastRung   = len(ladder) - 1
	salaryRung = lastRung - 1
)

// transientWaits is how long provably unsent attempts wait; they use up no rung.
var transientWaits = [...]time.Duration{15 * time.Minute, time.Hour, 6 * time.Hour}

// runHour is when a rung is due, local time.
const runHour = 9

// standing is where a charge stands when an attempt of it was refused.
type standing struct {
	Rung          int       // the ladder's rung that the attempt was
	Transients    int       // unsent attempts in a row at this rung
	DueAt         time.Time // when the ladder begins (ladderStart)
	Now           time.Time // business time
	Zone          *time.Location
	Installments  int
	SinglePayment bool // the plan allows one payment where instalments are refused
	Class         payment.Class
	Code          string
	Known         bool // the code is in the table
	UnknownOnce   bool // an unlisted code was met before
	CodeBefore    bool // this code was answered to an earlier attempt of the charge
	Cards         int  // of a provider's own refusal: how many cards of the studio have met it of late, this one included
}

// step is what happens next to a charge.
type step struct {
	State      string // of the case: open, waiting_method, lost
	Rung       int    // of the next attempt
	Transients int
	At         *time.Time // when the next step is due; nil: when something happens (a new card, the gateway)
	OnePayment bool       // at once, without instalments
	Pause      bool       // the studio's gateway needs attention; nobody of this studio is charged
	Case       string     // a human's question that goes with it
}

// next is the whole of R45 and R43's consequences, without a clock or a database of its own.
func next(s standing) step {
	switch s.Class {
	case payment.ConfigError:
		return step{State: "open", Rung: s.Rung, Pause: true}
	case payment.Transient:
		if s.Transients < len(transientWaits) {
			at := s.Now.Add(transientWaits[s.Transients])
			return step{State: "open", Rung: s.Rung, Transients: s.Transients + 1, At: &at}
		}
		return climb(s, "open")
	case payment.TermsNotAllowed:
		if s.Installments > 1 && s.SinglePayment {
			return step{State: "open", Rung: s.Rung, OnePayment: true}
		}
		return climb(s, "waiting_method")
	case payment.HardDecline, payment.PayerAction:
		return climb(s, "waiting_method")
	case payment.InvalidRequest:
		st := climb(s, "waiting_method")
		st.Case = "unmapped_code"
		return st
	}
	if s.Class == payment.ProviderRefusal && s.Cards >= terminalsFault {
		return step{State: "open", Rung: s.Rung, Pause: true}
	}
	return soft(s)
}

// terminalsFault is how many cards must meet a refusal of the provider's own before it is taken for the terminal's.
const terminalsFault = 3

// codeCallIssuer may be tried twice; after that the member must call the card company (result table, 003).
const codeCallIssuer = "003"

func soft(s standing) step {
	st := climb(s, "open")
	switch {
	case !s.Known && s.UnknownOnce, s.Code == codeCallIssuer && s.CodeBefore:
		st = climb(s, "waiting_method")
	}
	if !s.Known {
		st.Case = "unmapped_code"
	}
	return st
}

// climb goes to the next rung that is still ahead; past the last the case is lost. The last, with its final notice, is taken after the
// one before even when that came so late (a rest day, an answer of the next day) that its own time has passed: on the next morning.
func climb(s standing, state string) step {
	for rung := s.Rung + 1; rung <= lastRung; rung++ {
		if at := rungAt(s.DueAt, rung, s.Zone); at.After(s.Now) {
			return step{State: state, Rung: rung, At: &at}
		}
	}
	if s.Rung == salaryRung {
		at := runTime(s.Now.In(s.Zone), 1)
		return step{State: state, Rung: lastRung, At: &at}
	}
	return step{State: "lost", Rung: lastRung}
}

// rungAt is the rung's instant: so many days after the local day on which the charge fell due, at 09:00 there.
func rungAt(due time.Time, rung int, zone *time.Location) time.Time {
	d := due.In(zone)
	if rung == salaryRung {
		return runTime(d, salaryDays(d))
	}
	return runTime(d, ladder[rung])
}

// runTime is 09:00, so many days after the day of d in d's zone.
func runTime(d time.Time, days int) time.Time {
	return time.Date(d.Year(), d.Month(), d.Day()+days, runHour, 0, 0, 0, d.Location()).UTC()
}

// salaryDays is after how many days the rung of the tenth day is taken (R45): on the 10th or 11th of a month, when salaries in Israel
// have come, if one of them lies between the neighbouring rungs; of both, on the nearer. The day right after the rung before is too
// early: the card would have been tried four times within seven days, and not be tried (R46).
func salaryDays(due time.Time) int {
	best, near := ladder[salaryRung], ladder[lastRung] // near: how many days off, to begin with farther than any
	for n := ladder[salaryRung-1] + 2; n < ladder[lastRung]; n++ {
		day := time.Date(due.Year(), due.Month(), due.Day()+n, runHour, 0, 0, 0, due.Location()).Day()
		if off := max(n-ladder[salaryRung], ladder[salaryRung]-n); (day == 10 || day == 11) && off < near {
			best, near = n, off
		}
	}
	return best
}

// message names the text that is due at a rung (R47), for dunning_steps; nothing sends it yet. Transactional wording only.
func message(rung int) string {
	return [...]string{"payment_failed", "", "payment_reminder", "access_will_be_limited", "", "final_notice"}[rung]
}
