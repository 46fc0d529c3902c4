package console

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"

	"fitkit/shared/fail"
)

// note is what an action came to, shown on the page that it leads to.
type note struct {
	Failed  bool
	Key     string // of the texts
	Args    []any
	Refused *fail.Error // says it itself, in both languages; Key is empty then
	Detail  string      // a text of a function or of an endpoint, as it came
	Copy    string      // a command to copy
}

// said is the note's sentence.
func (l language) said(n *note) string {
	switch {
	case n == nil:
		return ""
	case n.Refused != nil:
		return [2]string{n.Refused.Hebrew, n.Refused.Detail}[l.index]
	}
	return l.text(n.Key, n.Args...)
}

// notes are kept for the pages that follow; the page's address has the key, so a note is shown again when it is loaded again.
type notes struct {
	mu   sync.Mutex
	byID map[string]*note
	ids  []string // oldest first
}

// mostNotes bounds what is kept.
const mostNotes = 50

func (n *notes) keep(one note) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byID == nil {
		n.byID = map[string]*note{}
	}
	id := rand.Text()
	n.byID[id], n.ids = &one, append(n.ids, id)
	if len(n.ids) > mostNotes {
		delete(n.byID, n.ids[0])
		n.ids = n.ids[1:]
	}
	return id
}

func (n *notes) read(id string) *note {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.byID[id]
}

// action serves a form. It answers with the page that tells what was done, so that a page loaded again does nothing twice.
func (c *Console) action(path string, do func(*http.Request) (to string, said note, err error)) {
	c.mux.HandleFunc("POST "+Root+path, func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<14)
		to, said, err := do(r)
		if err != nil {
			said = note{Failed: true, Key: "note.failed", Detail: err.Error()}
		}
		join := "?"
		if strings.Contains(to, "?") {
			join = "&"
		}
		http.Redirect(w, r, Root+to+join+"note="+c.notes.keep(said), http.StatusSeeOther)
	})
}
