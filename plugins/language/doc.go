// Command language is the built-in analyzer of the language a message is
// written in: English, Russian, Uzbek in Latin or Uzbek in Cyrillic letters, or
// "other" where the model behind it knows of further ones.
//
// It owns the label of LANGUAGE, a BCP 47 tag; package textmodel/language tells
// the tags apart. It refuses to guess at texts without letters of theirs.
package main
