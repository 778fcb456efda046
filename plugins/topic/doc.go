// Command topic is the built-in analyzer of what a message is about: price,
// delivery, payment, refund, product, technical, account, booking, documents,
// staff_complaint, smalltalk or other, and what topics of its own a company
// names in the settings with a few example phrases.
//
// It owns the label of TOPIC; package likeness compares texts with the phrases.
// It refuses to judge the message before or after, and to guess at media
// without words.
package main
