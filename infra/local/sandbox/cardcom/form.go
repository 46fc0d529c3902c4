package main

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	cardNumber = regexp.MustCompile(`^[0-9]{8,19}$`)
	cvv        = regexp.MustCompile(`^[0-9]{3,4}$`)
)

// readForm checks what was typed. mistake is a sentence in the page's language, or "".
func (p page) readForm(r *http.Request, now time.Time) (in payment, mistake string) {
	text := textIn(p.Language)
	in.Number = strings.NewReplacer(" ", "", "-", "").Replace(r.PostFormValue("CardNumber"))
	in.Payer = payer{
		Name: trimmed(r, "CardOwnerName"), Phone: trimmed(r, "CardOwnerPhone"),
		Email: trimmed(r, "CardOwnerEmail"), NationalID: trimmed(r, "CardOwnerId"),
	}
	in.ExpMonth, _ = strconv.Atoi(r.PostFormValue("CardMonth"))
	in.ExpYear, _ = strconv.Atoi(r.PostFormValue("CardYear"))
	if in.ExpYear > 0 && in.ExpYear < 100 {
		in.ExpYear += 2000
	}
	in.Payments, _ = strconv.Atoi(r.PostFormValue("NumOfPayments"))
	in.Payments = max(1, in.Payments)
	switch {
	case !cardNumber.MatchString(in.Number):
		return in, text.BadNumber
	case in.ExpMonth < 1 || in.ExpMonth > 12 || in.ExpYear == 0 || expired(chargeOrder{ExpMonth: in.ExpMonth, ExpYear: in.ExpYear}, now):
		return in, text.BadExpiry
	case !p.HideCVV && !cvv.MatchString(r.PostFormValue("Cvv")):
		return in, text.BadCVV
	case !p.HideID && !israeliID(in.Payer.NationalID):
		return in, text.BadID
	case in.Payments > p.MaxPayments:
		return in, text.BadPayments
	}
	return in, ""
}

func trimmed(r *http.Request, name string) string { return strings.TrimSpace(r.PostFormValue(name)) }

// israeliID checks the check digit of a national ID of up to nine digits.
func israeliID(text string) bool {
	if len(text) < 5 || len(text) > 9 {
		return false
	}
	sum := 0
	for i, digit := range strings.Repeat("0", 9-len(text)) + text {
		if digit < '0' || digit > '9' {
			return false
		}
		n := int(digit-'0') * (1 + i%2)
		sum += n/10 + n%10
	}
	return sum%10 == 0
}
