// Command question is the built-in analyzer of whether a message asks for
// information or action, with or without a question mark (QUESTION), and
// whether a customer's message is owed an answer (NEEDS_REPLY).
//
// It refuses to judge what staff are owed, the message before or after, and
// media without words.
package main
