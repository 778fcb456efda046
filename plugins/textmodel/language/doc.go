// Package language tells in which of the product's languages a chat message is
// written: English, Russian, Uzbek in Latin or Uzbek in Cyrillic letters.
//
// The script decides what can come into question, a small model decides the
// rest. The package refuses to know other languages: their texts get the
// nearest of the four, with the confidence of the model.
package language
