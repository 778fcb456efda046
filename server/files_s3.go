package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/fincokpi/finco/app"
	"github.com/fincokpi/finco/domain"
)

// s3Store keeps files in a bucket, under the same names as fileStore in its folder, so that copying the one into the other moves a store.
type s3Store struct {
	client *minio.Client
	// probe is the same without patience: it tells soon that the server is away.
	probe  *minio.Client
	bucket string
	// spool is where a file waits until its hash is known.
	spool string
}

// checkS3 tells what is wrong with the settings of the bucket; none at all is right.
func (c *Config) checkS3(faults *domain.Faults) {
	given := 0
	for _, value := range []string{c.S3Endpoint, c.S3Bucket, c.S3AccessKey, c.S3SecretKey} {
		if value != "" {
			given++
		}
	}
	if given != 0 && given != 4 {
		faults.Add("FINCO_S3_ENDPOINT, FINCO_S3_BUCKET, FINCO_S3_ACCESS_KEY, FINCO_S3_SECRET_KEY", "are given all or none")
		return
	}
	if given == 0 {
		return
	}
	if _, err := newS3Store(c, ""); err != nil {
		faults.AddErr("", err)
	}
}

// newS3Store makes the client; it asks the server nothing yet.
func newS3Store(c *Config, spool string) (*s3Store, error) {
	u, err := url.Parse(c.S3Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, domain.Errorf(domain.KindInvalid, "FINCO_S3_ENDPOINT: is no address such as https://s3.example.com:9000")
	}
	options := minio.Options{Creds: credentials.NewStaticV4(c.S3AccessKey, c.S3SecretKey, ""), Secure: u.Scheme == "https", Region: c.S3Region}
	client, err := minio.New(u.Host, &options)
	if err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "FINCO_S3_ENDPOINT: %w", err)
	}
	options.MaxRetries = 1
	probe, err := minio.New(u.Host, &options)
	if err != nil {
		return nil, domain.Errorf(domain.KindInvalid, "FINCO_S3_ENDPOINT: %w", err)
	}
	return &s3Store{client: client, probe: probe, bucket: c.S3Bucket, spool: spool}, nil
}

// Put implements app.FileStore. The object appears under its name only when it is whole, and anew if it was there.
func (s *s3Store) Put(ctx context.Context, r io.Reader) (app.StoredFile, error) {
	var out app.StoredFile
	f, err := os.CreateTemp(s.spool, unfinished+"*")
	if err != nil {
		return out, domain.Errorf(domain.KindUnavailable, "a file cannot be stored: %w", err)
	}
	defer func() { _, _ = f.Close(), os.Remove(f.Name()) }()
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, hash), io.LimitReader(reading{ctx, r}, mostFileBytes+1))
	if err == nil && n > mostFileBytes {
		err = errLargeFile
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return out, err
	}
	name := hex.EncodeToString(hash.Sum(nil))
	if _, err := s.client.PutObject(ctx, s.bucket, objectOf(name), f, n, minio.PutObjectOptions{ContentType: "application/octet-stream"}); err != nil {
		return out, s.fault(err)
	}
	return app.StoredFile{SHA256: name, Bytes: n}, nil
}

func objectOf(hash string) string { return hash[:2] + "/" + hash[2:] }

// Open implements app.FileStore.
func (s *s3Store) Open(ctx context.Context, hash string) (io.ReadCloser, error) {
	if !fileHash.MatchString(hash) {
		return nil, errFileName
	}
	object, err := s.client.GetObject(ctx, s.bucket, objectOf(hash), minio.GetObjectOptions{})
	if err != nil {
		return nil, s.fault(err)
	}
	if _, err := object.Stat(); err != nil { // nothing was asked before
		return nil, errors.Join(s.fault(err), object.Close())
	}
	return s3Object{object, s}, nil
}

// s3Object is a file of the bucket. Its errors are the store's.
type s3Object struct {
	*minio.Object
	store *s3Store
}

// Read implements io.Reader.
func (o s3Object) Read(p []byte) (int, error) {
	n, err := o.Object.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = o.store.fault(err)
	}
	return n, err
}

// List implements app.FileStore.
func (s *s3Store) List(ctx context.Context, each func(app.StoredFile, time.Time) error) error {
	ctx, cancel := context.WithCancel(ctx) // ends the listing when each fails
	defer cancel()
	for object := range s.client.ListObjects(ctx, s.bucket, minio.ListObjectsOptions{Recursive: true}) {
		if object.Err != nil {
			return s.fault(object.Err)
		}
		hash := strings.Replace(object.Key, "/", "", 1)
		if !fileHash.MatchString(hash) || object.Key != objectOf(hash) { // not ours
			continue
		}
		if err := each(app.StoredFile{SHA256: hash, Bytes: object.Size}, object.LastModified); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Remove implements app.FileStore.
func (s *s3Store) Remove(ctx context.Context, hash string, since time.Time) error {
	if !fileHash.MatchString(hash) {
		return errFileName
	}
	info, err := s.client.StatObject(ctx, s.bucket, objectOf(hash), minio.StatObjectOptions{})
	if err == nil && info.LastModified.Before(since) {
		err = s.client.RemoveObject(ctx, s.bucket, objectOf(hash), minio.RemoveObjectOptions{})
	}
	if err = s.fault(err); domain.KindOf(err) == domain.KindNotFound {
		return nil
	}
	return err
}

// fault says what an error of the bucket means. The library's texts name no secret; they may name the object.
func (s *s3Store) fault(err error) error {
	if err == nil {
		return nil
	}
	var said minio.ErrorResponse
	if errors.As(err, &said) {
		switch {
		case said.Code == minio.NoSuchBucket:
			return domain.Errorf(domain.KindUnavailable, "the bucket of files does not exist: make it, or name another with FINCO_S3_BUCKET")
		case said.Code == minio.NoSuchKey || said.StatusCode == http.StatusNotFound:
			return errFileGone
		case said.StatusCode == http.StatusForbidden || said.StatusCode == http.StatusUnauthorized:
			return domain.Errorf(domain.KindUnavailable, "the bucket of files refuses us (%s): see FINCO_S3_ACCESS_KEY, FINCO_S3_SECRET_KEY, FINCO_S3_REGION and its rules", said.Code)
		}
	}
	return domain.Errorf(domain.KindUnavailable, "the bucket of files does not answer: %w", err)
}

// movedStore is a bucket that a folder was before: what only the folder has is read from there, and all that is new goes into the bucket.
type movedStore struct {
	*s3Store
	before *fileStore
}

// Open implements app.FileStore.
func (m movedStore) Open(ctx context.Context, hash string) (io.ReadCloser, error) {
	f, err := m.s3Store.Open(ctx, hash)
	if domain.KindOf(err) == domain.KindNotFound {
		return m.before.Open(ctx, hash)
	}
	return f, err
}

// List implements app.FileStore.
func (m movedStore) List(ctx context.Context, each func(app.StoredFile, time.Time) error) error {
	if err := m.s3Store.List(ctx, each); err != nil {
		return err
	}
	return m.before.List(ctx, each)
}

// Remove implements app.FileStore.
func (m movedStore) Remove(ctx context.Context, hash string, since time.Time) error {
	return errors.Join(m.s3Store.Remove(ctx, hash, since), m.before.Remove(ctx, hash, since))
}
