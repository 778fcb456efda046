package server

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

// placedStore is a store of files that knows where it is.
type placedStore interface {
	app.FileStore
	// where names the place for people.
	where() string
	// check asks whether files can be had there now: invalid if it is refused, which waiting does not mend, else unavailable.
	check(ctx context.Context) error
}

func (s *fileStore) where() string { return "the folder " + s.dir }

func (s *fileStore) check(context.Context) error {
	f, err := os.CreateTemp(s.dir, unfinished+"*")
	if err != nil {
		return domain.Errorf(domain.KindUnavailable, "the folder of files cannot be written to: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (s *s3Store) where() string {
	return "the bucket " + s.bucket + " at " + s.probe.EndpointURL().String()
}

func (s *s3Store) check(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx) // ends the listing, of which one answer is enough
	defer cancel()
	var err error
	for object := range s.probe.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{MaxKeys: 1}) {
		err = object.Err
		break
	}
	var said minio.ErrorResponse
	if err == nil || !errors.As(err, &said) || said.StatusCode < 400 || said.StatusCode >= 500 || said.StatusCode == http.StatusTooManyRequests {
		return s.fault(err)
	}
	switch {
	case said.Code == minio.NoSuchBucket || said.StatusCode == http.StatusForbidden || said.StatusCode == http.StatusUnauthorized:
		return domain.Errorf(domain.KindInvalid, "%w", s.fault(err))
	default:
		return domain.Errorf(domain.KindInvalid, "the bucket of files cannot be used (%s, HTTP %d): see FINCO_S3_ENDPOINT, FINCO_S3_BUCKET and FINCO_S3_REGION", said.Code, said.StatusCode)
	}
}

func (m movedStore) where() string {
	return m.s3Store.where() + "; what is not there is looked for in " + m.before.where()
}

const (
	// filesAnswer is how long a store may take to answer, filesEvery how often it is asked.
	filesAnswer = 5 * time.Second
	filesEvery  = 30 * time.Second
)

// FilesStatus is where files are kept and what is the matter there.
type FilesStatus struct {
	Where string
	// Fault is nil if all is in order; invalid if the store refuses us, unavailable if it does not answer.
	Fault error
}

// FilesStatus asks the store, for seconds at the most.
func (p *Parts) FilesStatus(ctx context.Context) FilesStatus {
	ctx, cancel := context.WithTimeout(ctx, filesAnswer)
	defer cancel()
	return FilesStatus{Where: p.files.where(), Fault: p.files.check(ctx)}
}

// inOrder is what /readyz says of a store that answers.
const inOrder = "in order"

// checkFiles asks the store once and stops the start if it refuses us: no waiting mends the settings. One that does not answer may
// come back; until then files wait.
func (s *serving) checkFiles(ctx context.Context) error {
	status := s.FilesStatus(ctx)
	if domain.KindOf(status.Fault) == domain.KindInvalid {
		return status.Fault
	}
	s.filesAre(status.Fault)
	return nil
}

// watchFiles asks the store again and again until the context ends.
func (s *serving) watchFiles(ctx context.Context) {
	every := time.NewTicker(filesEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if fault := s.FilesStatus(ctx).Fault; ctx.Err() == nil {
			s.filesAre(fault)
		}
	}
}

// filesAre notes how the store is, and logs when that changes.
func (s *serving) filesAre(fault error) {
	now := inOrder
	if fault != nil {
		now, _, _ = strings.Cut(fault.Error(), ":") // anybody may read it; the address of the store is in the log
	}
	before, _ := s.stored.Swap(now).(string)
	switch bad := now != inOrder; {
	case bad && (before == "" || before == inOrder):
		s.Log.Warn("files cannot be stored or read; they wait", "room", "server", "where", s.files.where(), "error", fault)
	case !bad && before != "" && before != inOrder:
		s.Log.Info("files can be stored and read again", "room", "server")
	}
}
