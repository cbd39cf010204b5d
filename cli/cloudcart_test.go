package cli

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shopbell/freeport"
	"shopbell/sources/cloudcart/cloudcarttest"
)

// TestCloudCart registers the webhooks of a simulated store as an operator does, and has its orders rung.
func TestCloudCart(t *testing.T) {
	to := newSink(t)
	folder := t.TempDir()
	store := cloudcarttest.New(cloudcarttest.Options{Key: "the-key-of-shop1"})
	api := httptest.NewServer(store)
	t.Cleanup(api.Close)
	address, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "shopbell.yaml", fmt.Sprintf(`listen: %[1]s
url: http://%[1]s
admin: { token: "0123456789abcdef0123" }
http: { allow: [127.0.0.0/8] }
sources:
  cloudcart: { kind: cloudcart, stores: { shop1: { host: "%[2]s", api_key: "%[3]s" } } }
`, address, api.URL, reference(t, folder, "key", "the-key-of-shop1")))
	write(t, folder, "rules/a.yaml", strings.ReplaceAll(`rules:
  - name: placed
    when: cloudcart:order.created
    then: [{ http: { url: "SINK", body: "placed {{ order.id }} {{ order.status }}" } }]
`, "SINK", to.URL))
	running(t, folder)
	var said bytes.Buffer
	config := filepath.Join(folder, "shopbell.yaml")
	if code := Main([]string{"sources", "register", "cloudcart", "-c", config}, nil, &said, &said, os.LookupEnv); code != exitFine {
		t.Fatalf("registering ends with %d: %s", code, &said)
	}
	if n := len(store.Hooks()); n != 20 || strings.Count(said.String(), "created  http://"+address+"/webhooks/cloudcart/shop1/") != 20 || strings.Contains(said.String(), "the-key") {
		t.Fatalf("%d webhooks are registered: %s", n, &said)
	}
	id := store.PlaceOrder()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go store.Run(ctx)
	to.until(t, []string{"placed " + id + " pending"})
}
