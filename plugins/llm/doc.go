// Command llm is the analyzer that asks a language model: SENTIMENT and TOPIC
// of what customers and staff write, QUALITY (the scorecard of plugins/quality)
// and RELEVANCE of staff's replies. It speaks to Ollama or to any server with
// the OpenAI chat API (vLLM, llama.cpp, LocalAI and the like), and asks once per
// message for all kinds that apply to its author.
//
// It needs the URL of a server and the name of a model. The server registers it
// when FINCO_LLM_URL is set; otherwise nothing of it runs.
//
// It owns the prompts (folder prompts; their hash is part of the version), the
// schema of the answer and what is believed of it. A message is hostile input:
// it stands between marks that are random per call, cut to a length, without
// the signs that chat templates are made of; the model has no tools and may
// answer only with words of a list and with quotes. A quote that is no part of
// the message is dropped and the confidence lowered; reasons are sentences of
// the rubric, never the model's own. What is no answer is a typed error, never a
// score:
//
//   - unavailable: no server, busy (503, 429), no model (404; the message names
//     `ollama pull MODEL`), a refused key, no answer in time, a server that
//     speaks another protocol;
//   - invalid: cut off (a finish reason that is not "stop"), declined, too long
//     for the model's context, or nonsense twice in a row with two seeds.
//
// The version names the prompts and, if the executable has a zip at its end with
// the file llm.json, the model that it is for: a plugin describes itself before
// it knows its settings, so what the version tells has to be in the file. The
// server appends it. Without one the settings name the model, and the version
// does not tell: whoever changes it should take its agreement anew. Each outcome
// names the model in its details, and with Ollama the digest of its weights.
//
// The confidence is the model's own word in three steps, lowered for missing
// evidence; it was not calibrated on rated messages.
//
// It refuses to log or to quote, in errors, what messages, models or servers
// say.
package main
