package billing

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"fitkit/shared/money"
	"fitkit/shared/payment"
)

// unreadAtMost is how many nights in a row may fail to read a list before a person is asked: a provider's fault is mended sooner, and a
// studio that has left its provider never is.
const unreadAtMost = 7

// findings is what a proof asks a person, in columns, and whether anything in it may yet answer itself.
type findings struct {
	kinds, subjects, details []string
	waits                    bool
	gateways, txns           []string // of the transactions that nobody owns
	unreadBy                 []string // the gateways whose lists could not be read
}

// findingsOf takes a day's transactions of a terminal that nobody owns together: the list does not tell our key, so a studio that sells at
// its desk has them every day, and one question a day can be answered.
func findingsOf(p Proof) (f findings) {
	f.kinds, f.subjects, f.details, f.gateways, f.txns = []string{}, []string{}, []string{}, []string{}, []string{}
	for _, d := range p.Differences {
		switch d.Kind {
		case "unanswered": // its look-ups go on, and end in a case of their own
			f.waits = true
		case "provider_unreachable":
			f.unreadBy = append(f.unreadBy, d.ID)
		case "not_in_books": // below
		case "terminal_replaced":
			f.add(d.Kind, ofDay(d.ID, p), d.Detail)
		default:
			f.add(d.Kind, d.ID, d.Detail)
		}
	}
	for _, s := range p.strays {
		f.add("not_in_books", ofDay(s.Gateway.String(), p), s.String())
		for _, t := range s.Listed {
			f.gateways, f.txns = append(f.gateways, s.Gateway.String()), append(f.txns, t.ProviderTxn)
		}
	}
	return f
}

func (f *findings) add(kind, subject, detail string) {
	f.kinds, f.subjects, f.details = append(f.kinds, kind), append(f.subjects, subject), append(f.details, detail)
}

// ofDay is the subject of what is found once a day on a gateway, which is the same on every day.
func ofDay(gateway string, p Proof) string { return gateway + " " + p.Day.String() }

// addUnread asks a person about the lists that nights in a row could not read; before, the day waits for the provider.
func (f *findings) addUnread(nights int, p Proof) {
	for _, gateway := range f.unreadBy {
		if nights < unreadAtMost {
			f.waits = true
			continue
		}
		f.add("list_unread", ofDay(gateway, p),
			fmt.Sprintf("%d nights could not read the provider's list; compare the day with it in the provider's back office", unreadAtMost))
	}
}

// straysNamed is how many transactions a question names.
const straysNamed = 20

// String is the question: how many there are, what they come to, and which. Where it cannot name all it ends in a mark of them all, since
// others are another question, though as many of the same sum.
func (s strays) String() string {
	listed := slices.SortedFunc(slices.Values(s.Listed), func(a, b payment.Transaction) int { return cmp.Compare(a.ProviderTxn, b.ProviderTxn) })
	var sum money.Agorot
	var each []string
	for _, t := range listed {
		sum += t.Amount
		each = append(each, t.ProviderTxn+" of "+t.Amount.String())
	}
	text := fmt.Sprintf("terminal %s took what no approved attempt owns, %s in all, in transactions numbering %d: %s",
		s.Terminal, sum, len(each), strings.Join(each[:min(len(each), straysNamed)], ", "))
	if more := len(each) - straysNamed; more > 0 {
		text += fmt.Sprintf(" and %d more (mark %08x)", more, crc32.ChecksumIEEE([]byte(strings.Join(each, ","))))
	}
	return text
}
