package uploadapi

import (
	"context"

	"fitkit/shared/api"
	"fitkit/shared/blob"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
	"fitkit/shared/upload"
)

// Completer is what Complete needs.
type Completer interface {
	Complete(ctx context.Context, c tenancy.Caller, u id.Upload) (upload.Upload, error)
}

// CompleteOp declares POST /v1/uploads/{id}/complete. A repeat finds the upload ready, so there is no key to send.
var CompleteOp = api.Op{
	Name: "api-org-complete-upload", Method: api.POST, Path: "/v1/uploads/{id}/complete", Read: true,
	Summary: "Say that the file was sent; it is compared with what was announced and can be used from then on",
	Roles:   tenancy.People,
	Errors:  []*fail.Error{upload.ErrNotFound, upload.ErrNotArrived, upload.ErrDiffers, blob.ErrUnavailable},
	Needs:   []need.Need{need.Postgres, need.Blob},
}

type completeInput struct {
	ID id.Upload `path:"id"`
}

type completeOutput struct {
	ID          id.Upload      `json:"id"`
	Purpose     upload.Purpose `json:"purpose" enum:"member_photo,document,import"`
	State       string         `json:"state" enum:"ready"`
	FileName    string         `json:"file_name"`
	ContentType string         `json:"content_type"`
	Size        int64          `json:"size"`
}

// Complete makes an upload ready.
func Complete(uploads Completer) api.Endpoint {
	return api.New(CompleteOp, func(ctx context.Context, c api.Caller, in *completeInput) (*completeOutput, error) {
		u, err := uploads.Complete(ctx, c, in.ID)
		if err != nil {
			return nil, err
		}
		return &completeOutput{ID: u.ID, Purpose: u.Purpose, State: u.State, FileName: u.Name, ContentType: u.ContentType, Size: u.Size}, nil
	})
}
