package main

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/fincokpi/finco/plugins/analyzer"
)

// chatMessage is one message of either protocol.
type chatMessage struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func (t conversation) messages() []chatMessage {
	return []chatMessage{{"system", t.system}, {"user", t.user}}
}

// ollamaRequest is the body of POST /api/chat. Truncate and Shift are off, so that a message that does not fit is an error
// and not half a message.
type ollamaRequest struct {
	Model     string          `json:"model"`
	Messages  []chatMessage   `json:"messages"`
	Stream    bool            `json:"stream"`
	Format    json.RawMessage `json:"format"`
	Think     bool            `json:"think"`
	Truncate  bool            `json:"truncate"`
	Shift     bool            `json:"shift"`
	KeepAlive string          `json:"keep_alive"`
	Options   ollamaOptions   `json:"options"`
}

type ollamaOptions struct {
	Temperature float64 `json:"temperature"`
	Seed        int64   `json:"seed"`
	NumCtx      int     `json:"num_ctx"`
	NumPredict  int     `json:"num_predict"`
}

func (c *client) askOllama(ctx context.Context, talk conversation, schema json.RawMessage, seed int64) (string, error) {
	var answer struct {
		Message    chatMessage `json:"message"`
		Done       bool        `json:"done"`
		DoneReason string      `json:"done_reason"`
		Error      string      `json:"error"`
	}
	err := c.call(ctx, "/api/chat", ollamaRequest{
		Model: c.model, Messages: talk.messages(), Format: schema, KeepAlive: keepAlive,
		Options: ollamaOptions{Seed: seed, NumCtx: contextTokens, NumPredict: answerTokens},
	}, &answer)
	switch {
	case err != nil:
		return "", err
	case answer.Error != "":
		return "", analyzer.Downstreamf(analyzer.Unavailable, "%s answers with an error", c.base)
	case !answer.Done:
		return "", c.finished("")
	}
	return answer.Message.Content, c.finished(answer.DoneReason)
}

// healthOllama looks whether an Ollama answers and has the model, and returns the beginning of the digest of its weights.
func (c *client) healthOllama(ctx context.Context) (string, error) {
	var version struct {
		Version string `json:"version"`
	}
	if err := c.call(ctx, "/api/version", nil, &version); err != nil {
		return "", err
	}
	if version.Version == "" {
		return "", analyzer.Downstreamf(analyzer.Unavailable, "%s is no Ollama: check the settings url and api", c.base)
	}
	var tags struct {
		Models []struct {
			Name   string `json:"name"`
			Model  string `json:"model"`
			Digest string `json:"digest"`
		} `json:"models"`
	}
	if err := c.call(ctx, "/api/tags", nil, &tags); err != nil {
		return "", err
	}
	wanted := tagged(c.model)
	for _, model := range tags.Models {
		if strings.EqualFold(tagged(model.Name), wanted) || strings.EqualFold(tagged(model.Model), wanted) {
			return hexPrefix(model.Digest), nil
		}
	}
	return "", c.missing()
}

// hexPrefix is the beginning of a digest, which tells two of them apart; what is none is "".
func hexPrefix(digest string) string {
	const length = 12
	digest = strings.TrimPrefix(digest, "sha256:")
	if len(digest) < length || strings.Trim(digest[:length], "0123456789abcdef") != "" {
		return ""
	}
	return digest[:length]
}

// tagged is a model's name with the tag that Ollama takes when none is given. A colon before a slash belongs to a host.
func tagged(model string) string {
	if strings.Contains(model[strings.LastIndex(model, "/")+1:], ":") {
		return model
	}
	return model + ":latest"
}

// openAIRequest is the body of POST /v1/chat/completions. max_tokens is the name that all servers of this style know.
type openAIRequest struct {
	Model          string         `json:"model"`
	Messages       []chatMessage  `json:"messages"`
	Stream         bool           `json:"stream"`
	Temperature    float64        `json:"temperature"`
	Seed           int64          `json:"seed"`
	MaxTokens      int            `json:"max_tokens"`
	ResponseFormat responseFormat `json:"response_format"`
}

type responseFormat struct {
	Type       string     `json:"type"`
	JSONSchema jsonSchema `json:"json_schema"`
}

type jsonSchema struct {
	Name   string          `json:"name"`
	Strict bool            `json:"strict"`
	Schema json.RawMessage `json:"schema"`
}

func (c *client) askOpenAI(ctx context.Context, talk conversation, schema json.RawMessage, seed int64) (string, error) {
	var answer struct {
		Choices []struct {
			FinishReason string `json:"finish_reason"`
			Message      struct {
				Content string `json:"content"`
				Refusal string `json:"refusal"`
			} `json:"message"`
		} `json:"choices"`
		Error json.RawMessage `json:"error"`
	}
	err := c.call(ctx, "/v1/chat/completions", openAIRequest{
		Model: c.model, Messages: talk.messages(), Seed: seed, MaxTokens: answerTokens,
		ResponseFormat: responseFormat{Type: "json_schema", JSONSchema: jsonSchema{Name: "rating", Strict: true, Schema: schema}},
	}, &answer)
	if err != nil {
		return "", err
	}
	if len(answer.Choices) == 0 || len(answer.Error) > 0 && string(answer.Error) != "null" {
		return "", analyzer.Downstreamf(analyzer.Unavailable, "%s answers with an error", c.base)
	}
	first := answer.Choices[0]
	if first.Message.Refusal != "" {
		return "", analyzer.Downstreamf(analyzer.Invalid, "model %s declined to rate the message", c.model)
	}
	return first.Message.Content, c.finished(first.FinishReason)
}
