package main

import (
	"fmt"
	"strconv"
	"strings"
)

// act is what the gateway does with a charge of a card.
type act string

const (
	approve       act = "approve"
	decline       act = "decline"         // answers a code, books nothing
	pageDecline   act = "refused-on-page" // the hosted page itself refuses the card
	instalments   act = "instalments"     // refuses more than one payment, approves one
	partial       act = "partial"         // code 010 with half the amount; books nothing
	lineCut       act = "captured"        // answers a code although the money was taken
	timeoutBefore act = "timeout-before"  // holds the connection, books nothing
	timeoutAfter  act = "timeout-after"   // books, then holds the connection
	cutAfter      act = "cut-after"       // books, sends half the JSON, resets the connection
	htmlAfter     act = "html-after"      // books, answers 200 with an HTML page
	gatewayAfter  act = "504-after"       // books, answers 504
	noCodeAfter   act = "no-code-after"   // books, answers JSON without ResponseCode
	throttle      act = "429-before"      // refuses with 429 before anything happened
)

// when says which charges of the card an act applies to; the others are approved.
type when string

const (
	always     when = ""
	firstTries when = "first"        // the first n declines since the last capture
	firstPerID when = "first-per-id" // the first request under each ExternalUniqTranId
	oneIn      when = "one-in"       // the first of every n charges of the card
)

// scenario is a card's script, written act[-code][@when[-n]], as decline-004@first-2.
type scenario struct {
	act  act
	code int
	when when
	n    int
}

var coded = []act{decline, pageDecline, instalments, partial, lineCut}

var plain = []act{approve, timeoutBefore, timeoutAfter, cutAfter, htmlAfter, gatewayAfter, noCodeAfter, throttle}

// parseScenario reads what String writes.
func parseScenario(text string) (scenario, error) {
	what, occasion, limited := strings.Cut(text, "@")
	s, ok := parseAct(what)
	if !ok {
		return s, fmt.Errorf("%q is no scenario: write act[-code][@first-n|@first-per-id|@one-in-n], as decline-004@first-2", text)
	}
	if !limited {
		return s, nil
	}
	if occasion == string(firstPerID) {
		s.when = firstPerID
		return s, nil
	}
	for _, w := range []when{firstTries, oneIn} {
		digits, found := strings.CutPrefix(occasion, string(w)+"-")
		if n, err := strconv.Atoi(digits); found && err == nil && n > 0 {
			s.when, s.n = w, n
			return s, nil
		}
	}
	return s, fmt.Errorf("%q: after @ comes first-n, first-per-id or one-in-n", text)
}

func parseAct(text string) (scenario, bool) {
	for _, a := range plain {
		if text == string(a) {
			return scenario{act: a}, true
		}
	}
	for _, a := range coded {
		digits, found := strings.CutPrefix(text, string(a)+"-")
		if code, err := strconv.Atoi(digits); found && err == nil && code > 0 {
			return scenario{act: a, code: code}, true
		}
	}
	return scenario{}, false
}

func (s scenario) String() string {
	text := string(s.act)
	if s.code > 0 {
		text += fmt.Sprintf("-%03d", s.code)
	}
	switch s.when {
	case always:
		return text
	case firstPerID:
		return text + "@" + string(firstPerID)
	default:
		return fmt.Sprintf("%s@%s-%d", text, s.when, s.n)
	}
}

// MarshalText and UnmarshalText make a scenario one word in the ledger and in control requests.
func (s scenario) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText refuses what parseScenario refuses.
func (s *scenario) UnmarshalText(text []byte) (err error) {
	*s, err = parseScenario(string(text))
	return err
}

// tries is what a card's script needs to remember between charges.
type tries struct {
	// Declines counts refusals since the last capture.
	Declines int `json:"declines,omitempty"`
	// Charges counts charges begun under different keys.
	Charges int `json:"charges,omitempty"`
}

// next is the act for a charge in payments instalments, given what the card went through before
// it and whether its key was seen before.
func (s scenario) next(t tries, seen bool, payments int) act {
	applies := true
	switch s.when {
	case firstTries:
		applies = t.Declines < s.n
	case firstPerID:
		applies = !seen
	case oneIn:
		applies = !seen && t.Charges%s.n == 0
	}
	if s.act == instalments && payments == 1 {
		applies = false
	}
	if !applies {
		return approve
	}
	return s.act
}

// books reports whether money is taken under the act.
func (a act) books() bool {
	switch a {
	case approve, lineCut, timeoutAfter, cutAfter, htmlAfter, gatewayAfter, noCodeAfter:
		return true
	}
	return false
}
