package api

import (
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2/validation"

	"fitkit/shared/civil"
	"fitkit/shared/id"
)

// HebrewOfOthers is told of a field whose message is not in the table. A test from outside finds those.
const HebrewOfOthers = "הערך אינו תקין; ראו את ההודעה באנגלית"

// inHebrew are the messages of huma and of the reading of JSON, as formats: what stands in the English one stands in the
// Hebrew one too, where that has a place for it.
var inHebrew = []struct{ english, hebrew string }{
	{validation.MsgUnexpectedProperty, "אין שדה כזה כאן; הסירו אותו"},
	{"unknown query parameter", "אין פרמטר כזה כאן; הסירו אותו"},
	{validation.MsgExpectedRequiredProperty, "השדה %s חסר; שלחו אותו"},
	{"required %s parameter is missing", "הפרמטר חסר (%s); שלחו אותו"},
	{"request body is required", "גוף הבקשה חסר; שלחו אותו"},
	{errNull.Error(), "null אינו ערך: השמיטו את השדה, או שלחו טקסט ריק כדי להסיר את ערכו"},
	{errNotStrict.Error(), "אינו JSON תקין שבו כל מפתח מופיע פעם אחת"},
	{validation.MsgExpectedRFC3339DateTime, "חייב להיות תאריך ושעה, כגון 2026-01-31T09:00:00Z"},
	{validation.MsgExpectedRFC3339Date, "חייב להיות תאריך, כגון 2026-01-31"},
	{validation.MsgExpectedRFC4122UUID, "חייב להיות מזהה (UUID)"},
	{validation.MsgExpectedBoolean, "חייב להיות true או false"},
	{"invalid boolean", "חייב להיות true או false"},
	{validation.MsgExpectedNumber, "חייב להיות מספר"},
	{"invalid float", "חייב להיות מספר"},
	{validation.MsgExpectedInteger, "חייב להיות מספר שלם"},
	{"invalid integer", "חייב להיות מספר שלם"},
	{validation.MsgExpectedString, "חייב להיות טקסט"},
	{validation.MsgExpectedArray, "חייב להיות רשימה"},
	{validation.MsgExpectedObject, "חייב להיות אובייקט"},
	{validation.MsgExpectedOneOf, "חייב להיות אחד מאלה: %s"},
	{validation.MsgExpectedMinimumNumber, "חייב להיות %s או יותר"},
	{validation.MsgExpectedMaximumNumber, "חייב להיות %s או פחות"},
	{validation.MsgExpectedMinLength, "האורך חייב להיות %s תווים או יותר"},
	{validation.MsgExpectedMaxLength, "האורך חייב להיות %s תווים או פחות"},
	{validation.MsgExpectedMinItems, "נדרשים %s פריטים או יותר"},
	{validation.MsgExpectedMaxItems, "מותרים %s פריטים או פחות"},
	{validation.MsgExpectedMatchPattern, "חייב להתאים לתבנית %s"},
	{"expected string to be nine digits, or empty to remove it", "חייב להיות תשע ספרות, או ריק כדי להסיר"},
	{"invalid value: " + id.ErrMalformed.Error(), "אינו מזהה"},
	{"invalid value: " + civil.ErrDate.Error(), "חייב להיות תאריך, כגון 2026-01-31"},
}

// hebrewOf is what an English message says. Whatever it tells of the request's schema is told, of its values it has none.
func hebrewOf(message string) string {
	for _, m := range inHebrew {
		before, after, open := strings.Cut(m.english, "%")
		if !open && message == m.english {
			return m.hebrew
		}
		if !open || !strings.HasPrefix(message, before) || !strings.HasSuffix(message, after[1:]) {
			continue
		}
		told := strings.TrimSuffix(strings.TrimPrefix(message, before), after[1:])
		if strings.Contains(m.hebrew, "%s") {
			return fmt.Sprintf(m.hebrew, told)
		}
		return m.hebrew
	}
	return HebrewOfOthers
}
