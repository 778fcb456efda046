package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"time"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// maxAnswer is the size of the largest answer that is read, in bytes.
const maxAnswer = 4 << 20

// client speaks to the server of the settings; it is safe for concurrent use.
type client struct {
	http  *http.Client
	url   string
	token string
	model string // empty: the engine names none
}

func newClient(s settings) *client {
	c := &client{url: s.URL, token: s.Token, http: &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout: 5 * time.Second, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
		},
		// Followed, a redirect could carry voices and the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if s.Engine == openAI {
		c.model = s.Model
	}
	return c
}

// header is what every request carries.
func (c *client) header() http.Header {
	h := http.Header{"Accept": {"application/json"}, "User-Agent": {"FinCo-stt/" + codeVersion}}
	if c.token != "" {
		h.Set("Authorization", "Bearer "+c.token)
	}
	return h
}

// field is a part of a form.
type field struct{ name, value string }

// upload is a form with a file as its last part.
type upload struct {
	fields []field
	name   string // of the file's part
	format format
	sound  io.Reader
	bytes  int64        // of sound; 0: unknown, the form is sent in chunks
	failed func() error // why sound was not read to its end
}

// original sends the file as it was recorded.
func original(n *note, name string, fields []field) upload {
	return upload{fields: fields, name: name, format: n.format, sound: n.source, bytes: n.bytes, failed: n.source.failure}
}

// decoded sends 16 kHz WAV.
func decoded(p *pcm, name string, fields []field) upload {
	return upload{fields: fields, name: name, format: format{file: "voice.wav", mime: "audio/wav"},
		sound: io.MultiReader(bytes.NewReader(wavHeader()), p), failed: p.failure}
}

// form lays the fields out before the file, whose bytes go between the two ends that it returns.
func (u upload) form() (begin, end []byte, contentType string, err error) {
	var form bytes.Buffer
	writer := multipart.NewWriter(&form)
	for _, f := range u.fields {
		err = errors.Join(err, writer.WriteField(f.name, f.value))
	}
	_, broken := writer.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition(u.name, u.format.file)}, "Content-Type": {u.format.mime}})
	length := form.Len()
	err = errors.Join(err, broken, writer.Close())
	return form.Bytes()[:length:length], form.Bytes()[length:], writer.FormDataContentType(), err
}

// send uploads and returns a 200's body, which is JSON. Nothing that the server says gets into an error.
func (c *client) send(ctx context.Context, u upload) (json.RawMessage, error) {
	begin, end, contentType, err := u.form()
	if err != nil {
		return nil, analyzer.Errorf(analyzer.Internal, "the form can't be made")
	}
	// Behind a pipe of its own, the transport, which may read on after Do has returned, is cut off from the sound.
	reader, writer := io.Pipe()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, err := io.Copy(writer, io.MultiReader(bytes.NewReader(begin), u.sound, bytes.NewReader(end)))
		writer.CloseWithError(err)
	}()
	defer func() { reader.CloseWithError(io.ErrClosedPipe); awaitOrLeave(sent) }()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, reader)
	if err != nil {
		return nil, analyzer.Errorf(analyzer.Internal, "the request can't be made")
	}
	request.Header = c.header()
	request.Header.Set("Content-Type", contentType)
	if u.bytes > 0 {
		request.ContentLength = int64(len(begin)+len(end)) + u.bytes
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.unreachable(ctx, u.failed, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case response.StatusCode != http.StatusOK:
		return nil, c.refused(response.StatusCode)
	case u.failed() != nil: // an answer to half a note
		return nil, u.failed()
	case len(raw) > maxAnswer:
		return nil, c.tooMuch()
	case err != nil && ctx.Err() != nil:
		return nil, c.unreachable(ctx, u.failed, err)
	case err != nil || !json.Valid(raw):
		return nil, c.nonsense()
	}
	return raw, nil
}

// awaitOrLeave waits a moment for who copies a sound; a Read that waits for the host ends with the call.
func awaitOrLeave(done <-chan struct{}) {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

func (c *client) tooMuch() error {
	return analyzer.Downstreamf(analyzer.Internal, "%s answers with more than %d MiB", c.url, maxAnswer>>20)
}

func (c *client) nonsense() error {
	return analyzer.Downstreamf(analyzer.Internal,
		"the answer of %s is cut off or not what this engine answers: check the settings engine and url", c.url)
}

// unreachable says why there is no answer, in words of ours: an error of net/http may quote what the server sent.
func (c *client) unreachable(ctx context.Context, failed func() error, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if own := failed(); own != nil {
		return own
	}
	var wrong *net.OpError
	var name *net.DNSError
	why := "the connection broke"
	switch {
	case errors.As(err, &name):
		why = "its name is not known"
	case errors.As(err, &wrong) && wrong.Op == "dial":
		why = "nothing answers there"
	}
	return analyzer.Downstreamf(analyzer.Unavailable, "%s can't be reached: %s", c.url, why)
}

// refused types a status.
func (c *client) refused(status int) error {
	switch {
	case status == http.StatusNotFound && c.model != "":
		return analyzer.Downstreamf(analyzer.Unavailable, "%s answers 404: it has no model %s (install it there, or set model), or the url is wrong",
			c.url, c.model)
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status/100 == 3:
		return analyzer.Downstreamf(analyzer.Unavailable, "%s takes no voice notes (%d): check the settings engine and url", c.url, status)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return analyzer.Downstreamf(analyzer.Unavailable, "%s refuses the token (%d)", c.url, status)
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return analyzer.Downstreamf(analyzer.Unavailable, "%s is busy (%d)", c.url, status)
	case status == http.StatusRequestTimeout, status == 499, status >= 500: // 499: whisper.cpp was told that we left
		return analyzer.Downstreamf(analyzer.Unavailable, "%s failed (%d)", c.url, status)
	case status >= 400:
		return analyzer.Downstreamf(analyzer.Invalid, "%s refuses this voice note (%d)", c.url, status)
	default:
		return analyzer.Downstreamf(analyzer.Internal, "%s answers with status %d", c.url, status)
	}
}
