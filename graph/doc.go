// Package graph is the GraphQL door: it reads through ent, whose policy narrows every row to what the actor may see, and writes
// through app's verbs. Resolvers hold no checks of their own. schema/*.graphql is the published contract.
package graph
