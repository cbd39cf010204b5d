package signed

import "testing"

// BenchmarkReceiveInvoice is one Stripe event, from the request to the event: verified, parsed, found.
func BenchmarkReceiveInvoice(b *testing.B) {
	s, err := open("hook", []byte(`{"preset":"stripe","secret":"s"}`))
	if err != nil {
		b.Fatal(err)
	}
	r := sender{preset: "stripe", secret: "s", now: noon()}.send(`{"id":"evt_1","object":"event","created":1769860800,"type":"invoice.paid","data":{"object":{"id":"in_1","object":"invoice","amount_paid":2000}}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Receive(r); err != nil {
			b.Fatal(err)
		}
	}
}
