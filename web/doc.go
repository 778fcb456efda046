// Package web is what a browser gets: the page at /, which says what is running, and GraphiQL with ready queries.
//
// It owns the pages, their texts in Uzbek, Russian and English, the ready queries and the headers that keep pages safe
// (a strict Content-Security-Policy above all). It refuses to know anything of FinCo but what /graphql and /readyz tell
// a browser: it imports no other room.
//
// gen holds GraphiQL and what it needs, bundled from the exact versions in package-lock.json, so that no page ever asks
// another host for anything.
package web

//go:generate node vendor.mjs
