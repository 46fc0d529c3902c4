package seed

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Cards of Cardcom's sandbox; its README lists all and how they behave.
const (
	CardApproves     = "4580000000000000"
	CardSoftDeclines = "4580000000000104" // the first try of each charge
	CardHardDeclines = "4580000000000001"
)

// SaveCard types a card into the sandbox's hosted page at address, as a payer would in a browser, and sends the form.
func SaveCard(ctx context.Context, address, card, nationalID string) error {
	form := url.Values{
		"CardNumber": {card}, "CardMonth": {"06"}, "CardYear": {fmt.Sprint(time.Now().Year() + 3)}, "Cvv": {"123"},
		"CardOwnerId": {nationalID}, "action": {"pay"},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// The page sends the payer back to the web application, which need not run.
	browser := http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	// 409: the page was paid before, by a run that was cut short.
	if res.StatusCode != http.StatusSeeOther && res.StatusCode != http.StatusConflict {
		return fmt.Errorf("the card page answered %d", res.StatusCode)
	}
	return nil
}
