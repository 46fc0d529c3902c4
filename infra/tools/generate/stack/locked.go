package stack

import (
	"slices"

	"fitkit/shared/blob/documents"
	"fitkit/shared/need"
)

// Grant is what a role may do to a part of the compliance bucket.
type Grant struct{ Actions, Path string }

// Locked is a function's grants on the compliance bucket. Who stores documents can read and lock them and delete nothing;
// the daily check may try to delete its own samples, and reads the bucket's settings. Who only
// asks whether it answers reads one of them.
func (f Function) Locked() []Grant {
	const store = "'s3:PutObject', 's3:PutObjectRetention', 's3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention'"
	switch {
	case slices.Contains(f.Needs, need.ComplianceLock):
		return []Grant{{store + ", 's3:DeleteObject', 's3:DeleteObjectVersion'", "/lock-check/*"},
			{"'s3:GetBucketVersioning', 's3:GetBucketObjectLockConfiguration'", ""}}
	case slices.Contains(f.Needs, need.LockedReports):
		return []Grant{{store, "/" + documents.ReportsFolder + "*"}}
	case slices.Contains(f.Needs, need.ComplianceBlob):
		return []Grant{{store, "/" + documents.DocumentsFolder + "*"}}
	case slices.Contains(f.Needs, need.ComplianceProbe):
		return []Grant{{"'s3:GetBucketVersioning'", ""}}
	}
	return nil
}
