package obs

import "context"

// Product is something that FitKit's owner counts: that it happened, in which studio, and codes of ours. No word that a person
// typed, no name, no sum. docs/product-events.md lists them all.
type Product struct {
	Event string // past tense, snake_case: membership_sold
	ID    string // of the thing it happened to; a repeat of the same is counted once
	Org   string
	Codes map[string]string
}

var products func(context.Context, []Product)

// ProductsTo has what an invocation captured told to f in one call, after its event is written and before its answer goes out.
// f bounds its own time; nil tells nobody.
func ProductsTo(f func(context.Context, []Product)) { products = f }

// Capture notes that something happened. Call it when the effect is certain, but for an endpoint's own commit: the edge
// forgets what a refused request noted.
func Capture(ctx context.Context, p Product) {
	if e, ok := ctx.Value(eventKey{}).(*Event); ok && products != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.products = append(e.products, p)
	}
}

// Forget drops what was captured: it did not happen after all.
func Forget(ctx context.Context) {
	if e, ok := ctx.Value(eventKey{}).(*Event); ok {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.products = nil
	}
}

func (e *Event) captured() []Product {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.products
}
