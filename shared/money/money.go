// Package money counts in agorot, whole hundredths of a shekel, and nothing else: no floats, no rounding but the stated one.
package money

import (
	"fmt"
	"strconv"
)

// Agorot is an amount of money in ILS; 24900 is 249.00 ILS.
type Agorot int64

// ILS is the one currency FitKit charges in (ISO 4217).
const ILS = "ILS"

// String writes shekels with two decimals, as providers and people read it: "249.00".
func (a Agorot) String() string {
	sign, v := "", int64(a)
	if v < 0 {
		sign, v = "-", -v
	}
	return sign + strconv.FormatInt(v/100, 10) + "." + fmt.Sprintf("%02d", v%100)
}

// Prorate is rule R7: a × covered / period in whole numbers, half an agora rounded up.
func (a Agorot) Prorate(covered, period int) Agorot {
	if period <= 0 {
		return 0
	}
	return Agorot((2*int64(a)*int64(covered) + int64(period)) / (2 * int64(period)))
}

// NetOf splits a gross amount into net and VAT at a rate in basis points (1800 is 18 %): net rounds half up.
func (a Agorot) NetOf(rateBP int) (net, vat Agorot) {
	d := int64(10000 + rateBP)
	net = Agorot((2*int64(a)*10000 + d) / (2 * d))
	return net, a - net
}

// ParseShekels reads a provider's decimal shekels ("249", "249.0", "249.00") without passing through a float.
// More than two decimals are refused unless they are zeros.
func ParseShekels(s string) (Agorot, error) {
	neg := false
	if s != "" && s[0] == '-' {
		neg, s = true, s[1:]
	}
	whole, frac := s, ""
	for i := range s {
		if s[i] == '.' {
			whole, frac = s[:i], s[i+1:]
			break
		}
	}
	for len(frac) > 2 && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	for len(frac) < 2 {
		frac += "0"
	}
	v, err := strconv.ParseUint(whole+frac, 10, 63)
	if err != nil || len(frac) != 2 || whole == "" {
		return 0, fmt.Errorf("%q is no amount in shekels", s)
	}
	if neg {
		return -Agorot(v), nil
	}
	return Agorot(v), nil
}
