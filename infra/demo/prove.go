package main

import (
	"context"
	"fmt"
)

// ledger is the provider's own book of this run's terminal.
type ledger struct {
	Transactions []struct {
		TranzactionID    int64  `json:"tranzactionId"`
		ExternalUniqTran string `json:"externalUniqTranId"`
		AmountAgorot     int64  `json:"amountAgorot"`
	} `json:"transactions"`
	Totals struct {
		Captured int   `json:"captured"`
		Agorot   int64 `json:"capturedAgorot"`
		MaxByKey int   `json:"maxCapturesPerExternalUniqTranId"`
	} `json:"totals"`
}

func (d *demo) prove(ctx context.Context) error {
	var l ledger
	if err := get(ctx, fmt.Sprintf("%s/_sandbox/ledger?terminal=%d", d.at.Cardcom, d.terminal), &l); err != nil {
		return err
	}
	say("%+v", l.Totals)
	return nil
}
