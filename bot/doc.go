// Package bot is FinCo in Telegram: the door through which updates come in and messages go out.
//
// It owns the reading of updates (poller.go, webhook.go, inbox.go: stored first, handled in order per chat), their translation into
// records (messages.go and its neighbours), the commands (one file each), the texts (texts/), and the sending of the outbox
// (sender.go). One process at a time reads and sends; any process may take webhooks.
//
// It refuses rules: who may do what and what a figure means is app's to say. It holds no state that a restart would lose: the step
// of a talk is a dialog in the database, and what is to be sent is a row before it is a call.
package bot
