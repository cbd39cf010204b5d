package slack

import (
	"context"
	"fmt"
)

// Test implements [actions.Tester]: it asks whose token it is. An incoming webhook cannot be asked anything.
func (b *bot) Test(ctx context.Context) (string, error) {
	who, err := b.client.AuthTestContext(ctx)
	if err != nil {
		return "", sorted(err)
	}
	if who.Team == "" {
		return "", errNotSlack()
	}
	return fmt.Sprintf("posts as %s in %s", who.User, who.Team), nil
}
