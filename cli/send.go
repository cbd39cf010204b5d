package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"shopbell/config"
	"shopbell/document"
	"shopbell/sources/ecwid"
)

// sending is what the flags of send say.
type sending struct {
	source, store, subject, id, url string
	data                            []string
}

func (p *program) send() *cobra.Command {
	var s sending
	c := &cobra.Command{
		Use:   "send TYPE",
		Short: "Send a signed event to a running server, as the platform would",
		Long: `Send one event to a running server, signed with the secret of the config, as the platform would send it. The server
cannot tell the difference: it reads the entity back from the store, and rules act on it.

The subject is the id under which the platform's API knows the entity: the number of an order (K8XTQ), the id of a
product. Exit code 1 when the answer is not 200.`,
		Example: "  shopbell send order.created --subject K8XTQ --store 1003\n  shopbell send order.updated --subject K8XTQ --data oldPaymentStatus=AWAITING_PAYMENT --data newPaymentStatus=PAID",
		Args:    between(1, 1),
	}
	f := c.Flags()
	f.StringVar(&s.source, "source", "", "name of the source in the config (default: the only one)")
	f.StringVar(&s.store, "store", "", "id of the store (default: the only one)")
	f.StringVar(&s.subject, "subject", "", "id of the entity that the event is about")
	f.StringVar(&s.id, "id", "", "id of the event (default: a new one); the same id twice is a duplicate")
	f.StringArrayVar(&s.data, "data", nil, "key=value of the event's data; may be given more than once")
	f.StringVar(&s.url, "url", "", "address of the server (default: from the config)")
	c.RunE = func(c *cobra.Command, args []string) error {
		conf, err := p.load()
		if err != nil {
			return err
		}
		source, err := s.target(conf)
		if err != nil {
			return err
		}
		if _, known := source.Kind.Catalog.Lookup(args[0]); !known {
			fmt.Fprintf(p.stderr, "%s has no event type %q, sent all the same. %s\n", source.Kind.Name, args[0],
				document.DidYouMean(args[0], source.Kind.Catalog.Names()))
		}
		base := reachable(conf.Listen)
		if s.url != "" {
			if base, err = trimBase(s.url); err != nil {
				return err
			}
		}
		return s.post(c.Context(), p.stdout, base, source, args[0])
	}
	return c
}

// target finds the source, and fills in the store.
func (s *sending) target(c *config.Config) (config.Source, error) {
	if len(c.Sources) == 0 {
		return config.Source{}, failed("%s has no source to send as", c.File)
	}
	source := c.Sources[0]
	if s.source == "" && len(c.Sources) > 1 {
		return source, fmt.Errorf("there are %d sources: say which with --source", len(c.Sources))
	}
	if s.source != "" {
		var ok bool
		if source, ok = c.Find(s.source); !ok {
			return source, fmt.Errorf("there is no source %q in %s", s.source, c.File)
		}
	}
	if s.store == "" {
		if len(source.Stores) != 1 {
			return source, fmt.Errorf("source %s has %s: say which with --store", source.Name, counted(len(source.Stores), "store"))
		}
		s.store = source.Stores[0]
	}
	return source, nil
}

// post sends the event and tells the answer.
func (s *sending) post(ctx context.Context, w io.Writer, base string, source config.Source, eventType string) error {
	body, header, err := s.notification(source, eventType, time.Now())
	if err != nil {
		return err
	}
	address := base + "/webhooks/" + source.Name + "?" + url.Values{"eventtype": {eventType}}.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = header
	start := time.Now()
	answer, err := client().Do(r)
	if err != nil {
		return failed("no server answers at %s: start it with: shopbell serve", base)
	}
	defer answer.Body.Close()
	fmt.Fprintf(w, "%s in %s, event %s\n", answer.Status, time.Since(start).Round(100*time.Microsecond), s.id)
	if answer.StatusCode != http.StatusOK {
		return &failure{}
	}
	return nil
}

// notification makes the body and headers that Ecwid would send.
func (s *sending) notification(source config.Source, eventType string, now time.Time) ([]byte, http.Header, error) {
	if source.Kind.Name != ecwid.Name {
		return nil, nil, failed("events of kind %s cannot be sent by this version", source.Kind.Name)
	}
	var keys struct {
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(source.Config, &keys); err != nil || keys.Secret == "" {
		return nil, nil, failed("source %s has no client_secret to sign with", source.Name)
	}
	data, err := pairs(s.data)
	if err != nil {
		return nil, nil, err
	}
	if s.id == "" {
		s.id = newID()
	}
	body := map[string]any{"eventId": s.id, "eventCreated": now.Unix(), "storeId": jsonNumber(s.store), "eventType": eventType}
	group, _, _ := strings.Cut(eventType, ".")
	switch { // Ecwid's entityId of an order is a number that only it knows, so it is left out
	case s.subject == "":
	case group == "order" || group == "invoice":
		data["orderId"] = s.subject
	case group == "unfinished_order":
		data["cartId"] = s.subject
	default:
		body["entityId"] = jsonNumber(s.subject)
	}
	if len(data) > 0 {
		body["data"] = data
	}
	text, err := json.Marshal(body)
	header := http.Header{
		"Content-Type":        {"application/json; charset=UTF-8"},
		ecwid.SignatureHeader: {ecwid.Sign(keys.Secret, strconv.FormatInt(now.Unix(), 10), s.id)},
	}
	return text, header, err
}

// jsonNumber gives a whole number as one, as Ecwid sends ids, and other text as it is.
func jsonNumber(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	return text
}

func pairs(list []string) (map[string]any, error) {
	data := map[string]any{}
	for _, pair := range list {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--data %s: want key=value", pair)
		}
		data[key] = value
	}
	return data, nil
}

// newID makes a random UUID, as Ecwid's event ids are.
func newID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
