package newsletter

import (
	"context"
	"net/http"
)

// Test implements [actions.Tester]: it asks for what any key may read and nobody notices.
func (s *sender) Test(ctx context.Context) (string, error) {
	if _, err := s.desk.ask(ctx, call{method: http.MethodGet, path: s.service.test}); err != nil {
		return "", err
	}
	return s.service.name + " knows the key", nil
}
