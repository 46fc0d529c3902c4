package membership

import "fitkit/shared/fail"

// What a sale or a plan can be refused for.
var (
	ErrPlanNameTaken = fail.New(fail.Conflict, "membership.plan_name_taken", "A plan with this name exists already. Choose another name or publish a new version of that plan.",
		"כבר קיימת תוכנית בשם זה. בחרו שם אחר או פרסמו גרסה חדשה שלה.")
)
