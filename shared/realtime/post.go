package realtime

import (
	"context"
	"errors"

	"fitkit/shared/management"
)

// Poster sends messages to connections, and cuts them; *management.Client does.
type Poster interface {
	Post(ctx context.Context, connection string, body []byte) error
	Cut(ctx context.Context, connection string) error
}

// Posts sends messages and forgets connections that turn out to be gone.
type Posts struct {
	store *Store
	to    Poster
}

// NewPosts sends by to and forgets in store.
func NewPosts(store *Store, to Poster) *Posts { return &Posts{store, to} }

// Post sends body to a connection. When it is gone its row goes too, and the error is management.ErrGone.
func (p *Posts) Post(ctx context.Context, connection string, body []byte) error {
	err := p.to.Post(ctx, connection, body)
	if errors.Is(err, management.ErrGone) {
		return errors.Join(err, p.store.Close(ctx, connection))
	}
	return err
}
