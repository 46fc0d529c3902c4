// Package peopletest is people who do not exist, in Hebrew, for studios that are made up: the local platform's, the demo's and
// those of the frontends' tests.
package peopletest

import (
	"fmt"
	"strconv"

	"fitkit/shared/nationalid"
)

// Person is somebody who does not exist. The same number always gives the same person.
type Person struct {
	Name       string // first and last, in Hebrew
	Phone      string // an Israeli mobile number, E.164
	Email      string
	NationalID string // nine digits with a valid check digit
	BirthDate  string // 2006-01-02
}

var firstNames = []string{
	"נועה", "תמר", "מאיה", "שירה", "אביגיל", "יעל", "רוני", "ליאור", "הילה", "מיכל", "עדי", "טליה", "דנה", "אורית", "רחל",
	"איתי", "עומר", "דניאל", "יונתן", "אריאל", "משה", "דוד", "יוסף", "גיא", "עידו", "רועי", "אלון", "תומר", "נדב", "יאיר", "ז׳קלין",
}

var lastNames = []string{
	"כהן", "לוי", "מזרחי", "פרץ", "ביטון", "דהן", "אברהם", "פרידמן", "אזולאי", "כץ", "גבאי", "חדד", "שפירא", "רוזנברג", "בן־דוד",
	"אוחיון", "סגל", "גולן", "יוסף", "עמר", "חג׳אג׳", "קליין", "ברק", "נחום", "אלמוג", "שגיא", "הררי", "וקנין", "מלכה",
}

// At is the i-th person, from 0. Names repeat, as in life; numbers and addresses do not, below ten million.
func At(i int) Person {
	return Person{
		Name:       firstNames[i%len(firstNames)] + " " + lastNames[i/3%len(lastNames)],
		Phone:      fmt.Sprintf("+97252%07d", i),
		Email:      fmt.Sprintf("member%d@example.com", i),
		NationalID: NationalID(i),
		BirthDate:  fmt.Sprintf("%d-%02d-%02d", 1960+i%45, 1+i%12, 1+i%28),
	}
}

// NationalID is the i-th of a row of valid Israeli identity numbers that begin with 3, below ten million.
func NationalID(i int) string {
	eight := strconv.Itoa(30_000_000 + i)
	for digit := range 10 {
		if number := eight + strconv.Itoa(digit); nationalid.CheckDigit(number) {
			return number
		}
	}
	return "" // cannot be: one of ten digits always fits
}
