package membership

import (
	"fmt"
	"strings"
	"time"

	"fitkit/shared/civil"
)

// English puts the deal into a few sentences for the person who is about to confirm it.
func (q Quote) English() string {
	say := []string{q.costEnglish()}
	switch {
	case !q.TermEnd.IsZero():
		say = append(say, fmt.Sprintf("From %s to %s.", english(q.StartOn), english(q.TermEnd.Add(-1))))
	case !q.ExpiresOn.IsZero():
		say = append(say, fmt.Sprintf("Valid from %s to %s.", english(q.StartOn), english(q.ExpiresOn.Add(-1))))
	default:
		say = append(say, fmt.Sprintf("From %s.", english(q.StartOn)))
	}
	if q.OpenEnded() {
		say = append(say, "It continues until you cancel.")
	}
	if first := q.Charges(1); len(first) > 0 {
		say = append(say, fmt.Sprintf("First charge on %s.", english(q.calendar.Today(first[0].At))))
	}
	return strings.Join(say, " ")
}

func (q Quote) costEnglish() string {
	price, v := q.Version.Price.String(), q.Version
	switch {
	case q.Free():
		return "No charge."
	case q.OpenEnded():
		return fmt.Sprintf("%s ILS every month.", price)
	case v.PaidMonthly() && v.TermMonths > 1:
		return fmt.Sprintf("%d monthly charges of %s ILS, %s ILS in all.", v.TermMonths, price, q.Total)
	case v.SinglePayment:
		return fmt.Sprintf("%s ILS in %d payments at your card company, or at once if it refuses them.", price, v.Installments)
	case v.PayMode == IssuerInstallments:
		return fmt.Sprintf("%s ILS in %d payments at your card company.", price, v.Installments)
	}
	return fmt.Sprintf("One charge of %s ILS.", price)
}

// Hebrew is the same in Hebrew.
func (q Quote) Hebrew() string {
	say := []string{q.costHebrew()}
	switch {
	case !q.TermEnd.IsZero():
		say = append(say, fmt.Sprintf("מ-%s עד %s.", hebrew(q.StartOn), hebrew(q.TermEnd.Add(-1))))
	case !q.ExpiresOn.IsZero():
		say = append(say, fmt.Sprintf("בתוקף מ-%s עד %s.", hebrew(q.StartOn), hebrew(q.ExpiresOn.Add(-1))))
	default:
		say = append(say, fmt.Sprintf("החל מ-%s.", hebrew(q.StartOn)))
	}
	if q.OpenEnded() {
		say = append(say, "מתחדש עד לביטול.")
	}
	if first := q.Charges(1); len(first) > 0 {
		say = append(say, fmt.Sprintf("החיוב הראשון ב-%s.", hebrew(q.calendar.Today(first[0].At))))
	}
	return strings.Join(say, " ")
}

func (q Quote) costHebrew() string {
	price, v := q.Version.Price.String(), q.Version
	switch {
	case q.Free():
		return "ללא תשלום."
	case q.OpenEnded():
		return fmt.Sprintf("%s ₪ בכל חודש.", price)
	case v.PaidMonthly() && v.TermMonths > 1:
		return fmt.Sprintf("%d חיובים חודשיים של %s ₪, בסך הכול %s ₪.", v.TermMonths, price, q.Total)
	case v.SinglePayment:
		return fmt.Sprintf("%s ₪ ב-%d תשלומים בחברת האשראי, ואם היא מסרבת – בתשלום אחד.", price, v.Installments)
	case v.PayMode == IssuerInstallments:
		return fmt.Sprintf("%s ₪ ב-%d תשלומים בחברת האשראי.", price, v.Installments)
	}
	return fmt.Sprintf("חיוב אחד של %s ₪.", price)
}

func english(d civil.Date) string { return d.At(12, 0, time.UTC).Format("2 January 2006") }

func hebrew(d civil.Date) string { return d.At(12, 0, time.UTC).Format("2.1.2006") }
