package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A bucket that refuses us stops the start; one that is away is told of, and the server goes on.
func TestTheBucketIsAskedAtTheStart(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<Error><Code>InvalidAccessKeyId</Code><Message>no</Message></Error>`)
	}))
	t.Cleanup(refusing.Close)
	const secret = "a very secret key"
	bucket := func(endpoint string) []string {
		return []string{"--s3-endpoint", endpoint, "--s3-bucket", "finco-files", "--s3-access-key", "access", "--s3-secret-key", secret}
	}
	m := newMachine(t)
	r := m.run(append([]string{"serve"}, bucket(refusing.URL)...)...)
	if r.code != 1 || !strings.Contains(r.stderr, "finco: the bucket of files refuses us (InvalidAccessKeyId): see FINCO_S3_ACCESS_KEY") || strings.Contains(r.stderr, secret) {
		t.Errorf("code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	s := m.serve(bucket("http://127.0.0.1:1")...)
	if ready := s.get(t, "/readyz"); !strings.Contains(ready, `"files":"the bucket of files does not answer"`) {
		t.Error(ready)
	}
	if said := s.logs.String(); strings.Count(said, "files cannot be stored or read") != 1 || strings.Contains(said, secret) {
		t.Error(said)
	}
	status := m.run(append([]string{"files", "status"}, bucket("http://127.0.0.1:1")...)...)
	if status.code != 1 || !strings.Contains(status.stdout, "kept in  the bucket finco-files at http://127.0.0.1:1") || !strings.Contains(status.stderr, "does not answer") {
		t.Errorf("code %d\n%s%s", status.code, status.stdout, status.stderr)
	}
	if said := m.must("files", "status"); !strings.Contains(said, "kept in  the folder ") || !strings.Contains(said, "in order") {
		t.Error(said)
	}
}
