package upload

import "fitkit/shared/fail"

// What an upload can be refused for.
var (
	ErrNotFound = fail.New(fail.NotFound, "upload.not_found", "There is no such upload of yours, or its time is over. Start a new one.",
		"אין העלאה כזו שלכם, או שזמנה עבר. התחילו העלאה חדשה.")
	ErrType = fail.New(fail.Invalid, "upload.type_not_allowed", "Files of this type are not taken here. Send one of the types that the purpose allows.",
		"קבצים מסוג זה אינם מתקבלים כאן. שלחו קובץ מהסוגים המותרים למטרה.").
		WithFields(fail.At("body.content_type", "is not allowed for this purpose", "אינו מותר למטרה זו"))
	ErrTooLarge = fail.New(fail.TooLarge, "upload.too_large", "The file is larger than this purpose allows. Make it smaller.",
		"הקובץ גדול מהמותר למטרה זו. הקטינו אותו.")
	ErrFileName = fail.New(fail.Invalid, "upload.file_name_invalid", "The file's name is blank or holds characters that cannot be shown. Rename it.",
		"שם הקובץ ריק או מכיל תווים שלא ניתן להציג. שנו את שמו.").
		WithFields(fail.At("body.file_name", "must be a plain name", "חייב להיות שם פשוט"))
	ErrPurpose = fail.New(fail.Forbidden, "upload.purpose_not_allowed", "Your role may not send files for this purpose.",
		"התפקיד שלכם אינו רשאי לשלוח קבצים למטרה זו.")
	ErrNotArrived = fail.New(fail.Conflict, "upload.not_arrived", "The file has not arrived. Send it to the address you were given, then complete the upload.",
		"הקובץ לא הגיע. שלחו אותו לכתובת שקיבלתם ואז השלימו את ההעלאה.")
	ErrDiffers = fail.New(fail.Conflict, "upload.differs", "What arrived is not the file that was announced, so it was removed. Start a new upload.",
		"מה שהגיע אינו הקובץ שהוכרז, ולכן הוא הוסר. התחילו העלאה חדשה.")
)
