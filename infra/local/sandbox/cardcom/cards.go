package main

// testCard is one row of the card table. The scenario applies to charges of the card's token;
// the hosted page saves every card of the table except those it is told to refuse.
type testCard struct {
	Number   string
	Scenario string
	English  string
	Hebrew   string
}

// testCards is every card the hosted page knows; any other number is refused, so that nobody's
// real card is ever typed in here with success. The last four digits of a declining card are its
// result code (0104: code 004 on the first try); of a troubled card, 90 + shape + variant.
var testCards = []testCard{
	{"4580000000000000", "approve", "approved", "מאושר"},
	{"4580000000000004", "decline-004", "soft decline 004, always", "סירוב 004, תמיד"},
	{"4580000000000104", "decline-004@first-1", "004 on the first try of each charge, then approved", "סירוב 004 בניסיון הראשון של כל חיוב"},
	{"4580000000000204", "decline-004@first-2", "004 on the first two tries of each charge", "סירוב 004 בשני הניסיונות הראשונים"},
	{"4580000000000304", "decline-004@first-3", "004 on the first three tries of each charge", "סירוב 004 בשלושת הניסיונות הראשונים"},
	{"4580000000000001", "decline-001", "hard decline 001, blocked", "סירוב סופי 001, כרטיס חסום"},
	{"4580000000000033", "decline-033", "hard decline 033, invalid card", "סירוב סופי 033, כרטיס לא תקין"},
	{"4580000000000036", "decline-036", "hard decline 036, expired", "סירוב סופי 036, פג תוקף"},
	{"4580000000000006", "decline-006", "payer action 006, wrong ID or CVV", "נדרשת פעולה 006, ת״ז או CVV שגויים"},
	{"4580000000000017", "instalments-017", "terms 017 for more than one payment", "סירוב 017 לתשלומים, מאושר בתשלום אחד"},
	{"4580000000000012", "decline-012", "012, card not allowed at the terminal", "סירוב 012, הכרטיס אינו מורשה במסוף"},
	{"4580000000000009", "decline-009", "009, line cut; nothing taken", "009, הקו נותק; לא חויב"},
	{"4580000000000109", "captured-009@first-per-id", "009, line cut; the money was taken", "009, הקו נותק; החיוב בוצע"},
	{"4580000000000010", "partial-010", "010, partial approval; nothing taken", "010, אישור חלקי; לא חויב"},
	{"4580000000000200", "decline-200", "200, application error", "200, שגיאת יישום"},
	{"4580000000000399", "decline-399", "399, a code in no table", "399, קוד שאינו בטבלה"},
	{"4580000000008004", "refused-on-page-004", "refused on this page, 004", "מסורב בדף זה, 004"},
	{"4580000000008006", "refused-on-page-006", "refused on this page, 006", "מסורב בדף זה, 006"},
	{"4580000000008036", "refused-on-page-036", "refused on this page, 036", "מסורב בדף זה, 036"},
	{"4580000000009010", "timeout-before", "no answer, nothing taken: always", "אין תשובה, לא חויב: תמיד"},
	{"4580000000009011", "timeout-before@first-per-id", "no answer, nothing taken: first request of each key", "אין תשובה, לא חויב: פנייה ראשונה בכל מפתח"},
	{"4580000000009013", "timeout-before@one-in-3", "no answer, nothing taken: one charge in three", "אין תשובה, לא חויב: חיוב אחד מתוך שלושה"},
	{"4580000000009020", "timeout-after", "no answer, money taken: always", "אין תשובה, החיוב בוצע: תמיד"},
	{"4580000000009021", "timeout-after@first-per-id", "no answer, money taken: first request of each key", "אין תשובה, החיוב בוצע: פנייה ראשונה בכל מפתח"},
	{"4580000000009023", "timeout-after@one-in-3", "no answer, money taken: one charge in three", "אין תשובה, החיוב בוצע: חיוב אחד מתוך שלושה"},
	{"4580000000009030", "cut-after", "half an answer, money taken: always", "תשובה קטועה, החיוב בוצע: תמיד"},
	{"4580000000009031", "cut-after@first-per-id", "half an answer, money taken: first request of each key", "תשובה קטועה, החיוב בוצע: פנייה ראשונה בכל מפתח"},
	{"4580000000009033", "cut-after@one-in-3", "half an answer, money taken: one charge in three", "תשובה קטועה, החיוב בוצע: חיוב אחד מתוך שלושה"},
	{"4580000000009040", "html-after", "HTML with status 200, money taken: always", "תשובת HTML, החיוב בוצע: תמיד"},
	{"4580000000009041", "html-after@first-per-id", "HTML with status 200, money taken: first request of each key", "תשובת HTML, החיוב בוצע: פנייה ראשונה בכל מפתח"},
	{"4580000000009043", "html-after@one-in-3", "HTML with status 200, money taken: one charge in three", "תשובת HTML, החיוב בוצע: חיוב אחד מתוך שלושה"},
	{"4580000000009050", "504-after", "504, money taken: always", "504, החיוב בוצע: תמיד"},
	{"4580000000009051", "504-after@first-per-id", "504, money taken: first request of each key", "504, החיוב בוצע: פנייה ראשונה בכל מפתח"},
	{"4580000000009053", "504-after@one-in-3", "504, money taken: one charge in three", "504, החיוב בוצע: חיוב אחד מתוך שלושה"},
	{"4580000000009060", "no-code-after", "no ResponseCode, money taken: always", "ללא ResponseCode, החיוב בוצע: תמיד"},
	{"4580000000009061", "no-code-after@first-per-id", "no ResponseCode, money taken: first request of each key", "ללא ResponseCode, החיוב בוצע: פנייה ראשונה בכל מפתח"},
	{"4580000000009063", "no-code-after@one-in-3", "no ResponseCode, money taken: one charge in three", "ללא ResponseCode, החיוב בוצע: חיוב אחד מתוך שלושה"},
	{"4580000000009070", "429-before", "429 before anything happened: always", "429 לפני ביצוע: תמיד"},
	{"4580000000009071", "429-before@first-per-id", "429 before anything happened: first request of each key", "429 לפני ביצוע: פנייה ראשונה בכל מפתח"},
	{"4580000000009073", "429-before@one-in-3", "429 before anything happened: one charge in three", "429 לפני ביצוע: חיוב אחד מתוך שלושה"},
}

// findCard returns the script of a card of the table.
func findCard(number string) (scenario, bool) {
	for _, c := range testCards {
		if c.Number == number {
			s, err := parseScenario(c.Scenario)
			return s, err == nil
		}
	}
	return scenario{}, false
}
