package member

import (
	"errors"

	"fitkit/shared/fail"
	"fitkit/shared/nationalid"
)

// What can be refused about a member.
var (
	ErrNotFound = fail.New(fail.NotFound, "member.not_found", "There is no such member at this studio. Check the id.",
		"אין מתאמן כזה בסטודיו. בדקו את המזהה.")
	ErrName = fail.New(fail.Invalid, "member.name_invalid", "The name is blank, too long or holds characters that no name has. Correct it.",
		"השם ריק, ארוך מדי או מכיל תווים שאינם בשמות. תקנו אותו.")
	ErrPhone = fail.New(fail.Invalid, "member.phone_invalid", "This is not a complete telephone number. Send it as it is dialled, such as 052-1234567.",
		"מספר הטלפון אינו תקין או חסר. שלחו אותו כפי שמחייגים, לדוגמה 052-1234567.").
		WithFields(fail.At("body.phone", "is no telephone number", "אינו מספר טלפון"))
	ErrPhoneTaken = fail.New(fail.Conflict, "member.phone_taken", "Another active member has this telephone number. Open that member, or send allow_shared_phone when a family shares it.",
		"מספר הטלפון שייך למתאמן פעיל אחר. פתחו את הכרטיס שלו, או שלחו allow_shared_phone כשמשפחה חולקת מספר.")
	ErrEmail = fail.New(fail.Invalid, "member.email_invalid", "This is not an e-mail address. Correct it.", "כתובת הדואר האלקטרוני אינה תקינה. תקנו אותה.").
			WithFields(fail.At("body.email", "is no e-mail address", "אינה כתובת דואר אלקטרוני"))
	ErrBirthDate = fail.New(fail.Invalid, "member.birth_date_invalid", "The birth date is no day in the past. Send it as YYYY-MM-DD.",
		"תאריך הלידה אינו יום שחלף. שלחו אותו בתבנית YYYY-MM-DD.").
		WithFields(fail.At("body.birth_date", "must be a day from 1900 until today", "חייב להיות יום משנת 1900 ועד היום"))
	ErrVersionConflict = fail.New(fail.Conflict, "member.version_conflict", "Somebody changed this member meanwhile. Load the card again and repeat your change.",
		"פרטי המתאמן השתנו בינתיים. טענו את הכרטיס מחדש וחזרו על השינוי.")
	ErrStaffOnly = fail.New(fail.Forbidden, "member.field_staff_only", "You can change your phone, e-mail and language here. Ask the studio to change the rest.",
		"ניתן לשנות כאן טלפון, דואר אלקטרוני ושפה. לשינויים אחרים פנו לסטודיו.")
	ErrArchived       = fail.New(fail.Conflict, "member.archived", "This member is archived and cannot be changed.", "המתאמן בארכיון ולא ניתן לשנותו.")
	ErrLiveMembership = fail.New(fail.Conflict, "member.has_live_membership", "This member holds or pays for a membership that has not ended. Archive the card when it has.",
		"למתאמן יש מנוי שטרם הסתיים, כבעליו או כמשלם. העבירו לארכיון לאחר שיסתיים.")
	ErrOpenCharge = fail.New(fail.Conflict, "member.has_open_charge", "This member still has a charge that is not settled. Collect or void it first.",
		"למתאמן יש חיוב פתוח. גבו או בטלו אותו תחילה.")
	ErrNationalID = fail.New(fail.Invalid, "member.national_id_invalid", "This is not a valid identity number. Compare it with the document.",
		"מספר הזהות אינו תקין. השוו למסמך.")
	ErrNationalIDTaken = fail.New(fail.Conflict, "member.national_id_taken", "Another member of the studio has this identity number. Search for it to find their card.",
		"מספר הזהות שייך למתאמן אחר בסטודיו. חפשו לפיו את הכרטיס.")
	ErrNationalIDMissing = fail.New(fail.NotFound, "member.national_id_missing", "No identity number is kept for this member.",
		"לא נשמר מספר זהות עבור מתאמן זה.")
	ErrReason = fail.New(fail.Invalid, "member.reveal_reason", "Say in a few words why you need the number, without the number itself.",
		"כתבו בכמה מילים מדוע המספר נדרש, בלי המספר עצמו.").
		WithFields(fail.At("body.reason", "must be a reason in words", "חייבת להיות סיבה במילים"))
)

// idError says in a field what is wrong with a number, never the number.
func idError(err error) error {
	message, hebrew := "must be 5 to 9 digits, or a passport's letters and digits with its country", "חייב להיות 5 עד 9 ספרות, או אותיות וספרות של דרכון עם המדינה שלו"
	switch {
	case errors.Is(err, nationalid.ErrCheckDigit):
		message, hebrew = "has a wrong check digit", "ספרת הביקורת שגויה"
	case errors.Is(err, nationalid.ErrReserved):
		message, hebrew = "is nobody's number", "אינו מספר של אף אדם"
	}
	return ErrNationalID.WithFields(fail.At("body.number", message, hebrew))
}

func nameError(field string) error {
	return ErrName.WithFields(fail.At("body."+field, "must be a plain name of at most 200 characters", "חייב להיות שם פשוט באורך של עד 200 תווים"))
}
