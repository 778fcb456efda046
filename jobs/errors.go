package jobs

import (
	"github.com/riverqueue/river"

	"github.com/fincokpi/finco/domain"
)

// verdict translates an error for River: what can never succeed is cancelled, the rest is tried again.
func verdict(err error) error {
	switch domain.KindOf(err) {
	case "":
		return nil
	case domain.KindInvalid, domain.KindNotFound, domain.KindDenied:
		return river.JobCancel(err)
	default:
		return err
	}
}
