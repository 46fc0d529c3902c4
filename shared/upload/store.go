package upload

import (
	"context"
	"errors"

	"fitkit/shared/blob"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/postgres"
	"fitkit/shared/tenancy"
)

// Files is what uploads need of the object store.
type Files interface {
	SignPut(ctx context.Context, key blob.Key, u blob.Upload) (blob.Signed, error)
	Head(ctx context.Context, key blob.Key) (blob.Info, error)
	Begin(ctx context.Context, key blob.Key) ([]byte, error)
	Delete(ctx context.Context, key blob.Key) error
}

// Store keeps uploads.
type Store struct {
	db    *postgres.DB
	files Files
}

// NewStore is the store on db and files.
func NewStore(db *postgres.DB, files Files) *Store { return &Store{db, files} }

const sqlInsertUpload = `
insert into uploads (org_id, id, purpose, file_name, content_type, size, sha256, object_key)
values (app.org(), $1, $2, $3, $4, $5, $6, $7) returning expires_at`

// Create announces a file and answers where to send it.
func (s *Store) Create(ctx context.Context, c tenancy.Caller, f File) (u Upload, to blob.Signed, err error) {
	if err := f.check(); err != nil {
		return u, to, err
	}
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		e, err := tx.Enter(ctx)
		if err != nil {
			return err
		}
		if err := f.from(e.Role); err != nil {
			return err
		}
		u = Upload{ID: id.New[id.Upload](), File: f, State: "pending"}
		u.Key = blob.NewKey(e.Org, "uploads", u.ID)
		return tx.QueryRow(ctx, sqlInsertUpload, u.ID, string(f.Purpose), f.Name, f.ContentType, f.Size, f.SHA256[:], string(u.Key)).Scan(&u.ExpiresAt)
	})
	if err != nil {
		return u, to, fail.Wrap(err, "create upload")
	}
	to, err = s.files.SignPut(ctx, u.Key, blob.Upload{ContentType: f.ContentType, Length: f.Size, SHA256: f.SHA256})
	return u, to, fail.Wrap(err, "create upload %s", u.ID)
}

const (
	sqlOwnUpload = `
select purpose, file_name, content_type, size, sha256, object_key, state, expires_at from uploads
where org_id = app.org() and id = $1 and created_by = app.actor() and (state = 'ready' or state = 'pending' and expires_at > now())`
	sqlReadyUpload = `
update uploads set state = 'ready', completed_at = now()
where org_id = app.org() and id = $1 and created_by = app.actor() and (state = 'ready' or state = 'pending' and expires_at > now())`
	sqlRefuseUpload = `
update uploads set state = 'expired' where org_id = app.org() and id = $1 and created_by = app.actor() and state = 'pending'`
)

// Complete asks the store what arrived and makes the upload ready. An upload that is ready already stays so, so a repeat is
// harmless. The store is asked between two transactions, never inside one.
func (s *Store) Complete(ctx context.Context, c tenancy.Caller, upload id.Upload) (u Upload, err error) {
	err = s.db.InOrg(ctx, c, func(tx postgres.Tx) (err error) {
		u, err = read(ctx, tx, upload)
		return err
	})
	if err != nil || u.State == "ready" {
		return u, fail.Wrap(err, "complete upload")
	}
	err = s.inspect(ctx, u)
	if errors.Is(err, ErrDiffers) {
		return u, errors.Join(err, s.refuse(ctx, c, u))
	}
	if err != nil {
		return u, fail.Wrap(err, "complete upload %s", upload)
	}
	u.State = "ready"
	return u, fail.Wrap(s.guarded(ctx, c, sqlReadyUpload, upload), "complete upload %s", upload)
}

func read(ctx context.Context, tx postgres.Tx, upload id.Upload) (Upload, error) {
	u := Upload{ID: upload}
	var sum []byte
	var key string
	err := tx.QueryRow(ctx, sqlOwnUpload, upload).Scan(&u.Purpose, &u.Name, &u.ContentType, &u.Size, &sum, &key, &u.State, &u.ExpiresAt)
	if postgres.NoRows(err) {
		return u, ErrNotFound
	}
	if err != nil {
		return u, err
	}
	copy(u.SHA256[:], sum)
	u.Key, err = blob.ParseKey(tx.Entered().Org, key)
	return u, err
}

// inspect compares what the store holds with what was announced, and its beginning with what its type looks like.
func (s *Store) inspect(ctx context.Context, u Upload) error {
	info, err := s.files.Head(ctx, u.Key)
	if errors.Is(err, blob.ErrNotFound) {
		return ErrNotArrived
	}
	if err != nil {
		return err
	}
	if err := u.arrived(info); err != nil {
		return err
	}
	head, err := s.files.Begin(ctx, u.Key)
	if err == nil && !looksLike(u.ContentType, head) {
		return ErrDiffers
	}
	return err
}

// refuse gives the upload up first and removes its file after: whatever fails in between, the schedule removes both.
func (s *Store) refuse(ctx context.Context, c tenancy.Caller, u Upload) error {
	if err := s.guarded(ctx, c, sqlRefuseUpload, u.ID); err != nil {
		return err
	}
	return s.files.Delete(ctx, u.Key)
}

// guarded runs an update that touches the upload, or finds that it has gone meanwhile.
func (s *Store) guarded(ctx context.Context, c tenancy.Caller, sql string, upload id.Upload) error {
	return s.db.InOrg(ctx, c, func(tx postgres.Tx) error {
		n, err := tx.Exec(ctx, sql, upload)
		if err == nil && n == 0 {
			return ErrNotFound
		}
		return err
	})
}
