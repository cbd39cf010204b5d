package receipt

func italian() *words {
	return &words{
		receipt: "Ricevuta", order: "Ordine", number: "Numero della ricevuta", orderNumber: "Ordine", date: "Data", draft: "Bozza, senza numero",
		payment: "Pagamento", billedTo: "Acquirente", deliveredTo: "Consegnato a",
		item: "Articolo", quantity: "Quantità", price: "Prezzo", tax: "IVA", amount: "Importo",
		subtotal: "Subtotale", discount: "Sconto", coupon: "Coupon %s", shipping: "Spedizione", shippingDiscount: "Sconto sulla spedizione", pickup: "Ritiro", fee: "Supplemento", giftCard: "Pagato con carta regalo",
		rounding: "Arrotondamento", difference: "Altre rettifiche", total: "Totale", includes: "di cui %s", net: "Totale senza imposte",
		refund: "Rimborsato", refundOn: "Rimborsato il %s", left: "Totale dopo i rimborsi",
		taxID: "Partita IVA", registration: "Registro imprese", page: "Pagina %s di %s",
		states: [...]string{"", "pagato", "non ancora pagato", "annullato", "rimborsato", "rimborsato in parte"},
		notes: [...]string{
			"Gli importi del negozio danno %s e il suo totale è %s. La differenza è indicata come «Altre rettifiche».",
			"Gli articoli danno %s e il subtotale del negozio è %s.",
			"Le imposte per aliquota danno %s e il negozio indica %s di imposte.",
			"I rimborsi danno %s e il negozio indica %s.",
			"Inversione contabile: l’imposta è dovuta dall’acquirente.",
			"Importi nella valuta del negozio.",
			"[…] sostituisce lettere per cui questo documento non ha un carattere.",
		},
	}
}

func portuguese() *words {
	return &words{
		receipt: "Recibo", order: "Encomenda", number: "Número do recibo", orderNumber: "Encomenda", date: "Data", draft: "Rascunho, sem número",
		payment: "Pagamento", billedTo: "Comprador", deliveredTo: "Entregue a",
		item: "Artigo", quantity: "Quantidade", price: "Preço", tax: "Imposto", amount: "Valor",
		subtotal: "Subtotal", discount: "Desconto", coupon: "Cupão %s", shipping: "Envio", shippingDiscount: "Desconto no envio", pickup: "Levantamento", fee: "Taxa", giftCard: "Pago com cartão-presente",
		rounding: "Arredondamento", difference: "Outros ajustes", total: "Total", includes: "inclui %s", net: "Total sem imposto",
		refund: "Reembolsado", refundOn: "Reembolsado em %s", left: "Total após reembolsos",
		taxID: "NIF", registration: "Registo", page: "Página %s de %s",
		states: [...]string{"", "pago", "por pagar", "cancelado", "reembolsado", "reembolsado em parte"},
		notes: [...]string{
			"Os valores da loja somam %s e o seu total é %s. A diferença está em «Outros ajustes».",
			"Os artigos somam %s e o subtotal da loja é %s.",
			"Os impostos por taxa somam %s e a loja indica %s de impostos.",
			"Os reembolsos somam %s e a loja indica %s.",
			"Autoliquidação: o imposto é devido pelo comprador.",
			"Valores na moeda da loja.",
			"[…] representa letras para as quais este documento não tem tipo de letra.",
		},
	}
}

func polish() *words {
	return &words{
		receipt: "Potwierdzenie zapłaty", order: "Zamówienie", number: "Numer", orderNumber: "Zamówienie", date: "Data", draft: "Szkic, bez numeru",
		payment: "Płatność", billedTo: "Kupujący", deliveredTo: "Dostawa do",
		item: "Produkt", quantity: "Ilość", price: "Cena", tax: "VAT", amount: "Kwota",
		subtotal: "Suma częściowa", discount: "Rabat", coupon: "Kupon %s", shipping: "Dostawa", shippingDiscount: "Rabat na dostawę", pickup: "Odbiór osobisty", fee: "Opłata", giftCard: "Zapłacono kartą podarunkową",
		rounding: "Zaokrąglenie", difference: "Inne korekty", total: "Razem", includes: "w tym %s", net: "Razem bez podatku",
		refund: "Zwrot", refundOn: "Zwrot z dnia %s", left: "Razem po zwrotach",
		taxID: "NIP", registration: "Numer rejestrowy", page: "Strona %s z %s",
		states: [...]string{"", "opłacone", "jeszcze nieopłacone", "anulowane", "zwrócone", "częściowo zwrócone"},
		notes: [...]string{
			"Kwoty sklepu dają %s, a jego suma to %s. Różnica jest w pozycji „Inne korekty”.",
			"Produkty dają %s, a suma częściowa sklepu to %s.",
			"Podatki według stawek dają %s, a sklep podaje %s.",
			"Zwroty dają %s, a sklep podaje %s.",
			"Odwrotne obciążenie: podatek rozlicza nabywca.",
			"Kwoty w walucie sklepu.",
			"[…] oznacza litery, których nie ma w czcionce tego dokumentu.",
		},
	}
}

func bulgarian() *words {
	return &words{
		receipt: "Разписка", order: "Поръчка", number: "Номер на разписката", orderNumber: "Поръчка", date: "Дата", draft: "Чернова, без номер",
		payment: "Плащане", billedTo: "Купувач", deliveredTo: "Доставка до",
		item: "Артикул", quantity: "Количество", price: "Цена", tax: "ДДС", amount: "Сума",
		subtotal: "Междинна сума", discount: "Отстъпка", coupon: "Купон %s", shipping: "Доставка", shippingDiscount: "Отстъпка от доставката", pickup: "Вземане от място", fee: "Такса", giftCard: "Платено с карта за подарък",
		rounding: "Закръгляне", difference: "Други корекции", total: "Общо", includes: "в това число %s", net: "Общо без данък",
		refund: "Възстановено", refundOn: "Възстановено на %s", left: "Общо след възстановяване",
		taxID: "ДДС номер", registration: "ЕИК", page: "Страница %s от %s",
		states: [...]string{"", "платено", "още не е платено", "отказано", "възстановено", "частично възстановено"},
		notes: [...]string{
			"Сумите на магазина дават %s, а неговото общо е %s. Разликата е в „Други корекции“.",
			"Артикулите дават %s, а междинната сума на магазина е %s.",
			"Данъците по ставки дават %s, а магазинът посочва %s.",
			"Възстановените суми дават %s, а магазинът посочва %s.",
			"Обратно начисляване: данъкът е дължим от купувача.",
			"Сумите са във валутата на магазина.",
			"[…] стои на мястото на букви, за които този документ няма шрифт.",
		},
	}
}
