package platform

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"fitkit/shared/fail"
	"fitkit/shared/retry"
	"fitkit/shared/secret"
)

// ErrVendor is a vendor that does not answer as it should. What it said is for the log.
var ErrVendor = fail.New(fail.Unavailable, "platform.vendor_unavailable", "The vendor does not answer as it should; try again later.", "השירות החיצוני אינו עונה כראוי; נסו שוב מאוחר יותר.").
	After(time.Minute)

// ErrVendorKey is a vendor that refuses our key: trying again cannot help.
var ErrVendorKey = fail.New(fail.Conflict, "platform.vendor_key_refused", "The vendor refuses our key: it has expired or is of another project. Put a new one into the parameter store: it counts within ten minutes, without a deployment.", "השירות החיצוני דוחה את המפתח: פג תוקפו או שהוא של פרויקט אחר. שמרו מפתח חדש במאגר הפרמטרים: הוא ייכנס לתוקף בתוך עשר דקות, ללא פריסה.")

const (
	vendorPatience = 5 * time.Second
	// vendorAnswer is the most that is read of an answer, in bytes.
	vendorAnswer = 1 << 20
)

// vendor asks one outside service with a bearer token.
type vendor struct {
	token secret.Secret
	http  *http.Client
}

func newVendor(token secret.Secret) vendor {
	return vendor{token, &http.Client{Timeout: vendorPatience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// ask sends in, when there is something, as JSON, and reads the answer into out. Errors: ErrVendor, ErrVendorKey.
func (v vendor) ask(ctx context.Context, method, address string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+v.token.Reveal())
	req.Header.Set("Content-Type", "application/json")
	res, err := v.http.Do(req)
	if err != nil {
		return fail.Wrap(ErrVendor, "ask %s", req.URL.Host)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		return ErrVendorKey
	case res.StatusCode != http.StatusOK:
		return fail.Wrap(ErrVendor.After(max(ErrVendor.RetryAfter, retry.After(res.Header, time.Now()))), "%s answered %d", req.URL.Host, res.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, vendorAnswer)).Decode(out); err != nil {
		return fail.Wrap(ErrVendor, "read the answer of %s", req.URL.Host)
	}
	return nil
}
