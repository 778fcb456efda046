// Command topic is the built-in analyzer of what a message is about: price,
// delivery, payment, refund, product, technical, account, booking, documents,
// staff_complaint, smalltalk or other.
//
// It owns the label of TOPIC. It refuses to judge the message before or after,
// and to guess at media without words.
package main
