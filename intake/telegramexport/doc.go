// Package telegramexport decodes the JSON exports of Telegram Desktop (result.json) into plain structs.
//
// It owns the file format: one chat or a whole account, old and new layouts, the repair of the \xNN escapes
// that Telegram writes although JSON has no such escape, and what can be saved from a damaged file. It reads
// as a stream: memory does not grow with the file.
//
// It refuses to decide anything about the company: who is staff, which side a message is on and what happens
// to a message that is there already are questions for its caller. It writes nothing and opens no network.
package telegramexport
