// Package backup keeps second and third copies, and proves them. A logical export writes every table of an organisation to
// the general bucket once a week, so that one studio can be brought back without the others; a verification makes a copy of
// the whole database at an instant through the database's vendor and looks whether it would do.
//
// An export is read as the functions' login inside the organisation, so row-level security itself keeps other studios' rows
// out of it. What is sealed stays sealed: the files hold envelopes, and open only where the key rings are.
package backup

import "fitkit/shared/queue"

// ExportQueue is where exports wait, one job per organisation.
const ExportQueue queue.Name = "platform-export-org"

// Message is a job: write the job's organisation as the export of the week that began on Day.
type Message struct {
	Day string `json:"day"`
}

// DayLayout is how a week's first day is written.
const DayLayout = "2006-01-02"
