package membership

import "fitkit/shared/fail"

// What publishing a plan can be refused for.
var (
	ErrPlanNameTaken = fail.New(fail.Conflict, "membership.plan_name_taken", "A plan with this name exists already. Choose another name or publish a new version of that plan.",
		"כבר קיימת תוכנית בשם זה. בחרו שם אחר או פרסמו גרסה חדשה שלה.")
	ErrPlanNotFound = fail.New(fail.NotFound, "membership.plan_not_found", "There is no such plan. Check the id.",
		"אין תוכנית כזו. בדקו את המזהה.")
	ErrTerms = fail.New(fail.Invalid, "membership.terms_do_not_fit", "These terms do not fit the plan's type; errors lists what is missing or does not belong.",
		"התנאים אינם מתאימים לסוג התוכנית; מה שחסר או מיותר מפורט ב-errors.")
	ErrEffectiveInPast = fail.New(fail.Invalid, "membership.effective_in_past", "A version cannot be for sale from a day that has passed. Choose today or later.",
		"לא ניתן לפרסם גרסה מיום שכבר עבר. בחרו את היום או מאוחר יותר.")
	ErrVersionOrder = fail.New(fail.Conflict, "membership.version_before_another", "Another version of this plan begins after that day. Choose the day it begins or later.",
		"גרסה אחרת של התוכנית מתחילה אחרי יום זה. בחרו את יום תחילתה או מאוחר יותר.")
)

// What a sale can be refused for.
var (
	ErrMemberNotFound = fail.New(fail.NotFound, "membership.member_not_found", "There is no such member. Check the id.",
		"אין מתאמן כזה. בדקו את המזהה.")
	ErrPayerNotFound = fail.New(fail.NotFound, "membership.payer_not_found", "There is no such payer. Check the id.",
		"אין משלם כזה. בדקו את המזהה.")
	ErrMemberArchived = fail.New(fail.Conflict, "membership.member_archived", "This member is archived. Create a new card for this person and sell to that.",
		"המתאמן נמצא בארכיון. פתחו כרטיס חדש לאותו אדם ומכרו לו.")
	ErrPayerArchived = fail.New(fail.Conflict, "membership.payer_archived", "The payer is archived. Choose another payer.",
		"המשלם נמצא בארכיון. בחרו משלם אחר.")
	ErrPlanNotForSale = fail.New(fail.Conflict, "membership.plan_not_for_sale", "This plan is a draft or is no longer sold. Publish a version of it or choose another plan.",
		"התוכנית היא טיוטה או שאינה נמכרת עוד. פרסמו גרסה שלה או בחרו תוכנית אחרת.")
	ErrNoVersion = fail.New(fail.Conflict, "membership.no_current_version", "No version of this plan is for sale today. Wait for the day it begins or publish one from today.",
		"אין גרסה של התוכנית שנמכרת היום. המתינו ליום תחילתה או פרסמו גרסה מהיום.")
	ErrSoldByStaff = fail.New(fail.Forbidden, "membership.plan_sold_by_staff", "This plan is sold by the studio only. Ask at the front desk.",
		"תוכנית זו נמכרת רק על ידי הסטודיו. פנו לקבלה.")
	ErrPriceChanged = fail.New(fail.Conflict, "membership.price_changed", "The plan's price is no longer the one you saw. Look at the sale again and confirm the new price.",
		"מחיר התוכנית אינו עוד המחיר שראיתם. הציגו שוב את המכירה ואשרו את המחיר החדש.")
	ErrStartTooFarAhead = fail.New(fail.Invalid, "membership.start_too_far_ahead", "A membership can start at most 12 months from today. Choose an earlier day.",
		"מנוי יכול להתחיל לכל היותר 12 חודשים מהיום. בחרו יום מוקדם יותר.")
	ErrStartTooFarBack = fail.New(fail.Invalid, "membership.start_too_far_back", "A membership can start at most 31 days ago. Choose a later day.",
		"מנוי יכול להתחיל לכל היותר לפני 31 ימים. בחרו יום מאוחר יותר.")
	ErrTrialUsed = fail.New(fail.Conflict, "membership.trial_used", "This person, or somebody with the same phone number, has had a trial here. Choose another plan.",
		"המתאמן, או אדם עם אותו מספר טלפון, כבר ניצל תקופת ניסיון. בחרו תוכנית אחרת.")
)

// ErrNotFound: no such membership for this caller.
var ErrNotFound = fail.New(fail.NotFound, "membership.not_found", "There is no such membership. Check the id.",
	"אין מנוי כזה. בדקו את המזהה.")
