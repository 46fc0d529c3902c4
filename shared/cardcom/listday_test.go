package cardcom_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTheListIsAskedForByIsraelsDays(t *testing.T) {
	t.Parallel()
	var asked string
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		asked = string(b)
		answers(200, `{"ResponseCode":0,"Tranzactions":[]}`)(w, r)
	})
	late := time.Date(2026, 2, 28, 22, 30, 0, 0, time.UTC) // half past midnight on 1 March in Israel
	if _, err := c.List(t.Context(), credentials, late, late.AddDate(0, 4, 0).Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	// In summer Israel is three hours ahead: 21:30 on 28 June is past midnight as well.
	for _, day := range []string{`"FromDate":"01032026"`, `"ToDate":"29062026"`} {
		if !strings.Contains(asked, day) {
			t.Errorf("no %s in %s", day, asked)
		}
	}
}
