package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// agorot is an amount of money as the ledger keeps it.
type agorot int64

// shekels is an amount in agorot that travels in v11 JSON as a decimal number of shekels.
type shekels agorot

var errAmount = errors.New("an amount is a number of shekels with at most two decimals")

// MarshalJSON writes two decimals, as 249.00.
func (s shekels) MarshalJSON() ([]byte, error) {
	sign := ""
	if s < 0 {
		sign, s = "-", -s
	}
	return fmt.Appendf(nil, "%s%d.%02d", sign, s/100, s%100), nil
}

// UnmarshalJSON reads a plain decimal number and refuses a third decimal rather than round it.
func (s *shekels) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	digits, negative := strings.CutPrefix(string(text), "-")
	whole, cents, _ := strings.Cut(digits, ".")
	if len(strings.TrimRight(cents, "0")) > 2 || len(whole) > 12 {
		return errAmount
	}
	n, err := strconv.ParseUint(whole+(cents + "00")[:2], 10, 63)
	if err != nil {
		return errAmount
	}
	if *s = shekels(n); negative {
		*s = -*s
	}
	return nil
}
