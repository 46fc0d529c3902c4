package catalog_test

import (
	"slices"
	"testing"

	"fitkit/shared/catalog"
	"fitkit/shared/platform"
	"fitkit/shared/queue"
)

// A queue that the relay does not know would keep its lost messages; a schedule that the admin pages do not know is missed by nobody.
func TestTheListsOfQueuesAndSchedulesAreComplete(t *testing.T) {
	var queues []queue.Name
	var crons []platform.Cron
	for _, s := range catalog.All() {
		if s.Queue != nil {
			queues = append(queues, queue.Name(s.Queue.Name))
		}
		if s.Schedule != nil {
			crons = append(crons, platform.Cron{Name: s.Name, Expression: s.Schedule.Expression})
		}
	}
	if !slices.Equal(queue.Names, queues) {
		t.Errorf("queue.Names is %q, the catalogue has %q", queue.Names, queues)
	}
	if !slices.Equal(platform.Crons, crons) {
		t.Errorf("platform.Crons is %q, the catalogue has %q", platform.Crons, crons)
	}
}
