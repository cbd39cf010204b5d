package sql

import (
	"context"
	"fmt"
	"strings"

	"shopbell/actions"
)

// Test implements [actions.Tester]: it signs in, and looks whether the tables are there. It writes nothing.
func (s *sender) Test(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, whole)
	defer cancel()
	var version string
	var bare []string
	err := s.base.with(ctx, func(c *conn) error {
		err := c.each(ctx, s.base.version, nil, func(scan func(...any) error) error { return scan(&version) })
		for _, name := range s.tables {
			var t *table
			if err == nil {
				t, err = s.shapes.read(ctx, c, name)
			}
			if err == nil && len(t.uniques) == 0 {
				bare = append(bare, name)
			}
		}
		return err
	})
	switch answer := actions.OutcomeOf(err); {
	case err != nil && answer.Blame == actions.BlameRequest: // here nobody asked for a table but the account
		return "", actions.Permanent(actions.BlameAccount, err)
	case err != nil:
		return "", err
	case len(bare) > 0:
		return "", actions.Permanent(actions.BlameAccount, fmt.Errorf("nothing can be written to %s: a table needs a primary key or unique index", strings.Join(bare, ", ")))
	}
	return fmt.Sprintf("%s %s has the tables %s", s.base.title, actions.Excerpt([]byte(version)), strings.Join(s.tables, ", ")), nil
}
