package main

// pageText is every word of the hosted page in one language.
type pageText struct {
	Lang, Dir                                                  string
	Title, SaveTitle, Sandbox, Amount                          string
	Number, Expiry, Month, Year, CVV, ID, Name, Email, Phone   string
	Payments, Pay, Save, Cancel, TestCards, Behaviour, Done    string
	Declined, BadNumber, BadExpiry, BadCVV, BadID, BadPayments string
}

var hebrew = pageText{
	Lang: "he", Dir: "rtl",
	Title: "תשלום מאובטח", SaveTitle: "שמירת כרטיס אשראי", Sandbox: "סביבת ניסוי: אין חיוב אמיתי. יש להשתמש רק בכרטיסי הניסוי שבתחתית הדף.",
	Amount: "סכום", Number: "מספר כרטיס", Expiry: "תוקף", Month: "חודש", Year: "שנה", CVV: "3 ספרות בגב הכרטיס (CVV)", ID: "תעודת זהות",
	Name: "שם בעל הכרטיס", Email: "דואר אלקטרוני", Phone: "טלפון", Payments: "מספר תשלומים", Pay: "לתשלום", Save: "שמירת הכרטיס",
	Cancel: "ביטול וחזרה לאתר", TestCards: "כרטיסי ניסוי", Behaviour: "התנהגות", Done: "הפעולה בדף זה הושלמה.",
	Declined: "העסקה סורבה. אפשר לנסות שוב או להשתמש בכרטיס אחר.", BadNumber: "מספר הכרטיס אינו תקין.", BadExpiry: "התוקף אינו תקין או שכבר עבר.",
	BadCVV: "יש להזין 3 או 4 ספרות בשדה CVV.", BadID: "מספר תעודת הזהות אינו תקין.", BadPayments: "מספר התשלומים אינו אפשרי.",
}

var english = pageText{
	Lang: "en", Dir: "ltr",
	Title: "Secure payment", SaveTitle: "Save a card", Sandbox: "Sandbox: no money moves. Use only the test cards at the foot of the page.",
	Amount: "Amount", Number: "Card number", Expiry: "Expiry", Month: "Month", Year: "Year", CVV: "3 digits on the back (CVV)", ID: "ID number",
	Name: "Cardholder's name", Email: "E-mail", Phone: "Phone", Payments: "Payments", Pay: "Pay", Save: "Save card",
	Cancel: "Cancel and go back", TestCards: "Test cards", Behaviour: "Behaviour", Done: "This page is finished.",
	Declined: "The card was declined. Try again or use another card.", BadNumber: "The card number is not valid.", BadExpiry: "The expiry is not valid or has passed.",
	BadCVV: "The CVV has 3 or 4 digits.", BadID: "The ID number is not valid.", BadPayments: "That number of payments is not possible.",
}

// textIn returns Hebrew for every language but English.
func textIn(language string) pageText {
	if language == "en" {
		return english
	}
	return hebrew
}
