package bot

import "context"

// loops are what the leading process runs beside the reading of updates, by name, each until its context ends.
func (b *Bot) loops() map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"sender":   b.send,
		"menus":    b.menus,
		"payslips": b.payslips,
		"notices":  b.notices,
		"digests":  b.digests,
	}
}
