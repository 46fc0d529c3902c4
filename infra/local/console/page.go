package console

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// view is what a page shows.
type view struct {
	file  string // of the template, without .html
	title string // a key of the texts, or a name
	data  any
}

// layout is what the frame around a page needs.
type layout struct {
	Lang, Dir, Title string
	Section          string // the first part of the path below Root
	Sections         []string
	Other            string // the same page in the other language
	Note             *note
	Said             string // the note's sentence
	Data             any
}

// sections are the entries of the navigation, which are parts of paths.
var sections = []string{"", "functions", "trace", "queues", "schedules", "sandboxes", "tokens", "clock", "api"}

// errNotFound is answered with a page of its own.
var errNotFound = errors.New("there is no such page")

// page serves a path below Root.
func (c *Console) page(path string, look func(*http.Request) (view, error)) {
	c.mux.HandleFunc("GET "+Root+path, func(w http.ResponseWriter, r *http.Request) {
		v, err := look(r)
		switch {
		case errors.Is(err, errNotFound):
			c.show(w, r, http.StatusNotFound, view{"missing", "missing.title", nil})
		case err != nil:
			slog.Warn("show a page of the console", "path", r.URL.Path, "error", err)
			c.show(w, r, http.StatusBadGateway, view{"failed", "failed.title", err.Error()})
		default:
			c.show(w, r, http.StatusOK, v)
		}
	})
}

func (c *Console) show(w http.ResponseWriter, r *http.Request, status int, v view) {
	l := languageOf(w, r)
	section, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, Root), "/"), "/")
	said := c.notes.read(r.FormValue("note"))
	frame := layout{
		Lang: l.name, Dir: l.dir, Title: l.text(v.title), Section: section, Sections: sections,
		Other: otherLanguage(r.URL, l), Note: said, Said: l.said(said), Data: v.data,
	}
	var body bytes.Buffer
	if err := pages[l.name][v.file].ExecuteTemplate(&body, "layout.html", frame); err != nil {
		slog.Error("make a page of the console", "page", v.file, "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = body.WriteTo(w) // a browser that left wants no page
}

func otherLanguage(u *url.URL, l language) string {
	q := u.Query()
	q.Set("lang", l.other)
	return u.Path + "?" + q.Encode()
}

// pages are the templates by language and file: the words of a page are put in when it is made.
var pages = map[string]map[string]*template.Template{"he": parse(languages["he"]), "en": parse(languages["en"])}

func parse(l language) map[string]*template.Template {
	entries, err := files.ReadDir("templates")
	if err != nil {
		panic(err) // they are embedded
	}
	made := map[string]*template.Template{}
	for _, e := range entries {
		name := e.Name()
		made[strings.TrimSuffix(name, ".html")] = template.Must(template.New(name).Funcs(template.FuncMap{
			"t": l.text, "say": func(key string, args []any) string { return l.text(key, args...) }, "lang": func() string { return l.name }, "stamp": stamp, "money": money, "section": func(s string) string { return l.text("nav." + s) },
			"root": func() string { return Root }, "fields": eventFields,
		}).ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name))
	}
	return made
}

// stamp is an instant in UTC; a dash stands for none.
func stamp(at any) template.HTML {
	t, ok := at.(time.Time)
	if p, isPointer := at.(*time.Time); isPointer && p != nil {
		t, ok = *p, true
	}
	if !ok || t.IsZero() {
		return "–"
	}
	t = t.UTC()
	return template.HTML(`<time dir="ltr" datetime="` + t.Format(time.RFC3339Nano) + `">` + t.Format("2006-01-02 15:04:05") + `</time>`)
}

// money is an amount in agorot as people read it.
func money(agorot int64) template.HTML {
	return template.HTML(fmt.Sprintf(`<bdi>₪%d.%02d</bdi>`, agorot/100, agorot%100))
}
