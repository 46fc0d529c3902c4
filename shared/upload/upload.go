// Package upload lets browsers send files straight to the object store, without passing through a function.
//
// The caller announces a file (purpose, type, length, SHA-256) and gets an address that takes exactly that file, under a key
// made here. Nothing uses the file until the caller completes the upload and the store has been asked what really arrived.
// What is not completed is removed within a day.
package upload

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"fitkit/shared/blob"
	"fitkit/shared/id"
	"fitkit/shared/name"
	"fitkit/shared/tenancy"
)

// Purpose is what a file is for. It decides the types and the length that are taken.
type Purpose string

// The purposes.
const (
	MemberPhoto Purpose = "member_photo"
	Document    Purpose = "document" // a certificate, an order to serve, a signed form
	Import      Purpose = "import"   // a list of members from another system; staff only
)

const megabyte = 1 << 20

// rule is what a purpose takes. SVG is an image that can hold scripts, so no purpose takes it.
type rule struct {
	types   []string
	maximum int64 // bytes
	roles   []tenancy.Role
}

var rules = map[Purpose]rule{
	MemberPhoto: {[]string{"image/jpeg", "image/png", "image/webp"}, 5 * megabyte, tenancy.People},
	Document:    {[]string{"application/pdf", "image/jpeg", "image/png"}, 20 * megabyte, tenancy.People},
	Import:      {[]string{"text/csv"}, 20 * megabyte, []tenancy.Role{tenancy.Owner, tenancy.Manager, tenancy.FrontDesk}},
}

// File is what the caller announces.
type File struct {
	Purpose     Purpose
	Name        string
	ContentType string
	Size        int64 // bytes
	SHA256      blob.Sum
}

// Upload is an announced file and what became of it.
type Upload struct {
	ID id.Upload
	File
	Key       blob.Key
	State     string    // pending, ready
	ExpiresAt time.Time // latest moment of completion, while pending
}

// check refuses what the purpose does not take from anybody.
func (f *File) check() error {
	r := rules[f.Purpose]
	switch clean, err := name.Clean(f.Name); {
	case err != nil:
		return ErrFileName
	case !slices.Contains(r.types, f.ContentType):
		return ErrType
	case f.Size > r.maximum:
		return ErrTooLarge
	default:
		f.Name = clean
		return nil
	}
}

// from refuses a purpose that is not for the role.
func (f File) from(role tenancy.Role) error {
	if !slices.Contains(rules[f.Purpose].roles, role) {
		return ErrPurpose
	}
	return nil
}

// arrived says whether the store holds what was announced: all of it, and nothing else under its name. A store that
// keeps no sum has compared it already, when the file came.
func (f File) arrived(got blob.Info) error {
	if got.Size != f.Size || got.ContentType != f.ContentType || !got.SHA256.IsZero() && got.SHA256 != f.SHA256 {
		return ErrDiffers
	}
	return nil
}

// looksLike compares the beginning of a file with its type by the WHATWG's sniffing rules; a list is any text.
func looksLike(contentType string, head []byte) bool {
	sniffed, _, _ := strings.Cut(http.DetectContentType(head), ";")
	return sniffed == contentType || contentType == "text/csv" && sniffed == "text/plain"
}
