package main

import (
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
)

// code is the one code the sign-in page takes, the vendor's own for test addresses.
const code = "424242"

//go:embed signin.html
var signInFile embed.FS

var signInPage = template.Must(template.ParseFS(signInFile, "signin.html"))

// signInText is every word of the page in one language.
type signInText struct {
	Lang, Dir, Title, Email, Next, Code, CodeHint, SignIn, BadEmail, BadCode, Done, Token, Other string
}

var signInTexts = map[string]signInText{
	"he": {"he", "rtl", "כניסה ל-FitKit", "דואר אלקטרוני", "המשך", "קוד אימות", "בסביבת הניסוי הקוד הוא תמיד 424242.", "כניסה",
		"כתובת הדואר אינה תקינה.", "הקוד שגוי. נסו שוב.", "נכנסת בהצלחה.", "אסימון (תקף לדקה)", "English"},
	"en": {"en", "ltr", "Sign in to FitKit", "E-mail", "Continue", "Verification code", "In the sandbox the code is always 424242.", "Sign in",
		"The e-mail address is not valid.", "The code is wrong. Try again.", "You are signed in.", "Token (valid for a minute)", "עברית"},
}

type signInView struct {
	Text                    signInText
	Email, RedirectURL, JWT string
	Error, OtherURL         string
	AskCode                 bool
}

func (s *server) signInRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sign-in", s.showSignIn)
	mux.HandleFunc("POST /sign-in", s.submitSignIn)
	mux.HandleFunc("POST /v1/client/sessions/{id}/tokens", s.browserToken)
}

func (s *server) newView(r *http.Request) signInView {
	lang := r.FormValue("lang")
	text, known := signInTexts[lang]
	other := "he"
	if !known || lang == "he" {
		text, other = signInTexts["he"], "en"
	}
	redirect := r.FormValue("redirect_url")
	link := url.Values{"lang": {other}, "redirect_url": {redirect}}
	return signInView{Text: text, RedirectURL: redirect, Email: r.FormValue("email"), OtherURL: "/sign-in?" + link.Encode()}
}

func (s *server) showSignIn(w http.ResponseWriter, r *http.Request) {
	renderSignIn(w, http.StatusOK, s.newView(r))
}

// submitSignIn takes email, and code in the second step; a script may send both at once. A new
// address is a new user.
func (s *server) submitSignIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	v := s.newView(r)
	given := r.PostFormValue("code")
	switch address, err := mail.ParseAddress(v.Email); {
	case !s.mayReturnTo(v.RedirectURL):
		http.Error(w, "redirect_url is not at an authorized party", http.StatusBadRequest)
	case err != nil || address.Address != v.Email:
		v.Error = v.Text.BadEmail
		renderSignIn(w, http.StatusUnprocessableEntity, v)
	case given == "":
		v.AskCode = true
		renderSignIn(w, http.StatusOK, v)
	case given != code:
		v.AskCode, v.Error = true, v.Text.BadCode
		renderSignIn(w, http.StatusUnprocessableEntity, v)
	default:
		s.finishSignIn(w, r, v)
	}
}

// mayReturnTo allows no address, and those of the authorized parties.
func (s *server) mayReturnTo(address string) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(address)
	return err == nil && slices.Contains(s.parties, u.Scheme+"://"+u.Host)
}

func (s *server) finishSignIn(w http.ResponseWriter, r *http.Request, v signInView) {
	u, err := s.userByEmail(v.Email)
	if err != nil {
		answer(w, 0, nil, err)
		return
	}
	x, err := s.openSession(u.ID)
	if err != nil {
		answer(w, 0, nil, err)
		return
	}
	token, err := s.sessionToken(x.ID, defaultTTL)
	if err != nil {
		answer(w, 0, nil, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "__client", Value: x.ID, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.SetCookie(w, &http.Cookie{Name: "__session", Value: token.JWT, Path: "/", SameSite: http.SameSiteLaxMode})
	if v.RedirectURL != "" {
		http.Redirect(w, r, v.RedirectURL, http.StatusSeeOther)
		return
	}
	v.JWT = token.JWT
	renderSignIn(w, http.StatusOK, v)
}

// userByEmail finds the user, or signs a new one up.
func (s *server) userByEmail(email string) (user, error) {
	var u user
	err := s.accounts.update(func(c *change) error {
		var found bool
		if u, found = s.accounts.findUserByEmail(email); !found {
			u = newUser(email, "", "", s.stamp())
			c.putUser(u, "user.created")
		}
		return nil
	})
	return u, err
}

// browserToken renews the token of the session that the browser's cookie names.
func (s *server) browserToken(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("__client")
	if err != nil || cookie.Value != r.PathValue("id") {
		answer(w, 0, nil, apiError{http.StatusUnauthorized, "signed_out", "sign in first"})
		return
	}
	token, err := s.sessionToken(cookie.Value, defaultTTL)
	answer(w, http.StatusOK, token, err)
}

func renderSignIn(w http.ResponseWriter, status int, v signInView) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := signInPage.Execute(w, v); err != nil {
		slog.Debug("client left", "error", err)
	}
}
