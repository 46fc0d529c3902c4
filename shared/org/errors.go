package org

import "fitkit/shared/fail"

// What an organisation's or its staff's change can be refused for.
var (
	ErrVersionConflict = fail.New(fail.Conflict, "org.version_conflict", "Somebody changed the studio's settings meanwhile. Load them again and repeat your change.",
		"הגדרות הסטודיו השתנו בינתיים. טענו אותן מחדש וחזרו על השינוי.")
	ErrTaxID = fail.New(fail.Invalid, "org.tax_id_invalid", "The tax number is wrong: nine digits, the last of which is a check digit. Compare it with the certificate.",
		"מספר העוסק או החברה שגוי: תשע ספרות שהאחרונה בהן ספרת ביקורת. השוו לתעודה.").
		WithFields(fail.At("body.tax_id", "is no valid tax number", "אינו מספר עוסק או חברה תקין"))
	ErrName = fail.New(fail.Invalid, "org.name_invalid", "The studio's name is blank or holds characters that cannot be shown. Correct it.",
		"שם הסטודיו ריק או מכיל תווים שלא ניתן להציג. תקנו אותו.").
		WithFields(fail.At("body.name", "must be a plain name", "חייב להיות שם פשוט"))
	ErrStaffNotFound = fail.New(fail.NotFound, "staff.not_found", "No such person works at this studio. Check the id.",
		"אין איש צוות כזה בסטודיו. בדקו את המזהה.")
	ErrLastOwner = fail.New(fail.Conflict, "org.last_owner", "A studio keeps at least one owner. Make somebody else an owner first.",
		"לסטודיו חייב להישאר בעלים אחד לפחות. מנו בעלים נוסף תחילה.")
)
