package receipt_test

import (
	"testing"

	"shopbell/receipt"
)

// BenchmarkReceipt is an order of one item, as most are.
func BenchmarkReceipt(b *testing.B) {
	order := orderOf(b, "ecwid")
	for b.Loop() {
		written(b, read(b, order, receipt.Options{Currency: "EUR"}), receipt.Standard())
	}
}

// BenchmarkReceiptOfMany is an order of 500 items.
func BenchmarkReceiptOfMany(b *testing.B) {
	order := orderOf(b, "ecwid")
	item := order["items"].([]any)[0]
	var items []any
	for range 500 {
		items = append(items, item)
	}
	order["items"] = items
	for b.Loop() {
		written(b, read(b, order, receipt.Options{Currency: "EUR"}), receipt.Standard())
	}
}
