package main

import (
	"net/http"
	"slices"
	"time"

	"fitkit/infra/local/sandbox/internal/process"
)

// pageRow is a hosted page as a developer looks at it: neither the payer nor the token.
type pageRow struct {
	ID        string    `json:"lowProfileId"`
	URL       string    `json:"url"`
	Terminal  int       `json:"terminal"`
	Operation string    `json:"operation"`
	Amount    agorot    `json:"amountAgorot"`
	CreatedAt time.Time `json:"createdAt"`
	Attempts  int       `json:"attempts"`
	Done      bool      `json:"done"`
	Reported  bool      `json:"reported"` // its webhook was taken
}

// showPages lists every hosted page, the newest first.
func (s *server) showPages(w http.ResponseWriter, _ *http.Request) {
	views := []pageRow{}
	s.book.mu.Lock()
	for _, p := range s.book.pages {
		views = append(views, pageRow{p.ID, s.pageURL(*p), p.Terminal, p.Operation, p.Amount, p.CreatedAt, p.Attempts, p.Done, p.Reported})
	}
	s.book.mu.Unlock()
	slices.SortFunc(views, func(a, b pageRow) int { return b.CreatedAt.Compare(a.CreatedAt) })
	process.WriteJSON(w, http.StatusOK, views)
}
