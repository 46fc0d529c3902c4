package console

import (
	"fmt"
	"net/http"
	"strings"
)

// language is one of the two that every page is made in.
type language struct {
	name, dir, other string
	index            int // in a text
}

var languages = map[string]language{
	"he": {"he", "rtl", "en", 0},
	"en": {"en", "ltr", "he", 1},
}

const languageCookie = "fitkit-console-lang"

// isolated keeps a name or a time in its own direction within a sentence that runs the other way.
const isolated = "\u2068%s\u2069"

// text is a text of the table; what is not in it, such as a function's name, stands for itself.
func (l language) text(key string, args ...any) string {
	both, ok := texts[key]
	switch {
	case !ok:
		return key
	case len(args) == 0:
		return both[l.index]
	case l.dir == "rtl":
		return fmt.Sprintf(strings.ReplaceAll(both[l.index], "%s", isolated), args...)
	}
	return fmt.Sprintf(both[l.index], args...)
}

// languageOf is the one that was asked for in the address, which is kept, else the kept one, else the browser's first.
func languageOf(w http.ResponseWriter, r *http.Request) language {
	if l, ok := languages[r.FormValue("lang")]; ok {
		http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: l.name, Path: Root, MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode})
		return l
	}
	if kept, err := r.Cookie(languageCookie); err == nil {
		if l, ok := languages[kept.Value]; ok {
			return l
		}
	}
	if strings.HasPrefix(r.Header.Get("Accept-Language"), "he") {
		return languages["he"]
	}
	return languages["en"]
}
