// Package uploadapi is the endpoints of uploads.
package uploadapi

import (
	"context"
	"encoding/hex"
	"time"

	"fitkit/shared/api"
	"fitkit/shared/blob"
	"fitkit/shared/fail"
	"fitkit/shared/id"
	"fitkit/shared/need"
	"fitkit/shared/tenancy"
	"fitkit/shared/upload"
)

// Creator is what Create needs.
type Creator interface {
	Create(ctx context.Context, c tenancy.Caller, f upload.File) (upload.Upload, blob.Signed, error)
}

// CreateOp declares POST /v1/uploads.
var CreateOp = api.Op{
	Name: "api-org-create-upload", Method: api.POST, Path: "/v1/uploads", Status: 201,
	Summary: "Announce a file and get the address to send it to; then complete the upload",
	Roles:   tenancy.People,
	Errors:  []*fail.Error{upload.ErrType, upload.ErrTooLarge, upload.ErrFileName, upload.ErrPurpose},
	Needs:   []need.Need{need.Postgres, need.Blob},

	PerMinute: 120,
}

type createInput struct {
	Body struct {
		Purpose     upload.Purpose `json:"purpose" enum:"member_photo,document,import" doc:"member_photo: JPEG, PNG or WebP up to 5 MB; document: PDF, JPEG or PNG up to 20 MB; import: CSV up to 20 MB"`
		FileName    string         `json:"file_name" minLength:"1" maxLength:"200"`
		ContentType string         `json:"content_type" enum:"image/jpeg,image/png,image/webp,application/pdf,text/csv"`
		Size        int64          `json:"size" minimum:"1" maximum:"1073741824" doc:"Bytes"`
		SHA256      string         `json:"sha256" pattern:"^[0-9a-f]{64}$" doc:"Of the file, in hexadecimal"`
	}
}

type createOutput struct {
	ID             id.Upload         `json:"id"`
	Method         string            `json:"method" enum:"PUT"`
	URL            string            `json:"url" doc:"Send the file here with the headers exactly as given; it is refused when it differs in length, type or content"`
	Headers        map[string]string `json:"headers"`
	SendBefore     time.Time         `json:"send_before"`
	CompleteBefore time.Time         `json:"complete_before" doc:"After this the upload and its file are removed"`
}

// Create announces a file.
func Create(uploads Creator) api.Endpoint {
	return api.New(CreateOp, func(ctx context.Context, c api.Caller, in *createInput) (*createOutput, error) {
		b := in.Body
		f := upload.File{Purpose: b.Purpose, Name: b.FileName, ContentType: b.ContentType, Size: b.Size}
		if _, err := hex.Decode(f.SHA256[:], []byte(b.SHA256)); err != nil {
			return nil, err
		}
		u, to, err := uploads.Create(ctx, c, f)
		if err != nil {
			return nil, err
		}
		return &createOutput{ID: u.ID, Method: to.Method, URL: to.URL, Headers: to.Headers, SendBefore: to.Expires, CompleteBefore: u.ExpiresAt.UTC()}, nil
	})
}
